namespace MailAccess.Message;

/// <summary>What became of a recipient. RFC 3464 §2.3.3</summary>
public enum DsnAction
{
    /// <summary>Could not be delivered, and will not be tried again.</summary>
    Failed,

    /// <summary>Not delivered yet; will be tried again.</summary>
    Delayed,

    /// <summary>Delivered.</summary>
    Delivered,

    /// <summary>Handed to a system that does not report.</summary>
    Relayed,

    /// <summary>Delivered to an address that sends on to others.</summary>
    Expanded,
}

/// <summary>How much of the original message the report returns. RFC 3461 §4.3</summary>
public enum DsnReturn
{
    /// <summary>Nothing: there is no original to read.</summary>
    Nothing,

    /// <summary>Its header.</summary>
    Header,

    /// <summary>All of it.</summary>
    Full,
}

/// <summary>A report on one message for its sender. Values may come from anywhere: none can break the report.</summary>
public sealed record DsnReport
{
    /// <summary>The reporting server's host name.</summary>
    public required string ReportingMta { get; init; }

    /// <summary>
    /// The original's reverse-path, where the report goes. The report itself must travel with the null reverse-path, RFC 3464 §2.
    /// </summary>
    public required string To { get; init; }

    /// <summary>The report is a copy for the postmaster: who has the report itself; null: it is no copy.</summary>
    public string? CopiedFor { get; init; }

    /// <summary>Address in the report's From field; null: MAILER-DAEMON at the reporting server.</summary>
    public string? From { get; init; }

    /// <summary>Message-ID of the report, with angle brackets.</summary>
    public required string MessageId { get; init; }

    /// <summary>Date of the report.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Up to 50 letters and digits that stand in no other message, for the boundary.</summary>
    public required string BoundaryToken { get; init; }

    /// <summary>ENVID as the client gave it, in xtext (RFC 3461 §4.4); null where it gave none.</summary>
    public string? OriginalEnvelopeId { get; init; }

    /// <summary>Name of the host the message came from; null where unknown.</summary>
    public string? ReceivedFromMta { get; init; }

    /// <summary>When the message arrived; null where unknown.</summary>
    public DateTimeOffset? ArrivalDate { get; init; }

    /// <summary>When the message was to be delivered by; null where nothing was said. RFC 2852 §5</summary>
    public DateTimeOffset? DeliverByDate { get; init; }

    /// <summary>When the message was to be released, as its client asked (<c>for;3600</c>); null where it did not. RFC 4865 §5.1.2</summary>
    public string? FutureReleaseRequest { get; init; }

    /// <summary>Message-ID of the original, for threading; null where unknown.</summary>
    public string? OriginalMessageId { get; init; }

    /// <summary>The original was sent with SMTPUTF8: its header may be UTF-8, so that it returns as message/global, encoded where <see cref="To"/> is ASCII. RFC 6533 §4</summary>
    public bool OriginalIsUtf8 { get; init; }

    /// <summary>What the report returns of the original.</summary>
    public DsnReturn Return { get; init; } = DsnReturn.Header;

    /// <summary>The recipients reported on; at least one.</summary>
    public required IReadOnlyList<DsnRecipient> Recipients { get; init; }
}

/// <summary>One recipient of a report. RFC 3464 §2.3</summary>
public sealed record DsnRecipient
{
    /// <summary>ORCPT as the client gave it, <c>addr-type;xtext</c>; null where it gave none.</summary>
    public string? OriginalRecipient { get; init; }

    /// <summary>The address that was tried, without angle brackets.</summary>
    public required string FinalRecipient { get; init; }

    /// <summary>What became of it.</summary>
    public required DsnAction Action { get; init; }

    /// <summary>Enhanced status code such as <c>5.1.1</c>; one that is none becomes the class's <c>x.0.0</c>. RFC 3463</summary>
    public required string Status { get; init; }

    /// <summary>Host that gave the diagnostic; null where it was us.</summary>
    public string? RemoteMta { get; init; }

    /// <summary>The remote server's reply, such as <c>550 5.1.1 no such user</c>; null where there was none.</summary>
    public string? RemoteReply { get; init; }

    /// <summary>Why, in words for people; null where the reply says it.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was last tried; null where never.</summary>
    public DateTimeOffset? LastAttemptDate { get; init; }

    /// <summary>Until when it will be tried, for delays; null where unknown.</summary>
    public DateTimeOffset? WillRetryUntil { get; init; }
}
