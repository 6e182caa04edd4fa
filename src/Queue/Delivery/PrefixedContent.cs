using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>Content with fields put before it. Owns it.</summary>
internal sealed class PrefixedContent(byte[] prefix, IMessageContent content) : IMessageContent
{
    public long Octets => prefix.Length + content.Octets;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (offset >= prefix.Length)
        {
            return content.ReadAsync(offset - prefix.Length, destination, cancellationToken);
        }
        int length = (int)Math.Min(destination.Length, prefix.Length - offset);
        prefix.AsMemory((int)offset, length).CopyTo(destination);
        return new(length);
    }

    public ValueTask DisposeAsync() => content.DisposeAsync();
}
