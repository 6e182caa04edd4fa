using MailAccess.Store;

namespace MailAccess.Queue.Tests;

/// <summary>Octets as content; gives out at most so many at once.</summary>
internal sealed class MemoryContent(byte[] octets, int chunkMax = int.MaxValue) : IMessageContent
{
    public long Octets => octets.Length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        int length = (int)Math.Min(Math.Min(destination.Length, chunkMax), octets.Length - offset);
        octets.AsMemory((int)offset, length).CopyTo(destination);
        return new(length);
    }

    public ValueTask DisposeAsync() => default;
}
