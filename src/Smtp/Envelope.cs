namespace MailAccess.Smtp;

/// <summary>RET parameter. RFC 3461 §4.3.</summary>
public enum DsnReturn
{
    /// <summary>Not given.</summary>
    Unspecified,
    /// <summary><c>FULL</c></summary>
    Full,
    /// <summary><c>HDRS</c></summary>
    Headers,
}

/// <summary>NOTIFY parameter. RFC 3461 §4.1.</summary>
[Flags]
public enum DsnNotify
{
    /// <summary>Not given: failure, and delay by our choice.</summary>
    Unspecified = 0,
    /// <summary><c>NEVER</c>, alone.</summary>
    Never = 1,
    /// <summary><c>SUCCESS</c></summary>
    Success = 2,
    /// <summary><c>FAILURE</c></summary>
    Failure = 4,
    /// <summary><c>DELAY</c></summary>
    Delay = 8,
}

/// <summary>BODY parameter. RFC 6152, RFC 3030 §3.</summary>
public enum BodyType
{
    /// <summary>Not given, or <c>7BIT</c>.</summary>
    SevenBit,
    /// <summary><c>8BITMIME</c></summary>
    EightBitMime,
    /// <summary><c>BINARYMIME</c>: octets without lines, by BDAT. Only on the wire: what a sink is given are lines. RFC 3030 §3.</summary>
    BinaryMime,
}

/// <summary>One forward-path with what was said about it.</summary>
public sealed record EnvelopeRecipient
{
    /// <summary>The forward-path.</summary>
    public required MailPath Path { get; init; }

    /// <summary>NOTIFY.</summary>
    public DsnNotify Notify { get; init; }

    /// <summary>ORCPT as given, <c>addr-type;xtext</c> still encoded, or null. RFC 3461 §4.2.</summary>
    public string? OriginalRecipient { get; init; }
}

/// <summary>A message is not to be released before a time. RFC 4865.</summary>
/// <param name="At">The time, never before the message's arrival.</param>
/// <param name="Request">What the client asked for, as reports repeat it: <c>for;3600</c>, <c>until;2026-11-22T08:00:00Z</c>.</param>
public sealed record FutureRelease(DateTimeOffset At, string Request);

/// <summary>A message is to be delivered before a time. RFC 2852.</summary>
/// <param name="At">The deliver-by-time by our clock.</param>
/// <param name="Mode">What becomes of it then.</param>
/// <param name="Trace">The sender is told of each relay.</param>
public sealed record DeliverBy(DateTimeOffset At, DeliverByMode Mode, bool Trace);

/// <summary>Everything of a mail transaction but the content.</summary>
public sealed record Envelope
{
    /// <summary>MAIL FROM.</summary>
    public required MailPath ReversePath { get; init; }

    /// <summary>RCPT TO, in order.</summary>
    public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init; }

    /// <summary>BODY.</summary>
    public BodyType Body { get; init; }

    /// <summary>SMTPUTF8 was given. RFC 6531.</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>RET.</summary>
    public DsnReturn Return { get; init; }

    /// <summary>ENVID as given, still xtext, or null.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>The message waits before it goes anywhere; null: it does not.</summary>
    public FutureRelease? Hold { get; init; }

    /// <summary>The message is to be delivered in time; null: no time was given.</summary>
    public DeliverBy? DeliverBy { get; init; }

    /// <summary>From -9 to 9, as far as it was granted. RFC 6710.</summary>
    public int Priority { get; init; }

    /// <summary>It goes only where TLS with a verified server protects it. RFC 8689.</summary>
    public bool RequiresTls { get; init; }
}
