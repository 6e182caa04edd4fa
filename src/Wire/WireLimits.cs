namespace MailAccess.Wire;

/// <summary>Every count, size and duration of the transport. One record for all listeners of a host.</summary>
public sealed record WireLimits
{
    /// <summary>Connections of all listeners together. Each costs a descriptor: keep it below the process's limit.</summary>
    public int ConnectionsMax { get; init; } = 15_000;

    /// <summary>Connections of one IPv4 address, or of one IPv6 /64 (what one subscriber is given, RFC 6177 §2).</summary>
    public int ConnectionsPerAddressMax { get; init; } = 200;

    /// <summary>From the first octet awaited to the end of the TLS handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A peer that takes nothing of what we send for this long is aborted.</summary>
    public TimeSpan OutputTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>For the whole PROXY header; its specification (§2) asks for at least 3 seconds.</summary>
    public TimeSpan ProxyHeaderTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A PROXY v2 header with all its TLVs, which are skipped.</summary>
    public int ProxyHeaderOctetsMax { get; init; } = 4096;

    /// <summary>How long we wait for the peer's end after ours, so that our last words are not destroyed by a reset.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What we drop of a peer's late octets while closing, before we stop being polite.</summary>
    public int CloseOctetsMax { get; init; } = 256 * 1024;

    /// <summary>After the grace period of a shutdown everything is aborted; a session still running after this long is a bug.</summary>
    public TimeSpan AbortTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pause of an accept loop that ran out of descriptors or memory.</summary>
    public TimeSpan AcceptRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Connections the kernel completes for us before we accept them; it cuts this to its own limit.</summary>
    public int Backlog { get; init; } = 4096;

    /// <summary>TCP keep-alive: idle time before the first probe. Below the timeout of common NATs where possible.</summary>
    public TimeSpan KeepAliveTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A ClientHello, which is read ahead only where both an ECDSA and an RSA certificate could answer it.</summary>
    public int ClientHelloOctetsMax { get; init; } = 16 * 1024;

    /// <summary>Of each line of a wire transcript.</summary>
    public int TranscriptLineOctetsMax { get; init; } = 1000;
}
