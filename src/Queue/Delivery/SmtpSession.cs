using System.Globalization;
using System.Net.Security;
using System.Text;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>What became of one recipient of a transaction. Pending: to be tried again.</summary>
internal sealed record RecipientOutcome(int Index, RecipientStatus Status, SmtpReply Reply);

/// <summary>One transaction's worth of a message.</summary>
internal sealed record Transaction(SpoolMessage Message, IReadOnlyList<int> Recipients, Func<CancellationToken, Task<IMessageContent>> OpenContentAsync)
{
    /// <summary>Told of what is settled while others still wait for their replies; it comes again with the whole result. Does not throw.</summary>
    public Func<TransactionResult, Task> Heard { get; init; } = static _ => Task.CompletedTask;
}

/// <summary>
/// A connection on which mail can be sent: greeting, EHLO, TLS and AUTH are done; then one transaction after the other.
/// </summary>
/// <remarks>
/// Invariants. Every reply is classified: 2yz is success, 5yz is for good, everything else is temporary, also a positive reply
/// where none was due. A recipient counts as delivered only by a 2yz to the final dot. After a failure of the conversation the
/// session is not used again.
/// </remarks>
internal sealed class SmtpSession : IAsyncDisposable
{
    /// <summary>STARTTLS is neither announced nor taken.</summary>
    public static readonly SmtpReply TlsUnavailable = new(454, new(4, 7, 0), "the server offers no TLS, which is required");
    private static readonly SmtpReply AuthUnavailable = new(454, new(4, 7, 0), "the server offers neither AUTH PLAIN nor AUTH LOGIN that may be used");

    private readonly SmtpConversation _conversation;
    private readonly QueueOptions _options;
    private readonly TimeProvider _clock;
    private readonly PeerVerifier _verifier;
    private PeerExtensions _peer = PeerExtensions.None;
    private int _transactions;
    private bool _isSecure;
    private bool _isLmtp;
    private MessageRewriting? _rewriting;

    private SmtpSession(SmtpConversation conversation, PeerVerifier verifier, QueueOptions options, TimeProvider clock, string relay, string host)
    {
        _conversation = conversation;
        _verifier = verifier;
        _options = options;
        _clock = clock;
        Relay = relay;
        Host = host;
    }

    /// <summary>As in the log: <c>mx.example.net[192.0.2.1]:25</c>.</summary>
    public string Relay { get; }

    public string Host { get; }

    public bool IsUsable { get; private set; } = true;

    /// <summary>After <see cref="SendAsync"/>: a connection used before had been closed, and nothing of this transaction was heard.</summary>
    public bool IsStale { get; private set; }

    /// <summary>What ended the conversation in the middle of a transaction; null: nothing did.</summary>
    public SmtpReply? Failure { get; private set; }

    public bool IsEncrypted => _conversation.IsEncrypted;

    /// <summary>For the log; null: plain.</summary>
    public SslStream? Encryption => _conversation.Encryption;

    /// <summary>For a connection whose server was verified: whether it may carry what needs REQUIRETLS (RFC 8689 §2), and does from now on.</summary>
    public bool BecomesSecure() => _isSecure = IsEncrypted && _peer.Has(SmtpExtensions.RequireTls);

    private QueueLimits Limits => _options.Limits;

    /// <summary>From a connection to a session. Throws <see cref="SmtpFailureException"/>; the conversation is disposed of then.</summary>
    /// <remarks>Where <paramref name="saysHelo"/>, the server was seen to hang up at EHLO.</remarks>
    public static async Task<SmtpSession> OpenAsync(
        SmtpConversation conversation, NextHop policy, PeerVerifier verifier, QueueOptions options, TimeProvider clock, string relay, string host, bool saysHelo = false)
    {
        SmtpSession session = new(conversation, verifier, options, clock, relay, host);
        bool open = false;
        try
        {
            await session.OpenAsync(policy, saysHelo);
            open = true;
            return session;
        }
        finally
        {
            if (!open)
            {
                await conversation.DisposeAsync();
            }
        }
    }

