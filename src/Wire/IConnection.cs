using System.IO.Pipelines;
using System.Net;

namespace MailAccess.Wire;

/// <summary>
/// One client's octets, plain or under TLS. The only thing a session knows of the network.
/// </summary>
/// <remarks>
/// <para>A session has exactly one place where it waits: a read of <see cref="Input"/>. Whatever else may concern it
/// (a deadline, the server's shutdown, news from a mailbox) ends that read early, as
/// <see cref="ReadResult.IsCanceled"/>, by <see cref="Wake"/>. So an idle connection costs one pending read and
/// no timer, no linked token and no second task.</para>
/// <para>A reader holds no buffer while it waits, and a writer none after a flush.</para>
/// <para>A connection that is lost or aborted throws <see cref="IOException"/> from reads and flushes.</para>
/// </remarks>
public interface IConnection : IAsyncDisposable
{
    /// <summary>Unique while the process lives; the first field of every log line about this connection.</summary>
    string Id { get; }

    /// <summary>The client; as told by the PROXY protocol where the listener trusts it.</summary>
    IPEndPoint Remote { get; }

    /// <summary>Our end; as told by the PROXY protocol where the listener trusts it.</summary>
    IPEndPoint Local { get; }

    /// <summary>What the client sends. Replaced by <see cref="UpgradeToTlsAsync"/>: do not keep it across that call.</summary>
    PipeReader Input { get; }

    /// <summary>What we send. Replaced by <see cref="UpgradeToTlsAsync"/>: do not keep it across that call.</summary>
    PipeWriter Output { get; }

    /// <summary>Facts of the TLS session, or null while the connection is plain.</summary>
    TlsFacts? Tls { get; }

    /// <summary>True where a certificate is configured and TLS is not yet active: STARTTLS may be offered.</summary>
    bool CanUpgradeToTls { get; }

    /// <summary>
    /// The server side of a TLS handshake. The caller has flushed its go-ahead and forgets all it learned before.
    /// </summary>
    /// <returns>False where octets were already waiting in plaintext (an injection, RFC 3207 §6) or the handshake
    /// failed: the caller hangs up without another word.</returns>
    ValueTask<bool> UpgradeToTlsAsync();

    /// <summary>Ends a pending or the next read with IsCanceled. Any thread.</summary>
    void Wake();

    /// <summary>
    /// Sets when <see cref="DeadlineExpired"/> becomes true and the session is woken; null: never.
    /// Kept to about a second. Setting a deadline clears an expired one.
    /// </summary>
    void SetDeadline(TimeSpan? after);

    /// <summary>The deadline last set has passed.</summary>
    bool DeadlineExpired { get; }

    /// <summary>First phase of shutdown: finish the running command, say goodbye, return.</summary>
    bool StopRequested { get; }

    /// <summary>Cuts the connection at once; pending reads and flushes throw <see cref="IOException"/>. Any thread.</summary>
    void Abort();
}

/// <summary>What a session may need to know of the TLS below it.</summary>
public sealed record TlsFacts
{
    /// <summary>As in Received fields: <c>TLSv1.3</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The cipher suite's IANA name.</summary>
    public required string CipherSuite { get; init; }

    /// <summary>The name the client asked for by SNI, or null.</summary>
    public string? ServerName { get; init; }

    /// <summary>Channel binding data of type tls-server-end-point (RFC 5929 §4), or empty.</summary>
    public ReadOnlyMemory<byte> ServerEndPointBinding { get; init; }

    /// <summary>The client's certificate, DER, as far as <see cref="ListenerOptions.ClientTrust"/> found it good; else empty.</summary>
    public ReadOnlyMemory<byte> ClientCertificate { get; init; }
}

/// <summary>How a session ended; for the log and for tests.</summary>
public enum SessionEnd
{
    /// <summary>The client said goodbye in the protocol's own words.</summary>
    ClientQuit,
    /// <summary>The connection ended without goodbye.</summary>
    ClientGone,
    /// <summary>The client was silent, or too slow, for longer than its limit.</summary>
    IdleTimeout,
    /// <summary>Errors or failed logins beyond their limit.</summary>
    TooManyErrors,
    /// <summary>What the client sent could not be followed any further (framing lost, injection, wrong protocol).</summary>
    ProtocolViolation,
    /// <summary>The TLS handshake failed or was refused.</summary>
    TlsFailed,
    /// <summary>The server is shutting down.</summary>
    Shutdown,
    /// <summary>A bug of ours.</summary>
    Fault,
}
