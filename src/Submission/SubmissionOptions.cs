using System.Net;
using MailAccess.Auth;
using MailAccess.Smtp;
using MailAccess.Submission.Policy;

namespace MailAccess.Submission;

/// <summary>What one listener is for, and how it calls itself.</summary>
public sealed record SubmissionOptions
{
    /// <summary>Which of the three protocols; see <see cref="SubmissionRole"/>.</summary>
    public required SubmissionRole Role { get; init; }

    /// <summary>Our name in the greeting, in Received fields and in Message-IDs that we add: a domain name of ours.</summary>
    public required string HostName { get; init; }

    /// <summary>What to do where a From field holds an address that the account does not own. Submission only.</summary>
    public FromPolicy From { get; init; } = FromPolicy.Reject;

    /// <summary>Parts a local part from its detail: <c>alice+lists@…</c> is alice's. Null: there is no detail.</summary>
    public char? DetailDelimiter { get; init; } = '+';

    /// <summary>What one peer may do over time: a network at the exchange, an account at submission.</summary>
    public RateLimits Rates { get; init; } = RateLimits.None;

    /// <summary>Networks whose clients are neither counted nor kept waiting for the greeting. Exchange only.</summary>
    public IReadOnlyList<IPNetwork> Trusted { get; init; } = [];

    /// <summary>Names of accounts that are not counted: newsletters. Submission only.</summary>
    public IReadOnlyList<string> UnlimitedAccounts { get; init; } = [];

    /// <summary>Finds the names of clients for Received fields; null: they are not looked for.</summary>
    public IClientNames? ClientNames { get; init; }

    /// <summary>Clients that need not log in; null: none. Submission only.</summary>
    public ITrustedClients? TrustedClients { get; init; }

    /// <summary>VRFY tells those who logged in who is here; else nobody is told. RFC 5321 §7.3.</summary>
    public bool AnswersVrfy { get; init; }

    /// <summary>Our domains, in which VRFY looks for a bare name.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>The account with this login name, or null; for XCLIENT's LOGIN, which trusted proxies alone may send. Throws <see cref="IOException"/> for now. Null: LOGIN is not offered.</summary>
    public Func<string, CancellationToken, ValueTask<Account?>>? FindAccount { get; init; }
}

/// <summary>What differs between listeners of one role.</summary>
public sealed record SubmissionListener
{
    /// <summary>Nothing special.</summary>
    public static readonly SubmissionListener Default = new();

    /// <summary>Networks whose clients may send XCLIENT and XFORWARD.</summary>
    public IReadOnlyList<IPNetwork> Proxies { get; init; } = [];

    /// <summary>What to do where a message has a CR or LF that is no line end.</summary>
    public BareLineEndPolicy BareLineEnds { get; init; } = BareLineEndPolicy.Refuse;
}

/// <summary>RFC 6409 §6.1 and §8.1: what a foreign address in From means.</summary>
public enum FromPolicy
{
    /// <summary>The message is refused: nobody sends in another account's name.</summary>
    Reject,
    /// <summary>From stays; a Sender field names the account, in place of one that claims otherwise.</summary>
    AddSender,
    /// <summary>From is not looked at; MAIL FROM still is.</summary>
    Allow,
}

/// <summary>RFC 5321 §2.3.8: CR and LF stand in a message together, and end a line. What else they may be taken for.</summary>
public enum BareLineEndPolicy
{
    /// <summary>The message is refused.</summary>
    Refuse,
    /// <summary>
    /// Each becomes CRLF, after the message's end was found and its dots were taken off: where it ends never depends on them. Not in
    /// messages of BODY=BINARYMIME, where they may be anything.
    /// </summary>
    Normalize,
}

/// <summary>
/// What differs between our three servers. Everything else is the same code.
/// </summary>
public sealed record SubmissionRole
{
    /// <summary>Authenticated submission, RFC 6409: ports 587 and 465.</summary>
    public static readonly SubmissionRole Submission = new()
    {
        Name = "submission",
        OffersAuthentication = true,
        TakesRemoteRecipients = true,
        CompletesHeader = true,
        CountsBy = CountedPeer.Account,
    };

    /// <summary>The same where nothing is delivered outside: other domains are refused at RCPT.</summary>
    public static readonly SubmissionRole SubmissionWithoutRelay = Submission with { TakesRemoteRecipients = false };

    /// <summary>Mail from other servers for domains of ours, RFC 5321: port 25.</summary>
    public static readonly SubmissionRole Exchange = new()
    {
        Name = "smtp",
        ListensForEarlyTalkers = true,
        CountsBy = CountedPeer.Network,
    };

    /// <summary>Mail from a queue elsewhere, RFC 2033. Who may connect is the listener's matter.</summary>
    public static readonly SubmissionRole Lmtp = new()
    {
        Name = "lmtp",
        Protocol = "LMTP",
        Commit = CommitMode.ReplyPerRecipient,
    };

    private SubmissionRole()
    {
    }

    /// <summary><see cref="MailOrigin.Protocol"/>, and the first word of log lines.</summary>
    public required string Name { get; init; }

    /// <summary>In the greeting and, for LMTP, in which words clients greet. RFC 2033 §4.1.</summary>
    internal string Protocol { get; init; } = "ESMTP";

    /// <summary>AUTH is offered, and without it no mail is taken. RFC 6409 §4.3.</summary>
    internal bool OffersAuthentication { get; init; }

    /// <summary>Recipients elsewhere are taken.</summary>
    internal bool TakesRemoteRecipients { get; init; }

    /// <summary>RFC 6409 §8: Date, Message-ID, Sender; Bcc taken out. Other roles only add Received.</summary>
    internal bool CompletesHeader { get; init; }

    /// <summary>Octets before the greeting are an end.</summary>
    internal bool ListensForEarlyTalkers { get; init; }

    /// <summary>Whose messages are counted against <see cref="SubmissionOptions.Rates"/>.</summary>
    internal CountedPeer CountsBy { get; init; }

    /// <summary>How many replies come after the final dot.</summary>
    internal CommitMode Commit { get; init; } = CommitMode.OneReply;

    internal bool IsLmtp => Commit == CommitMode.ReplyPerRecipient;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
