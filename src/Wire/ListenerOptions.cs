using System.Net;

namespace MailAccess.Wire;

/// <summary>How a listener speaks TLS.</summary>
public enum TlsMode
{
    /// <summary>Never.</summary>
    None,
    /// <summary>After STARTTLS or STLS.</summary>
    StartTls,
    /// <summary>From the first octet (RFC 8314 §3).</summary>
    Implicit,
}

/// <summary>One place to listen at, and what is settled there before a session begins.</summary>
public sealed record ListenerOptions
{
    /// <summary>For logs and errors; unique in a host: <c>imaps</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What is spoken: for logs, and for what a transcript must hide.</summary>
    public required WireProtocol Protocol { get; init; }

    /// <summary>An IP address and port (0: any free one; <c>::</c> takes IPv4, too), or a Unix socket's path.</summary>
    public required EndPoint EndPoint { get; init; }

    /// <summary>Needs <see cref="Certificates"/> where it is not None.</summary>
    public TlsMode Tls { get; init; }

    /// <summary>May be shared between listeners.</summary>
    public TlsCertificates? Certificates { get; init; }

    /// <summary>Clients are asked for a certificate of these authorities, and need none; null: they are not asked. May be shared.</summary>
    public ClientTrust? ClientTrust { get; init; }

    /// <summary>
    /// Proxies that send a PROXY header (v1 or v2) first. Not empty: every connection must come from one of them and
    /// must begin with that header; others are closed without a word.
    /// </summary>
    public IReadOnlyList<IPNetwork> ProxyNetworks { get; init; } = [];

    /// <summary>Sent, in plaintext and with its CRLF, to a connection beyond the limits before it is closed; none under implicit TLS.</summary>
    public ReadOnlyMemory<byte> RefusalLine { get; init; }

    /// <summary>Permissions of a Unix socket: who may write to it may connect.</summary>
    public UnixFileMode SocketMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;
}

/// <summary>Which connections are written down as they speak, and where to.</summary>
public sealed record TranscriptOptions
{
    /// <summary>Takes the lines.</summary>
    public required ITranscriptSink Sink { get; init; }

    /// <summary>Asked once for each connection when its client's address is known. Quick, and from any thread.</summary>
    public Func<IPAddress, bool> Wanted { get; init; } = static _ => false;
}
