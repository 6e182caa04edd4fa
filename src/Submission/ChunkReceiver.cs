using MailAccess.Smtp;
using MailAccess.Submission.Commands;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>A message that comes in chunks, each behind its BDAT. RFC 3030 §2.</summary>
/// <remarks>
/// <para>Only what can be sent by DATA again is taken: lines end by CRLF, as RFC 3030 §2 demands of text; a CR or LF alone is refused
/// as it is in DATA, and a last line without end gets one. So nothing that is stored can end a message early elsewhere.</para>
/// <para>After a refusal every further chunk is read, dropped and refused, until the last one, RSET or a greeting.</para>
/// </remarks>
internal sealed class ChunkReceiver : IAsyncDisposable
{
    private readonly LineEndCheck _lineEnds = new();
    private MessageReceiver? _message;

    private ChunkReceiver(MessageReceiver? message) => _message = message;

    /// <summary>Octets of all chunks so far.</summary>
    public long Octets { get; private set; }

    /// <summary>One chunk, from the wire to its reply; after it the transaction has ended where the chunk was the last.</summary>
    public static async ValueTask<ReceiveOutcome> ReceiveAsync(SubmissionSession session, ChunkHeader chunk)
    {
        SmtpReply? refusal = null;
        if (session.Transaction?.Chunks is null)
        {
            refusal = MessageStart.Check(session) ?? await BeginAsync(session, session.Transaction!);
        }
        ChunkReceiver? receiver = session.Transaction?.Chunks;
        ContentPump pump = new(session, chunk.Octets);
        ReceiveOutcome? ended = await pump.RunAsync(
            new CountedReader(session.Connection.Input, chunk.Octets),
            receiver is null ? static _ => default : receiver.TakeAsync);
        if (ended is { } early)
        {
            return early;
        }
        if (receiver is null)
        {
            // RFC 2033 §4.3: of a transaction without recipients, the last chunk has no replies.
            bool isOwedNone = session.Role.IsLmtp && chunk.IsLast && session.Transaction is not null;
            return new ReceiveOutcome(isOwedNone ? [] : [refusal!], null);
        }
        return new ReceiveOutcome(await receiver.AnswerAsync(session, chunk.IsLast, refusal), null);
    }

    public async ValueTask DisposeAsync()
    {
        if (_message is { } message)
        {
            _message = null;
            await message.DisposeAsync();
        }
    }

    // A refusal of the sink is the reply to this chunk, and those that follow find the transaction failed.
    private static async ValueTask<SmtpReply?> BeginAsync(SubmissionSession session, MailTransaction transaction)
    {
        IntakeStart start = await MessageStart.BeginAsync(session, transaction);
        transaction.Chunks = new ChunkReceiver(start.Intake is { } intake ? new MessageReceiver(session, transaction, intake) : null);
        return start.Refusal;
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> octets)
    {
        Octets += octets.Length;
        if (_message is { } message)
        {
            _lineEnds.Feed(octets.Span);
            await message.TakeAsync(octets);
        }
    }

    private async ValueTask<IReadOnlyList<SmtpReply>> AnswerAsync(SubmissionSession session, bool isLast, SmtpReply? refusal)
    {
        MailTransaction transaction = session.Transaction!;
        if (_message is not { } message)
        {
            refusal ??= SmtpReplies.TransactionFailed;
            if (isLast)
            {
                await session.EndTransactionAsync();
            }
            // RFC 2033 §4.3: the last chunk has a reply for each recipient also where it fails.
            return isLast && session.Role.IsLmtp ? [.. transaction.Accepted.Select(_ => refusal)] : [refusal];
        }
        if (!isLast && message.Refusal is null && !_lineEnds.HasBareCrOrLf)
        {
            return [SmtpReplies.ChunkOk];
        }
        if (isLast && !_lineEnds.HasBareEnd && _lineEnds.IsInsideLine)
        {
            await message.TakeAsync(LineEndCheck.Crlf);
        }
        IReadOnlyList<SmtpReply> replies = await message.FinishAsync(isLast ? _lineEnds.HasBareEnd : _lineEnds.HasBareCrOrLf);
        if (isLast)
        {
            await session.EndTransactionAsync();
            return replies;
        }
        await DisposeAsync();
        return [replies[0]];
    }
}
