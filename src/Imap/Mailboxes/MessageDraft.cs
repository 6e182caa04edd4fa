using System.Buffers;
using MailAccess.Imap.Grammar;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>A message that a command is about to append; staged when the first of it comes. What is not appended leaves no trace.</summary>
internal sealed class MessageDraft(IMailStore store, FlagList flags, DateTimeOffset? internalDate) : IAsyncDisposable
{
    private IStagedMessage? _staged;
    private MessageIntake? _intake;

    /// <summary>As the store has it.</summary>
    public long Octets => _staged?.Octets ?? 0;

    /// <summary>Octets above 127 stand in the message's own header.</summary>
    public bool HasEightBitHeader => _intake is { HasEightBitHeader: true };

    /// <inheritdoc cref="MessageIntake.IsUnknown"/>
    public bool IsUnknown => _intake is { IsUnknown: true };

    /// <summary>Before octets come; again is no harm.</summary>
    /// <param name="octetsExpected">A hint for the store.</param>
    /// <param name="isBinary">Binary parts are meant so: the message is one literal8.</param>
    public async ValueTask<StoreError> PrepareAsync(long octetsExpected, bool isBinary)
    {
        if (_staged is not null)
        {
            return StoreError.None;
        }
        StoreResult<IStagedMessage> staged = await store.StageAsync(octetsExpected, CancellationToken.None);
        if (staged.TryGet(out _staged))
        {
            _intake = new MessageIntake(_staged, isBinary ? new BinaryPartEncoder() : null);
        }
        return staged.Error;
    }

    /// <summary>The next octets; a failure of the store shows at the end.</summary>
    public ValueTask WriteAsync(ReadOnlySequence<byte> octets) => _intake!.WriteAsync(octets);

    /// <summary>No more octets come.</summary>
    public async ValueTask<StoreError> CompleteAsync() => _intake is null ? StoreError.None : (await _intake.CompleteAsync()).Error;

    /// <summary>Completed; stays this one's.</summary>
    public MessageToAppend ToMessage() => new()
    {
        Message = _staged!,
        Flags = flags.Flags,
        Keywords = flags.Keywords,
        InternalDate = internalDate,
    };

    public ValueTask DisposeAsync() => _staged?.DisposeAsync() ?? default;
}
