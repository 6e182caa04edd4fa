using System.Net;

namespace MailAccess.Smtp;

/// <summary>
/// Takes responsibility for mail. The servers for submission, exchange and LMTP hand over here and know nothing of what lies behind.
/// </summary>
public interface IMailSink
{
    /// <summary>Largest message it takes, in octets as stored.</summary>
    long MessageOctetsMax { get; }

    /// <summary>At RCPT: what would become of this recipient.</summary>
    ValueTask<RecipientVerdict> VerifyRecipientAsync(MailPath recipient, CancellationToken cancellationToken);

    /// <summary>Begins to take a message for recipients that were verified before. At DATA; a refusal is the reply to DATA.</summary>
    ValueTask<IntakeStart> BeginAsync(Envelope envelope, MailOrigin origin, CancellationToken cancellationToken);
}

/// <summary>An intake, or why there is none. Exactly one of the two is set.</summary>
public readonly record struct IntakeStart(IMailIntake? Intake, SmtpReply? Refusal);

/// <summary>A message on its way in: write, then commit; dispose. What was not committed leaves no trace.</summary>
public interface IMailIntake : IAsyncDisposable
{
    /// <summary>The name by which the log knows this message from now on (queue id); for the Received field and the reply.</summary>
    string Id { get; }

    /// <summary>The next octets: CRLF lines, no dot-stuffing, header first, trace fields included.
    /// After a failure (disk full) it goes on accepting and dropping octets, and commit says what was wrong.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>
    /// The end of the message. A positive reply means that the message survives power loss: it is in the recipient's
    /// mailbox or in the spool. One reply per recipient in the envelope's order (LMTP sends them all, RFC 2033 §4.2);
    /// SMTP sends <see cref="CommitOutcome.Overall"/>, which is positive where at least one recipient was taken over and
    /// those that were not will be told by a DSN.
    /// </summary>
    ValueTask<CommitOutcome> CommitAsync(CommitMode mode, CancellationToken cancellationToken);
}

/// <summary>Whether failures of single recipients can be told now.</summary>
public enum CommitMode
{
    /// <summary>SMTP: one reply for all. A recipient that fails temporarily goes to the spool, one that fails for good becomes a DSN; where all fail, the reply says so.</summary>
    OneReply,
    /// <summary>LMTP: a reply each, nothing is spooled: the client keeps what failed (RFC 2033 §4.2).</summary>
    ReplyPerRecipient,
}

/// <summary>What came of a commit.</summary>
public sealed record CommitOutcome(SmtpReply Overall, IReadOnlyList<SmtpReply> PerRecipient);

/// <summary>What the sink thinks of a recipient.</summary>
public enum RecipientKind
{
    /// <summary>A mailbox here.</summary>
    Local,
    /// <summary>Somewhere else: only for those who may relay.</summary>
    Remote,
    /// <summary>A domain of ours, but nobody there.</summary>
    Unknown,
    /// <summary>A mailbox here that takes no more now.</summary>
    Full,
    /// <summary>The same, and trying again is not worth while.</summary>
    FullForGood,
    /// <summary>Cannot be told now.</summary>
    Temporary,
}

/// <summary>Answer of <see cref="IMailSink.VerifyRecipientAsync"/>.</summary>
/// <param name="Kind">What the sink thinks.</param>
/// <param name="Reply">Why it is not taken, in words of its own (<c>error:</c> in a table); null: what is usual for the kind. Never positive.</param>
public readonly record struct RecipientVerdict(RecipientKind Kind, SmtpReply? Reply = null);

/// <summary>Where a message came from. For the log, the queue and policy.</summary>
public sealed record MailOrigin
{
    /// <summary><c>submission</c>, <c>smtp</c>, <c>lmtp</c>, <c>local</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The client's address, or null for mail made here. An IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2) becomes what it is.</summary>
    public IPAddress? Remote
    {
        get;
        init => field = value is { IsIPv4MappedToIPv6: true } ? value.MapToIPv4() : value;
    }

    /// <summary>The client's name in the DNS, or null where it has none or nobody has looked.</summary>
    public string? RemoteName { get; init; }

    /// <summary>How the client logged in: the SASL mechanism, or null.</summary>
    public string? SaslMechanism { get; init; }

    /// <summary>The name the client gave in EHLO, or null.</summary>
    public string? HelloName { get; init; }

    /// <summary>The account that submitted it, or null.</summary>
    public string? AccountName { get; init; }

    /// <summary>The connection's id.</summary>
    public string? ConnectionId { get; init; }
}
