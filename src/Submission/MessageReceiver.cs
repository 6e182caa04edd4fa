using MailAccess.Smtp;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>What came of a message: one reply, or for LMTP one for each RCPT; and the session's end where it cannot go on.</summary>
internal readonly record struct ReceiveOutcome(IReadOnlyList<SmtpReply> Replies, SessionEnd? End);

/// <summary>
/// The message behind a 354: from the wire into the intake in pieces, in constant memory but for its header.
/// </summary>
/// <remarks>
/// Whatever is wrong with a message, it is read to its true end CRLF . CRLF, so that the next command is found where the client put
/// it and nothing inside is taken for one. What was refused is not committed and leaves no trace.
/// </remarks>
internal sealed class MessageReceiver(SubmissionSession session, MailTransaction transaction, IMailIntake intake)
{
    private readonly HeaderBuffer _header = new(session.Limits);
    private readonly IConnection _connection = session.Connection;
    private SmtpReply? _refusal;
    private long _lineOctets;

    public async ValueTask<ReceiveOutcome> ReceiveAsync()
    {
        var content = new DotStuffedReader(_connection.Input);
        long windowStart = 0;
        _connection.SetDeadline(session.Limits.DataWindow);
        while (true)
        {
            switch (await content.ReadAsync())
            {
                case ChunkOutcome.Chunk:
                    await TakeAsync(content.Chunk, content.Octets);
                    if (content.Octets - session.Sink.MessageOctetsMax > session.Limits.DrainOctetsMax)
                    {
                        return new ReceiveOutcome([SmtpReplies.MessageTooBig], SessionEnd.ProtocolViolation);
                    }
                    break;
                case ChunkOutcome.Woken when _connection.DeadlineExpired:
                    if (content.Octets - windowStart < session.Limits.DataWindowOctetsMin)
                    {
                        return new ReceiveOutcome([SmtpReplies.TimedOut], SessionEnd.IdleTimeout);
                    }
                    windowStart = content.Octets;
                    _connection.SetDeadline(session.Limits.DataWindow);
                    break;
                case ChunkOutcome.Woken:
                    break; // Shutdown: a message under way may come to its end.
                case ChunkOutcome.EndOfStream:
                    return new ReceiveOutcome([], SessionEnd.ClientGone);
                default:
                    _connection.SetDeadline(null);
                    return new ReceiveOutcome(await FinishAsync(content), null);
            }
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> chunk, long octets)
    {
        if (octets > session.Sink.MessageOctetsMax)
        {
            _refusal ??= SmtpReplies.MessageTooBig; // Counted, whatever SIZE said: RFC 1870 §6.3.
        }
        MeasureLines(chunk.Span);
        if (_refusal is not null)
        {
            return;
        }
        if (!_header.IsComplete)
        {
            int taken = _header.Feed(chunk.Span);
            chunk = chunk[taken..];
            if (_header.IsTooBig)
            {
                _refusal = SmtpReplies.HeaderTooBig;
                return;
            }
            if (!_header.IsComplete)
            {
                return;
            }
            await WriteHeaderAsync();
        }
        await WriteAsync(chunk);
    }

    private void MeasureLines(ReadOnlySpan<byte> octets)
    {
        int lineFeed;
        while ((lineFeed = octets.IndexOf((byte)'\n')) >= 0)
        {
            CheckLine(_lineOctets + lineFeed + 1);
            _lineOctets = 0;
            octets = octets[(lineFeed + 1)..];
        }
        _lineOctets += octets.Length;
        CheckLine(_lineOctets);
    }

    private void CheckLine(long octets)
    {
        if (octets > session.Limits.TextLineOctetsMax)
        {
            _refusal ??= SmtpReplies.TextLineTooLong;
        }
    }

    private async ValueTask<IReadOnlyList<SmtpReply>> FinishAsync(DotStuffedReader content)
    {
        if (content.HasBareCrOrLf)
        {
            // RFC 5321 §2.3.8. Not mended: a relay behind us might find another end of the message in it.
            _refusal ??= SmtpReplies.BareLineEndInMessage;
        }
        if (_refusal is null && !_header.IsComplete)
        {
            _header.Finish();
            await WriteHeaderAsync();
        }
        CommitOutcome? outcome = _refusal is null ? await CommitAsync() : null;
        SmtpReply overall = outcome?.Overall ?? _refusal!;
        session.Log.MessageEnded(
            _connection.Id, intake.Id, transaction.Mail.ReversePath.ToString(), transaction.Recipients.Count, content.Octets, overall.ToString());
        if (!session.Role.IsLmtp)
        {
            return [overall];
        }
        // RFC 2033 §4.2: a reply for each RCPT that was taken, in their order.
        return [.. transaction.Accepted.Select(index => outcome is null ? overall : outcome.PerRecipient[index])];
    }

    private async ValueTask WriteHeaderAsync()
    {
        HeaderOutcome rewritten = HeaderRewriter.Rewrite(_header, new HeaderContext
        {
            Options = session.Options,
            Limits = session.Limits,
            Account = session.Account,
            Transaction = transaction,
            Hello = session.Hello!,
            Remote = _connection.Remote.Address,
            Tls = _connection.Tls,
            IntakeId = intake.Id,
            MessageIds = session.MessageIds,
            Now = session.Clock.GetLocalNow(),
        });
        _refusal = rewritten.Refusal;
        await WriteAsync(rewritten.Octets);
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> octets)
    {
        if (octets.IsEmpty || _refusal is not null)
        {
            return;
        }
        try
        {
            await intake.WriteAsync(octets, CancellationToken.None);
        }
        catch (IOException failure)
        {
            session.Log.SinkFailed(_connection.Id, failure);
            _refusal = SmtpReplies.TryAgainLater;
        }
    }

    private async ValueTask<CommitOutcome?> CommitAsync()
    {
        try
        {
            // No token: past this point we finish, then answer.
            return await intake.CommitAsync(session.Role.Commit, CancellationToken.None);
        }
        catch (IOException failure)
        {
            session.Log.SinkFailed(_connection.Id, failure);
            _refusal = SmtpReplies.TryAgainLater;
            return null;
        }
    }
}
