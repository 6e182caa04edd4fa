using System.Buffers;

namespace MailAccess.Store.Memory;

/// <summary>A message arriving in memory.</summary>
internal sealed class MemoryStagedMessage : IStagedMessage
{
    private readonly ArrayBufferWriter<byte> _arrived = new();
    private MemoryMessage? _completed;

    public long Octets => _arrived.WrittenCount;

    internal MemoryMessage Completed => _completed ?? throw new InvalidOperationException("The message is not complete.");

    public ValueTask<StoreResult<Done>> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        _arrived.Write(octets.Span);
        return new(default(Done));
    }

    public ValueTask<StoreResult<Done>> CompleteAsync(CancellationToken cancellationToken)
    {
        _completed = new MemoryMessage(_arrived.WrittenMemory.ToArray());
        return new(default(Done));
    }

    public ValueTask<StoreResult<IMessageContent>> OpenAsync(CancellationToken cancellationToken) =>
        StoreResults.From<IMessageContent>(new MemoryContent(Completed.Octets));

    public ValueTask DisposeAsync() => default;
}
