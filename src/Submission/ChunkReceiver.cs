using System.Buffers;
using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>A message that comes in chunks, each behind its BDAT (RFC 3030 §2) or fetched by the URL in its BURL (RFC 4468 §3.2).</summary>
/// <remarks>
/// <para>Only what can be sent by DATA again is taken: lines end by CRLF, as RFC 3030 §2 demands of text; a CR or LF alone is refused
/// or mended as it is in DATA, and a last line without end gets one. So nothing that is stored can end a message early elsewhere.</para>
/// <para>BODY=BINARYMIME: what its parts call binary becomes base64 on its way in, so that mailboxes and every next hop can keep all
/// its bits (RFC 3030 §3); the other parts are text with the rule above.</para>
/// <para>After a refusal every further chunk is read, dropped and refused, until the last one, RSET or a greeting.</para>
/// </remarks>
internal sealed class ChunkReceiver : IAsyncDisposable
{
    /// <summary>Of a URL's content, held at once.</summary>
    private const int FetchedOctetsMax = 64 * 1024;

    private readonly LineEndCheck _lineEnds = new();
    private readonly LineEndNormalizer? _normalizer;
    private readonly BinaryPartEncoder? _encoder;
    private readonly ArrayBufferWriter<byte> _encoded = new();
    private MessageReceiver? _message;

    private ChunkReceiver(MessageReceiver? message, bool isBinary, BareLineEndPolicy bareLineEnds)
    {
        _message = message;
        _encoder = isBinary ? new BinaryPartEncoder() : null;
        _normalizer = !isBinary && bareLineEnds == BareLineEndPolicy.Normalize ? new LineEndNormalizer() : null;
    }

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

    /// <summary>One chunk that a URL names, from the store to its reply. What fails fails the transaction: RFC 4468 §3.2.</summary>
    public static async ValueTask<ReceiveOutcome> FetchAsync(SubmissionSession session, UrlChunk url)
    {
        SmtpReply? refusal = session.Transaction!.Chunks is null ? await BeginAsync(session, session.Transaction) : null;
        ChunkReceiver receiver = session.Transaction.Chunks!;
        if (receiver._message is { Refusal: null } message && await receiver.FetchAsync(session, message, url) is { } problem)
        {
            message.Refuse(problem);
        }
        return new ReceiveOutcome(await receiver.AnswerAsync(session, url.IsLast, refusal), null);
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
        MessageReceiver? message = start.Intake is { } intake ? new MessageReceiver(session, transaction, intake) : null;
        transaction.Chunks = new ChunkReceiver(message, transaction.Mail.Body == BodyType.BinaryMime, session.Listener.BareLineEnds);
        return start.Refusal;
    }

    // Null: all of it has been taken. The client waits and sends nothing that could be too slow or too much.
    private async ValueTask<SmtpReply?> FetchAsync(SubmissionSession session, MessageReceiver message, UrlChunk url)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(FetchedOctetsMax);
        try
        {
            MessageUrlResult opened = await session.Urls!.OpenAsync(url.Url, url.Account, CancellationToken.None);
            if (opened.Content is not { } content)
            {
                return BurlCommand.ToReply(opened.Problem);
            }
            await using (content)
            {
                if (content.Octets > session.Sink.MessageOctetsMax - message.Octets)
                {
                    return SmtpReplies.MessageTooBig;
                }
                for (long at = 0; at < content.Octets && message.Refusal is null;)
                {
                    int read = await content.ReadAsync(at, chunk.AsMemory(0, FetchedOctetsMax), CancellationToken.None);
                    if (read == 0)
                    {
                        return SmtpReplies.UrlNotResolved; // It went away while it was read.
                    }
                    await TakeAsync(chunk.AsMemory(0, read));
                    at += read;
                }
            }
            return null;
        }
        catch (IOException failure)
        {
            session.Log.UrlFailed(session.Connection.Id, failure);
            return SmtpReplies.UrlUnavailable;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> octets)
    {
        Octets += octets.Length;
        if (_encoder is { } encoder)
        {
            encoder.Feed(octets.Span, _encoded);
            await PassEncodedAsync();
        }
        else
        {
            await PassAsync(_normalizer?.Feed(octets) ?? octets);
        }
    }

    private async ValueTask PassEncodedAsync()
    {
        await PassAsync(_encoded.WrittenMemory);
        _encoded.ResetWrittenCount();
        if (_encoder!.HasGivenUp)
        {
            _message?.Refuse(SmtpReplies.BinaryUnknown);
        }
    }

    private async ValueTask PassAsync(ReadOnlyMemory<byte> octets)
    {
        if (_message is not { } message)
        {
            return;
        }
        _lineEnds.Feed(octets.Span);
        if (_lineEnds.HasBareCrOrLf)
        {
            message.Refuse(SmtpReplies.BareLineEndInMessage);
        }
        await message.TakeAsync(octets);
    }

    // No more chunks come.
    private async ValueTask EndAsync(MessageReceiver message)
    {
        if (_encoder is { } encoder)
        {
            encoder.Finish(_encoded);
            await PassEncodedAsync();
        }
        if (_lineEnds.HasBareEnd)
        {
            message.Refuse(SmtpReplies.BareLineEndInMessage);
        }
        else if (_lineEnds.IsInsideLine)
        {
            await message.TakeAsync(LineEndCheck.Crlf);
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
        if (isLast)
        {
            await EndAsync(message);
            IReadOnlyList<SmtpReply> replies = await message.FinishAsync();
            await session.EndTransactionAsync();
            return replies;
        }
        if (message.Refusal is not { } reason)
        {
            return [SmtpReplies.ChunkOk];
        }
        await message.FinishAsync(); // Commits nothing, and tells the log.
        await DisposeAsync();
        return [reason];
    }
}
