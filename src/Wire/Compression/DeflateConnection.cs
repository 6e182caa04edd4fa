using System.IO.Pipelines;
using System.Net;

namespace MailAccess.Wire;

/// <summary>
/// A connection whose octets are compressed by DEFLATE (RFC 1951) in both directions, above TLS if there is any. For RFC 4978.
/// </summary>
/// <remarks>
/// The connection below stays its owner's; disposing this one frees only what compression needs. What the peer has sent and nobody
/// has consumed yet is taken as compressed: that begins with the next octet.
/// </remarks>
public sealed class DeflateConnection : IConnection
{
    private readonly IConnection _below;
    private readonly DeflateReader _input;
    private readonly DeflateWriter _output;

    /// <summary>Compression begins now, in both directions.</summary>
    public DeflateConnection(IConnection below)
    {
        _below = below;
        _output = new DeflateWriter(below.Output);
        _input = new DeflateReader(below.Input, _output.Rest);
    }

    /// <inheritdoc/>
    public string Id => _below.Id;

    /// <inheritdoc/>
    public IPEndPoint Remote => _below.Remote;

    /// <inheritdoc/>
    public IPEndPoint Local => _below.Local;

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output => _output;

    /// <inheritdoc/>
    public TlsFacts? Tls => _below.Tls;

    /// <summary>False: TLS goes below compression, so it has to come first (RFC 4978 §3).</summary>
    public bool CanUpgradeToTls => false;

    /// <inheritdoc/>
    public bool DeadlineExpired => _below.DeadlineExpired;

    /// <inheritdoc/>
    public bool StopRequested => _below.StopRequested;

    /// <inheritdoc/>
    public ValueTask<bool> UpgradeToTlsAsync() => throw new InvalidOperationException("TLS goes below compression.");

    /// <inheritdoc/>
    public void Wake() => _below.Wake();

    /// <inheritdoc/>
    public void SetDeadline(TimeSpan? after) => _below.SetDeadline(after);

    /// <inheritdoc/>
    public void Abort() => _below.Abort();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _input.Dispose();
        _output.Dispose();
        return default;
    }
}
