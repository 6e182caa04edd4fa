using MailAccess.Smtp;
using MailAccess.Wire;

namespace MailAccess.Submission;

/// <summary>What came of a message: one reply, or for LMTP one for each RCPT; and the session's end where it cannot go on.</summary>
internal readonly record struct ReceiveOutcome(IReadOnlyList<SmtpReply> Replies, SessionEnd? End);

/// <summary>
/// A message on its way from the wire into the intake, in pieces and in constant memory but for its header.
/// </summary>
/// <remarks>
/// Whatever is wrong with a message, it is read to its true end (CRLF . CRLF, or its chunk's last octet), so that the next
/// command is found where the client put it and nothing inside is taken for one. What was refused is not committed and leaves no trace.
/// </remarks>
internal sealed class MessageReceiver(SubmissionSession session, MailTransaction transaction, IMailIntake intake) : IAsyncDisposable
{
    private readonly HeaderBuffer _header = new(session.Limits);
    private readonly IConnection _connection = session.Connection;
    private readonly HiddenDotCheck _hiddenDots = new();
    private long _lineOctets;

    /// <summary>Octets that came so far.</summary>
    public long Octets { get; private set; }

    /// <summary>What is wrong with the message; null while nothing is.</summary>
    public SmtpReply? Refusal { get; private set; }

    /// <summary>The message behind a 354.</summary>
    public async ValueTask<ReceiveOutcome> ReceiveAsync()
    {
        var content = new DotStuffedReader(_connection.Input);
        ContentPump pump = new(session, session.Sink.MessageOctetsMax + session.Limits.DrainOctetsMax);
        LineEndNormalizer? normalizer = session.Listener.BareLineEnds == BareLineEndPolicy.Normalize ? new() : null;
        if (await pump.RunAsync(content, normalizer is null ? TakeAsync : octets => TakeAsync(normalizer.Feed(octets))) is { } early)
        {
            return early;
        }
        if (content.HasBareCrOrLf && normalizer is null)
        {
            // RFC 5321 §2.3.8. As it is it goes nowhere: a relay behind us might find another end of the message in it.
            Refuse(SmtpReplies.BareLineEndInMessage);
        }
        return new ReceiveOutcome(await FinishAsync(), null);
    }

    /// <summary>The next octets of the message; they are valid until the returned task ends.</summary>
    public async ValueTask TakeAsync(ReadOnlyMemory<byte> chunk)
    {
        Octets += chunk.Length;
        if (Octets > session.Sink.MessageOctetsMax)
        {
            Refusal ??= SmtpReplies.MessageTooBig; // Counted, whatever SIZE said: RFC 1870 §6.3.
        }
        MeasureLines(chunk.Span);
        _hiddenDots.Feed(chunk.Span);
        if (_hiddenDots.Found)
        {
            Refuse(SmtpReplies.HiddenDot);
        }
        if (Refusal is not null)
        {
            return;
        }
        if (!_header.IsComplete)
        {
            int taken = _header.Feed(chunk.Span);
            chunk = chunk[taken..];
            if (_header.IsTooBig)
            {
                Refusal = SmtpReplies.HeaderTooBig;
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

    /// <summary>Something is wrong with the message that is not seen here; the first reason counts.</summary>
    public void Refuse(SmtpReply reply) => Refusal ??= reply;

    /// <summary>The message has ended; commits it where nothing is wrong, and says what the client is told.</summary>
    public async ValueTask<IReadOnlyList<SmtpReply>> FinishAsync()
    {
        if (Refusal is null && !_header.IsComplete)
        {
            _header.Finish();
            await WriteHeaderAsync();
        }
        CommitOutcome? outcome = Refusal is null ? await CommitAsync() : null;
        SmtpReply overall = outcome?.Overall ?? Refusal!;
        session.Log.MessageEnded(
            _connection.Id, intake.Id, transaction.Mail.ReversePath.ToString(), transaction.Recipients.Count, Octets, overall.ToString());
        if (!session.Role.IsLmtp)
        {
            return [overall];
        }
        // RFC 2033 §4.2: a reply for each RCPT that was taken, in their order.
        return [.. transaction.Accepted.Select(index => outcome is null ? overall : outcome.PerRecipient[index])];
    }

    public ValueTask DisposeAsync() => intake.DisposeAsync();

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
            Refusal ??= SmtpReplies.TextLineTooLong;
        }
    }

    private async ValueTask WriteHeaderAsync()
    {
        HeaderOutcome rewritten = HeaderRewriter.Rewrite(_header, new HeaderContext
        {
            Options = session.Options,
            Limits = session.Limits,
            Account = session.Account,
            IsAuthenticated = session.AuthenticatedAccount is not null,
            Transaction = transaction,
            Hello = session.Hello!,
            Remote = session.Client.KnownAddress,
            RemoteHostName = session.Client.Name is { } name ? await name.GetAsync() : null,
            Tls = _connection.Tls,
            IntakeId = intake.Id,
            MessageIds = session.MessageIds,
            Now = session.Clock.GetLocalNow(),
        });
        Refusal = rewritten.Refusal;
        await WriteAsync(rewritten.Octets);
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> octets)
    {
        if (octets.IsEmpty || Refusal is not null)
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
            Refusal = SmtpReplies.TryAgainLater;
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
            Refusal = SmtpReplies.TryAgainLater;
            return null;
        }
    }
}
