using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using MailAccess.Auth;
using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;
using MailAccess.Submission.Policy;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission;

/// <summary>One SMTP or LMTP conversation: read a line, run one command, answer it, until QUIT.</summary>
/// <remarks>
/// <para>Invariants. One command at a time; replies leave in command order, and before any wait. A positive reply to a message
/// is the sink's own and is sent only after its commit. After STARTTLS nothing learned before is known (RFC 3207 §4.2). What a
/// client sent never stands in a reply.</para>
/// <para>The session waits in two places: <see cref="ReadLineAsync"/> and <see cref="MessageReceiver"/>.</para>
/// </remarks>
internal sealed class SubmissionSession(SessionServices services, IConnection connection, SubmissionListener listener) : IAsyncDisposable
{
    private LineReader _lines = new(connection.Input, LongestLine(services.Limits));
    private int _errors;
    private int _junk;
    private int _refusedRecipients;
    private int _authenticationFailures;

    public SubmissionOptions Options => services.Options;

    public SubmissionListener Listener => listener;

    public SubmissionRole Role => services.Options.Role;

    public SubmissionLimits Limits => services.Limits;

    public IMailSink Sink => services.Sink;

    /// <summary>Null where this role offers no AUTH.</summary>
    public IAuthenticator? Authenticator => services.Authenticator;

    public ClientPolicy Policy => services.Policy;

    /// <summary>Null where this role has no BURL.</summary>
    public IMessageUrls? Urls => services.Urls;

    public TimeProvider Clock => services.Clock;

    public MessageIdGenerator MessageIds => services.MessageIds;

    public ILogger Log => services.Log;

    public IConnection Connection => connection;

    public SessionClient Client { get; } = new(connection, listener.Proxies);

    /// <summary>At the begin, and after XCLIENT.</summary>
    public SmtpReply Greeting => new(220, null, $"{Options.HostName} {Role.Protocol} MailAccess");

    /// <summary>Null before the first greeting.</summary>
    public Hello? Hello { get; set; }

    /// <summary>Null before AUTH.</summary>
    public Account? AuthenticatedAccount { get; set; }

    /// <summary>The SASL mechanism of the latest AUTH.</summary>
    public string? SaslMechanism { get; set; }

    /// <summary>Whose mail this is: who has logged in, or else whom the client's address stands for; null: nobody's.</summary>
    public Account? Account => AuthenticatedAccount ?? Client.AccountOfAddress;

    /// <summary>Null outside a mail transaction.</summary>
    public MailTransaction? Transaction { get; set; }

    /// <summary>Null unless an AUTH command is under way: then the next line is its response.</summary>
    public ISaslExchange? Exchange { get; set; }

    /// <summary>Set by DATA for the message that follows.</summary>
    public IMailIntake? Intake { get; set; }

    /// <summary>Set by BDAT for the chunk that follows.</summary>
    public ChunkHeader Chunk { get; set; }

    /// <summary>Set by BURL for the piece that is fetched.</summary>
    public UrlChunk? Url { get; set; }

    public async Task<SessionEnd> RunAsync()
    {
        if (await Doorkeeper.RefuseAsync(this, _lines.HasBufferedInput) is { } refusal)
        {
            return await SayGoodbyeAsync(refusal, SessionEnd.ProtocolViolation);
        }
        Say(Greeting);
        while (true)
        {
            (LineOutcome outcome, SessionEnd? end) = await ReadLineAsync();
            end ??= await AnswerAsync(outcome);
            if (end is { } ended)
            {
                return ended;
            }
        }
    }

    /// <summary>What we tell the account source about this client.</summary>
    public AuthenticationContext AuthenticationContext() => new()
    {
        Remote = Client.Address,
        ConnectionId = connection.Id,
        Protocol = Role.Name,
        IsEncrypted = connection.Tls is not null,
        ServerEndPointBinding = connection.Tls?.ServerEndPointBinding ?? default,
        ClientCertificate = connection.Tls?.ClientCertificate ?? default,
    };

    /// <summary>What AUTH to announce now.</summary>
    public IReadOnlyList<string> Mechanisms() => Authenticator?.MechanismsFor(AuthenticationContext()) ?? [];

    public async ValueTask<MailOrigin> OriginAsync() => new()
    {
        RemoteName = Client.Forwarded is null && Client.Name is { } name ? await name.GetAsync() : null,
        Protocol = Role.Name,
        Remote = Client.Forwarded is { TellsAddress: true } forwarded ? forwarded.Address : Client.KnownAddress,
        HelloName = Client.Forwarded?.Hello ?? Hello?.Name,
        AccountName = Account?.Name,
        SaslMechanism = AuthenticatedAccount is null ? null : SaslMechanism,
        ConnectionId = connection.Id,
    };

    public void EndExchange()
    {
        Exchange?.Dispose();
        Exchange = null;
    }