    /// <summary>Sends; one outcome for each of the recipients. Never throws but for cancellation and errors of the content.</summary>
    public async Task<IReadOnlyList<RecipientOutcome>> SendAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        if (_rewriting is { } rewriting)
        {
            OutgoingTransaction outgoing = await OutgoingRewriting.PrepareAsync(transaction, rewriting, cancellationToken);
            if (outgoing.Failure is { } failure)
            {
                IsStale = false;
                return [.. transaction.Recipients.Select(i => new RecipientOutcome(i, RecipientStatus.Pending, failure))];
            }
            transaction = outgoing.Transaction!;
        }
        IsUsable = false; // Until we know how it ended.
        TransactionTerms terms = new(transaction.Message, _peer, _isSecure, _isLmtp, _options, _clock.GetUtcNow());
        SevenBitConversion? conversion = terms.NeedsConversion ? await PlanConversionAsync(transaction, cancellationToken) : null;
        SmtpTransaction run = new(_conversation, _peer, terms, Limits, _isLmtp)
        {
            Conversion = conversion,
            Heard = outcome => transaction.Heard(new TransactionResult([outcome], Relay, Host)),
        };
        List<int> candidates = [];
        foreach (int index in transaction.Recipients)
        {
            SmtpReply? why = terms.WhyNot(index, conversion);
            if (why is not null)
            {
                run.Outcomes[index] = new RecipientOutcome(index, RecipientStatus.Failed, why);
                continue;
            }
            candidates.Add(index);
        }
        try
        {
            IsUsable = candidates.Count == 0 || await run.RunAsync(candidates, transaction.OpenContentAsync, cancellationToken);
            IsUsable &= ++_transactions < Limits.TransactionsPerConnectionMax;
        }
        catch (SmtpFailureException e)
        {
            Failure = e.Reply;
            IsStale = _transactions > 0 && !run.IsAnswered;
            foreach (int index in candidates)
            {
                run.Outcomes.TryAdd(index, new RecipientOutcome(index, RecipientStatus.Pending, e.Reply));
            }
        }
        return [.. transaction.Recipients.Select(i => run.Outcomes[i])];
    }

    private static async Task<SevenBitConversion> PlanConversionAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        await using IMessageContent content = await transaction.OpenContentAsync(cancellationToken);
        return await SevenBitConversion.PlanAsync(content, cancellationToken);
    }

    /// <summary>Says goodbye and closes. RFC 5321 §4.1.1.10: waits for the reply, but not for long.</summary>
    public async Task QuitAsync()
    {
        try
        {
            await _conversation.AskAsync("QUIT", "saying goodbye", Limits.QuitTimeout);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Nobody depends on it.
        }
    }

    public ValueTask DisposeAsync() => _conversation.DisposeAsync();

    private async Task OpenAsync(NextHop policy, bool saysHelo)
    {
        _isLmtp = policy.Protocol == HopProtocol.Lmtp;
        _rewriting = _isLmtp ? null : _options.Rewriting; // What speaks LMTP delivers here, to the addresses that are known here.
        TlsPolicy tls = policy.Tls ?? TlsPolicy.Opportunistic;
        if (policy.ImplicitTls)
        {
            await _conversation.EncryptAsync(_verifier.OptionsFor(Host), Limits.ConnectTimeout);
        }
        Expect(await _conversation.ReadReplyAsync(SmtpStages.Greeting, Limits.GreetingTimeout), 220);
        if (saysHelo && !_isLmtp)
        {
            await HeloAsync();
        }
        else
        {
            await HelloAsync();
        }
        if (!policy.ImplicitTls && tls != TlsPolicy.Never)
        {
            await StartTlsAsync(tls);
        }
        if (policy.Credentials is { } credentials)
        {
            await AuthenticateAsync(credentials, policy.AllowPlaintextAuth);
        }
        else if (policy.Host is not null && IsEncrypted && _verifier.ClientCertificate is not null && _peer.Mechanisms.Contains("EXTERNAL"))
        {
            // "=": as whom the certificate says. RFC 4422 appendix A, RFC 4954 §4.
            await AuthenticateAsync("EXTERNAL =");
        }
    }

    private async Task HelloAsync()
    {
        string verb = _isLmtp ? "LHLO" : "EHLO"; // RFC 2033 §4.1
        // Under TLS a server that hangs up gets no second chance: it would be one without.
        string stage = IsEncrypted ? $"{verb} under TLS" : SmtpStages.Hello;
        SmtpReply reply = await _conversation.AskAsync($"{verb} {_options.HostName}", stage, Limits.GreetingTimeout);
        if (reply.IsPositive)
        {
            _peer = PeerExtensions.Parse(reply);
            return;
        }
        if (_isLmtp)
        {
            throw new SmtpFailureException(Unexpected(reply)); // Another protocol than we were told: ours to mend, not the sender's.
        }
        if (!reply.IsPermanent)
        {
            Expect(reply, 250);
        }
        await HeloAsync();
    }

    // A server without extensions: RFC 5321 §3.2.
    private async Task HeloAsync()
    {
        _peer = PeerExtensions.None;
        Expect(await _conversation.AskAsync($"HELO {_options.HostName}", "HELO", Limits.GreetingTimeout), 250);
    }

    private async Task StartTlsAsync(TlsPolicy policy)
    {
        bool needed = policy == TlsPolicy.Required;
        if (!_peer.StartTls)
        {
            if (needed)
            {
                await QuitAsync(); // In step: it is only that we want more.
                throw new SmtpFailureException(TlsUnavailable);
            }
            return;
        }
        SmtpReply reply = await _conversation.AskAsync("STARTTLS", "STARTTLS", Limits.MailTimeout);
        if (reply.Code != 220)
        {
            if (needed)
            {
                throw new SmtpFailureException(TlsUnavailable);
            }
            return; // Still in step: the server said no.
        }
        await _conversation.EncryptAsync(_verifier.OptionsFor(Host), Limits.ConnectTimeout);
        await HelloAsync(); // RFC 3207 §4.2: what was said before counts nothing.
    }

    private async Task AuthenticateAsync(SmtpCredentials credentials, bool allowPlaintext)
    {
        bool isPlain = _peer.Mechanisms.Contains("PLAIN");
        if ((!isPlain && !_peer.Mechanisms.Contains("LOGIN")) || (!IsEncrypted && !allowPlaintext))
        {
            throw new SmtpFailureException(AuthUnavailable);
        }
        // RFC 4616: authorization identity (none) NUL user NUL password; RFC 4954 §4: initial response.
        Accept(isPlain
            ? await _conversation.AskAsync($"AUTH PLAIN {Base64($"\0{credentials.UserName}\0{credentials.Password}")}", "AUTH", Limits.MailTimeout)
            : await LogInAsync(credentials));
    }

    private async Task AuthenticateAsync(string mechanism) => Accept(await _conversation.AskAsync($"AUTH {mechanism}", "AUTH", Limits.MailTimeout));

    private void Accept(SmtpReply reply)
    {
        if (reply.Code != 235)
        {
            // Ours to mend, not the sender's: temporary, whatever the server says.
            throw new SmtpFailureException(new SmtpReply(451, new(4, 7, 8), $"{Host} refused our login: {reply.Text}"));
        }
    }

    // What Exchange offers where it offers no PLAIN: name and password, each asked for. Never standardized.
    private async Task<SmtpReply> LogInAsync(SmtpCredentials credentials)
    {
        SmtpReply reply = await _conversation.AskAsync("AUTH LOGIN", "AUTH", Limits.MailTimeout);
        foreach (string answer in (string[])[credentials.UserName, credentials.Password])
        {
            if (reply.Code != 334)
            {
                return reply;
            }
            reply = await _conversation.AskAsync(Base64(answer), "AUTH", Limits.MailTimeout);
        }
        return reply;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    // Refusals at the door that say "never" are believed; RFC 5321 §3.1 on 554, RFC 7504 on 521 and 556.
    private static void Expect(SmtpReply reply, int code)
    {
        if (reply.Code != code)
        {
            throw new SmtpFailureException(reply.IsPositive || reply.IsIntermediate ? Unexpected(reply) : reply);
        }
    }

    /// <summary>A positive reply where none was due decides nothing.</summary>
    public static SmtpReply Unexpected(SmtpReply reply) => new(451, new(4, 5, 0), $"unexpected reply: {reply}");
}
