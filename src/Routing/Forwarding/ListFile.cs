using System.Text;

namespace MailAccess.Routing;

/// <summary>A file that an alias includes.</summary>
internal static class ListFile
{
    /// <summary>Its text; throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>, also where it is too long.</summary>
    public static async Task<string> ReadAsync(string path, int octetsMax, CancellationToken cancellationToken)
    {
        FileInfo file = new(path);
        if (file.Exists && file.Length > octetsMax)
        {
            throw new IOException($"{path} has more than {octetsMax} octets");
        }
        return await File.ReadAllTextAsync(path, Encoding.UTF8, cancellationToken);
    }
}
