namespace MailAccess.Store;

/// <summary>A message's octets that lie in memory: reads complete at once.</summary>
internal sealed class MemoryContent(ReadOnlyMemory<byte> octets) : IMessageContent
{
    public long Octets => octets.Length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (offset >= octets.Length)
        {
            return new(0);
        }
        int count = (int)Math.Min(destination.Length, octets.Length - offset);
        octets.Slice((int)offset, count).CopyTo(destination);
        return new(count);
    }

    public ValueTask DisposeAsync() => default;
}
