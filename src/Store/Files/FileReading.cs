namespace MailAccess.Store.Files;

/// <summary>What can be said in terms of <see cref="IFile"/>.</summary>
internal static class FileReading
{
    /// <summary>Fills the target from the offset on; false where the file ends before.</summary>
    public static bool TryFill(this IFile file, long at, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int count = file.Read(at, target);
            if (count == 0)
            {
                return false;
            }
            at += count;
            target = target[count..];
        }
        return true;
    }
}
