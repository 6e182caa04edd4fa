namespace MailAccess.Smtp;

/// <summary>Extensions that give MAIL and RCPT parameters: what a server announced.</summary>
[Flags]
public enum SmtpExtensions
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>SIZE, RFC 1870.</summary>
    Size = 1,
    /// <summary>8BITMIME, RFC 6152.</summary>
    EightBitMime = 2,
    /// <summary>SMTPUTF8, RFC 6531. For RCPT: the transaction's MAIL had it.</summary>
    SmtpUtf8 = 4,
    /// <summary>AUTH, RFC 4954.</summary>
    Auth = 8,
    /// <summary>DSN, RFC 3461.</summary>
    Dsn = 16,
    /// <summary>BINARYMIME, RFC 3030 §3.</summary>
    BinaryMime = 32,
    /// <summary>FUTURERELEASE, RFC 4865.</summary>
    FutureRelease = 64,
    /// <summary>DELIVERBY, RFC 2852.</summary>
    DeliverBy = 128,
    /// <summary>MT-PRIORITY, RFC 6710.</summary>
    MtPriority = 256,
    /// <summary>REQUIRETLS, RFC 8689; announced under TLS only.</summary>
    RequireTls = 512,
}

/// <summary>The SIZE parameter: what the client says the message will have. A hint, never a count. RFC 1870.</summary>
public readonly record struct SizeParameter(long Octets);

/// <summary>MAIL, parsed. RFC 5321 §4.1.1.2.</summary>
public sealed record MailRequest
{
    /// <summary>MAIL FROM; <see cref="MailPath.Null"/> for <c>&lt;&gt;</c>.</summary>
    public required MailPath ReversePath { get; init; }

    /// <summary>SIZE, or null where not given.</summary>
    public SizeParameter? Size { get; init; }

    /// <summary>BODY.</summary>
    public BodyType Body { get; init; }

    /// <summary>SMTPUTF8 was given.</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>RET.</summary>
    public DsnReturn Return { get; init; }

    /// <summary>ENVID as given, still xtext, or null.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>AUTH as given, still xtext or <c>&lt;&gt;</c>, or null. A claim of the peer: RFC 4954 §5 on whom to believe.</summary>
    public string? Auth { get; init; }

    /// <summary>HOLDFOR or HOLDUNTIL, or null.</summary>
    public HoldParameter? Hold { get; init; }

    /// <summary>BY, or null.</summary>
    public DeliverByParameter? DeliverBy { get; init; }

    /// <summary>MT-PRIORITY, from -9 to 9, or null.</summary>
    public int? Priority { get; init; }

    /// <summary>REQUIRETLS was given.</summary>
    public bool RequiresTls { get; init; }
}