    /// <summary>Whatever MAIL began is forgotten; chunks of a message that never came to its end leave no trace.</summary>
    public async ValueTask EndTransactionAsync()
    {
        Client.Forwarded = null;
        if (Transaction is { } transaction)
        {
            Transaction = null;
            await transaction.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        EndExchange();
        _lines.Dispose();
        return EndTransactionAsync();
    }

    private static int LongestLine(SubmissionLimits limits) =>
        "AUTH SCRAM-SHA-256-PLUS ".Length + limits.AuthenticationLineOctetsMax;

    /// <summary>The one place where we wait for a command. Everything said is flushed before.</summary>
    private async ValueTask<(LineOutcome Outcome, SessionEnd? End)> ReadLineAsync()
    {
        connection.SetDeadline(Limits.CommandTimeout);
        while (true)
        {
            if (!HasBufferedLine())
            {
                await FlushAsync();
            }
            if (connection.StopRequested)
            {
                // Asked here and not at Woken alone: the wake may have come in the middle of a message.
                return (LineOutcome.Woken, await SayGoodbyeAsync(SmtpReplies.ShuttingDown, SessionEnd.Shutdown));
            }
            LineOutcome outcome = await _lines.ReadAsync();
            switch (outcome)
            {
                case LineOutcome.Woken when connection.DeadlineExpired:
                    return (outcome, await SayGoodbyeAsync(SmtpReplies.TimedOut, SessionEnd.IdleTimeout));
                case LineOutcome.Woken:
                    continue;
                case LineOutcome.EndOfStream:
                    return (outcome, SessionEnd.ClientGone);
                default:
                    connection.SetDeadline(null); // Runs while we wait for the client, not while it waits for us.
                    return (outcome, null);
            }
        }
    }

    /// <summary>A whole further command is here: answers can wait for its answer and leave together. RFC 2920 §3.2.</summary>
    private bool HasBufferedLine()
    {
        if (!connection.Input.TryRead(out ReadResult pending))
        {
            return false;
        }
        bool whole = !pending.IsCanceled && pending.Buffer.PositionOf((byte)'\n') is not null;
        connection.Input.AdvanceTo(pending.Buffer.Start);
        if (pending.IsCanceled)
        {
            connection.Wake(); // Not ours to swallow: the read that follows looks at the reasons.
        }
        return whole;
    }

    private async ValueTask<SessionEnd?> AnswerAsync(LineOutcome outcome)
    {
        SubmissionCommand? command = null;
        bool inExchange = Exchange is not null;
        CommandResult result = outcome switch
        {
            LineOutcome.TooLong => inExchange ? AuthCommand.TooLong(this) : SmtpReplies.LineTooLong,
            // What is behind it may be an injection into a command of an honest client: nobody knows where commands begin now.
            LineOutcome.BareCrOrLf => new CommandResult(SmtpReplies.BareLineEnd, FollowUp.HangUp),
            _ when inExchange => await AuthCommand.RespondAsync(this, _lines.Line),
            _ => await DispatchAsync(out command),
        };
        _lines.Release();
        if (result.Reply is { } reply)
        {
            Say(reply);
            Count(command, inExchange, reply);
            if (reply.Code >= 400 && command?.Traits.HasFlag(CommandTraits.Message) == true && _lines.HasBufferedInput)
            {
                // RFC 2920 §3.1: DATA is the last of its group. What is here already is a message that nobody waits for, not commands.
                return await EndAsync(SessionEnd.ProtocolViolation);
            }
        }
        return result.FollowUp switch
        {
            FollowUp.Quit => await EndAsync(SessionEnd.ClientQuit),
            FollowUp.HangUp => await EndAsync(SessionEnd.ProtocolViolation),
            FollowUp.Handshake => await UpgradeAsync(),
            FollowUp.Message => await ReceiveAsync(),
            FollowUp.Chunk => await ReceiveChunkAsync(),
            FollowUp.Url => await FetchUrlAsync(),
            _ => null,
        } ?? await EndIfTooManyErrorsAsync();
    }

    /// <summary>Looks the verb up, and lets the row decide what the handler need not.</summary>
    private ValueTask<CommandResult> DispatchAsync(out SubmissionCommand? command)
    {
        ReadOnlySpan<byte> line = _lines.Line;
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> verb = space < 0 ? line : line[..space];
        ReadOnlySpan<byte> arguments = space < 0 ? [] : line[(space + 1)..];
        command = SubmissionCommands.Find(verb);
        if (command is null)
        {
            bool foreign = ForeignProtocol.Speaks(verb) || (Hello is null && ForeignProtocol.IsBinary(line));
            return foreign
                ? new CommandResult(SmtpReplies.NotYourProtocol, FollowUp.HangUp)
                : new CommandResult(SmtpReplies.UnknownCommand);
        }
        if (line.Length + 2 > OctetsMax(command.Traits))
        {
            return new CommandResult(SmtpReplies.LineTooLong, command.Traits.HasFlag(CommandTraits.Chunk) ? FollowUp.HangUp : FollowUp.NextCommand);
        }
        if (command.Traits.HasFlag(CommandTraits.NoArgument) && !arguments.Trim((byte)' ').IsEmpty)
        {
            return new CommandResult(SmtpReplies.UnexpectedArgument);
        }
        if (command.Traits.HasFlag(CommandTraits.NeedsHello) && Hello is null)
        {
            return new CommandResult(SmtpReplies.NeedHello);
        }
        return command.ExecuteAsync(this, arguments);
    }

    private int OctetsMax(CommandTraits traits) =>
        (traits & (CommandTraits.Authentication | CommandTraits.Url)) != 0 ? LongestLine(Limits) + 2
        : traits.HasFlag(CommandTraits.Extended) ? Limits.ExtendedCommandOctetsMax
        : Limits.CommandOctetsMax;

    private void Count(SubmissionCommand? command, bool inExchange, SmtpReply reply)
    {
        CommandTraits traits = command?.Traits ?? (inExchange ? CommandTraits.Authentication : CommandTraits.None);
        if (traits.HasFlag(CommandTraits.Recipient) && reply != SmtpReplies.NeedMail)
        {
            _refusedRecipients += reply.IsPermanent ? 1 : 0;
        }
        else
        {
            _errors += reply.IsPermanent ? 1 : 0;
        }
        if (traits.HasFlag(CommandTraits.Authentication) && reply.Code >= 400)
        {
            _authenticationFailures++;
        }
        if (traits.HasFlag(CommandTraits.Junk) && ++_junk > Limits.JunkCommandsMax)
        {
            _errors++;
        }
    }

    private async ValueTask<SessionEnd?> EndIfTooManyErrorsAsync() =>
        _errors >= Limits.ErrorsMax || _refusedRecipients >= Limits.RefusedRecipientsMax
        || _authenticationFailures >= Limits.AuthenticationFailuresMax
            ? await SayGoodbyeAsync(SmtpReplies.TooManyErrors, SessionEnd.TooManyErrors)
            : null;

    private async ValueTask<SessionEnd?> UpgradeAsync()
    {
        if (_lines.HasBufferedInput)
        {
            return SessionEnd.ProtocolViolation; // Commands behind STARTTLS: an injection. Not a word, RFC 3207 §6.
        }
        await FlushAsync();
        if (!await connection.UpgradeToTlsAsync())
        {
            return SessionEnd.TlsFailed;
        }
        // RFC 3207 §4.2: forget everything, down to the greeting.
        _lines.Dispose();
        _lines = new LineReader(connection.Input, LongestLine(Limits));
        Hello = null;
        AuthenticatedAccount = null;
        Client.ForgetOverride();
        Client.Name = ClientName.Of(this);
        await EndTransactionAsync();
        return null;
    }

    private async ValueTask<SessionEnd?> ReceiveAsync()
    {
        await using MessageReceiver receiver = new(this, Transaction!, Intake!);
        Intake = null;
        await FlushAsync();
        Transaction = null;
        Client.Forwarded = null;
        ReceiveOutcome received = await receiver.ReceiveAsync();
        _junk = 0;
        return await ReportAsync(received);
    }

    private async ValueTask<SessionEnd?> ReceiveChunkAsync()
    {
        await FlushAsync();
        ReceiveOutcome received = await ChunkReceiver.ReceiveAsync(this, Chunk);
        CountChunk(Chunk.IsLast, Chunk.Octets);
        return await ReportAsync(received);
    }

    private async ValueTask<SessionEnd?> FetchUrlAsync()
    {
        await FlushAsync();
        UrlChunk url = Url!;
        Url = null;
        long before = Transaction?.Chunks?.Octets ?? 0;
        ReceiveOutcome received = await ChunkReceiver.FetchAsync(this, url);
        CountChunk(url.IsLast, (Transaction?.Chunks?.Octets ?? 0) - before);
        return await ReportAsync(received);
    }

    /// <summary>Empty chunks that never end a message cost us and bring nothing.</summary>
    private void CountChunk(bool isLast, long octets)
    {
        _junk = isLast ? 0 : octets > 0 ? _junk : _junk + 1;
        _errors += _junk > Limits.JunkCommandsMax ? 1 : 0;
    }

    private async ValueTask<SessionEnd?> ReportAsync(ReceiveOutcome received)
    {
        foreach (SmtpReply reply in received.Replies)
        {
            Say(reply);
        }
        _errors += received.Replies.Any(r => r.IsPermanent) ? 1 : 0;
        return received.End is { } end ? await EndAsync(end) : null;
    }

    private void Say(SmtpReply reply) => SmtpReplyFormat.Write(connection.Output, reply);

    private async ValueTask<SessionEnd> SayGoodbyeAsync(SmtpReply reply, SessionEnd end)
    {
        Say(reply);
        return (await EndAsync(end))!.Value;
    }

    private async ValueTask<SessionEnd?> EndAsync(SessionEnd end)
    {
        await FlushAsync();
        return end;
    }

    private async ValueTask FlushAsync() => await connection.Output.FlushAsync();
}
