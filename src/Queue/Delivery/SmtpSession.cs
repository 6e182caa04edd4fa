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
internal sealed record Transaction(SpoolMessage Message, IReadOnlyList<int> Recipients, Func<CancellationToken, Task<IMessageContent>> OpenContentAsync);

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
    private static readonly SmtpReply AuthUnavailable = new(454, new(4, 7, 0), "the server offers no AUTH PLAIN that may be used");

    private readonly SmtpConversation _conversation;
    private readonly QueueOptions _options;
    private readonly TimeProvider _clock;
    private readonly PeerVerifier _verifier;
    private PeerExtensions _peer = PeerExtensions.None;
    private int _transactions;
    private bool _isAnswered;
    private bool _isSecure;
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

    public bool IsEncrypted => _conversation.IsEncrypted;

    /// <summary>For the log; null: plain.</summary>
    public SslStream? Encryption => _conversation.Encryption;

    /// <summary>For a connection whose server was verified: whether it may carry what needs REQUIRETLS (RFC 8689 §2), and does from now on.</summary>
    public bool BecomesSecure() => _isSecure = IsEncrypted && _peer.Has(SmtpExtensions.RequireTls);

    private QueueLimits Limits => _options.Limits;

    /// <summary>From a connection to a session. Throws <see cref="SmtpFailureException"/>; the conversation is disposed of then.</summary>
    public static async Task<SmtpSession> OpenAsync(
        SmtpConversation conversation, NextHop policy, PeerVerifier verifier, QueueOptions options, TimeProvider clock, string relay, string host)
    {
        SmtpSession session = new(conversation, verifier, options, clock, relay, host);
        bool open = false;
        try
        {
            await session.OpenAsync(policy);
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
        _isAnswered = false;
        Dictionary<int, RecipientOutcome> outcomes = [];
        TransactionTerms terms = new(transaction.Message, _peer, _isSecure, _options, _clock.GetUtcNow());
        List<int> candidates = [];
        foreach (int index in transaction.Recipients)
        {
            if (terms.WhyNot(index) is { } why)
            {
                outcomes[index] = new RecipientOutcome(index, RecipientStatus.Failed, why);
                continue;
            }
            candidates.Add(index);
        }
        try
        {
            IsUsable = candidates.Count == 0 || await TransactAsync(transaction, terms, candidates, outcomes, cancellationToken);
            IsUsable &= ++_transactions < Limits.TransactionsPerConnectionMax;
        }
        catch (SmtpFailureException e)
        {
            IsStale = _transactions > 0 && !_isAnswered;
            foreach (int index in candidates.Where(i => !outcomes.ContainsKey(i)))
            {
                outcomes[index] = new RecipientOutcome(index, RecipientStatus.Pending, e.Reply);
            }
        }
        return [.. transaction.Recipients.Select(i => outcomes[i])];
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

    private async Task OpenAsync(NextHop policy)
    {
        // What speaks LMTP delivers here, to the addresses that are known here.
        _rewriting = policy.Protocol == HopProtocol.Smtp ? _options.Rewriting : null;
        TlsPolicy tls = policy.Tls ?? TlsPolicy.Opportunistic;
        if (policy.ImplicitTls)
        {
            await _conversation.EncryptAsync(_verifier.OptionsFor(Host), Limits.ConnectTimeout);
        }
        Expect(await _conversation.ReadReplyAsync("greeting", Limits.GreetingTimeout), 220);
        await HelloAsync();
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
        SmtpReply reply = await _conversation.AskAsync($"EHLO {_options.HostName}", "EHLO", Limits.GreetingTimeout);
        if (reply.IsPositive)
        {
            _peer = PeerExtensions.Parse(reply);
            return;
        }
        _peer = PeerExtensions.None;
        if (!reply.IsPermanent)
        {
            Expect(reply, 250);
        }
        // A server without extensions: RFC 5321 §3.2.
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
        if (!_peer.Mechanisms.Contains("PLAIN") || (!IsEncrypted && !allowPlaintext))
        {
            throw new SmtpFailureException(AuthUnavailable);
        }
        // RFC 4616: authorization identity (none) NUL user NUL password; RFC 4954 §4: initial response.
        string response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{credentials.UserName}\0{credentials.Password}"));
        await AuthenticateAsync($"PLAIN {response}");
    }

    private async Task AuthenticateAsync(string mechanism)
    {
        SmtpReply reply = await _conversation.AskAsync($"AUTH {mechanism}", "AUTH", Limits.MailTimeout);
        if (reply.Code != 235)
        {
            // Ours to mend, not the sender's: temporary, whatever the server says.
            throw new SmtpFailureException(new SmtpReply(451, new(4, 7, 8), $"{Host} refused our login: {reply.Text}"));
        }
    }

    // Refusals at the door that say "never" are believed; RFC 5321 §3.1 on 554, RFC 7504 on 521 and 556.
    private static void Expect(SmtpReply reply, int code)
    {
        if (reply.Code != code)
        {
            throw new SmtpFailureException(reply.IsPositive || reply.IsIntermediate ? Unexpected(reply) : reply);
        }
    }

    private static SmtpReply Unexpected(SmtpReply reply) => new(451, new(4, 5, 0), $"unexpected reply: {reply}");

    /// <returns>Whether the session is in step afterwards.</returns>
    private async Task<bool> TransactAsync(
        Transaction transaction, TransactionTerms terms, List<int> recipients, Dictionary<int, RecipientOutcome> outcomes,
        CancellationToken cancellationToken)
    {
        List<int> accepted = await OfferAsync(terms, recipients, outcomes);
        if (accepted.Count == 0)
        {
            return (await _conversation.AskAsync("RSET", "RSET", Limits.MailTimeout)).IsPositive;
        }
        await using IMessageContent content = await transaction.OpenContentAsync(cancellationToken);
        SmtpReply start = await _conversation.AskAsync("DATA", "DATA", Limits.DataStartTimeout);
        if (start.Code != 354)
        {
            Conclude(terms, accepted, start.IsPositive ? Unexpected(start) : start, outcomes);
            return start.Code >= 400 && start.Code != 421 && (await _conversation.AskAsync("RSET", "RSET", Limits.MailTimeout)).IsPositive;
        }
        DotStuffer stuffer = new(octets => new ValueTask(_conversation.WriteAsync(octets, "sending the message", Limits.DataBlockTimeout)));
        await stuffer.SendAsync(content, cancellationToken);
        SmtpReply end = await _conversation.ReadReplyAsync("waiting for the reply to the message", Limits.DataEndTimeout);
        Conclude(terms, accepted, end, outcomes);
        return end.Code != 421 && !end.IsIntermediate;
    }

    // MAIL and all RCPT; in one write where the server takes that.
    private async Task<List<int>> OfferAsync(TransactionTerms terms, List<int> recipients, Dictionary<int, RecipientOutcome> outcomes)
    {
        List<string> lines = [$"MAIL {terms.Mail(recipients)}", .. recipients.Select(i => $"RCPT {terms.Rcpt(i)}")];
        if (_peer.Pipelining)
        {
            await _conversation.WriteLinesAsync(lines, "MAIL", Limits.MailTimeout);
        }
        else
        {
            await _conversation.WriteLineAsync(lines[0], "MAIL", Limits.MailTimeout);
        }
        SmtpReply mail = await _conversation.ReadReplyAsync("MAIL", Limits.MailTimeout);
        _isAnswered = mail.Code != 421; // A server that goes while we are idle says so in answer to MAIL.
        List<int> accepted = [];
        if (!mail.IsPositive)
        {
            for (int i = 0; _peer.Pipelining && mail.Code != 421 && i < recipients.Count; i++)
            {
                await _conversation.ReadReplyAsync("RCPT", Limits.MailTimeout); // Out of order by our doing: means nothing.
            }
            Conclude(terms, recipients, mail, outcomes);
            return mail.Code == 421 ? throw new SmtpFailureException(mail) : accepted;
        }
        for (int i = 0; i < recipients.Count; i++)
        {
            if (!_peer.Pipelining)
            {
                await _conversation.WriteLineAsync(lines[i + 1], "RCPT", Limits.MailTimeout);
            }
            SmtpReply reply = await _conversation.ReadReplyAsync("RCPT", Limits.MailTimeout);
            if (reply.IsPositive)
            {
                accepted.Add(recipients[i]);
                continue;
            }
            outcomes[recipients[i]] = Outcome(terms, recipients[i], IsTooManyRecipients(reply, accepted.Count) ? reply with { Code = 452, Enhanced = new(4, 5, 3) } : reply);
            if (reply.Code == 421)
            {
                throw new SmtpFailureException(reply); // RFC 5321 §3.8: the server is going; nobody was delivered.
            }
        }
        return accepted;
    }

    // An old code for "no more in this transaction", to be taken as 452: RFC 5321 §4.5.3.1.10.
    private static bool IsTooManyRecipients(SmtpReply reply, int accepted) =>
        reply.Code == 552 && accepted > 0 && (reply.Enhanced is null || reply.Enhanced == new EnhancedCode(5, 5, 3));

    private static void Conclude(TransactionTerms terms, List<int> recipients, SmtpReply reply, Dictionary<int, RecipientOutcome> outcomes)
    {
        foreach (int index in recipients)
        {
            outcomes[index] = Outcome(terms, index, reply);
        }
    }

    private static RecipientOutcome Outcome(TransactionTerms terms, int index, SmtpReply reply)
    {
        RecipientStatus status = reply switch
        {
            { IsPositive: true } => terms.Taken,
            { IsPermanent: true } => RecipientStatus.Failed,
            _ => RecipientStatus.Pending,
        };
        return new RecipientOutcome(index, status, reply.IsIntermediate ? Unexpected(reply) : reply);
    }
}
