using System.Formats.Asn1;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Directories.Ldap;

/// <summary>A connection to a directory server, one request at a time. After any exception it is of no more use.</summary>
internal sealed class LdapClient : IDisposable
{
    private const int MessageOctetsMax = 4 << 20;
    private const int SearchOctetsMax = 256 << 20;
    private const int PageEntries = 500;
    private const int Success = 0;
    private const int SizeLimitExceeded = 4;
    private const int NoSuchObject = 32;

    private readonly Socket _socket;
    private Stream _stream;
    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private int _id;

    private LdapClient(Socket socket)
    {
        _socket = socket;
        _stream = Stream.Null;
    }

    /// <summary>Connects, and begins TLS where that is wanted.</summary>
    public static async Task<LdapClient> ConnectAsync(LdapOptions options, Uri server, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        LdapClient client = new(socket);
        try
        {
            bool isImplicit = server.Scheme == "ldaps";
            await socket.ConnectAsync(server.IdnHost.Trim('[', ']'), server.Port < 1 ? isImplicit ? 636 : 389 : server.Port, cancellationToken);
            client._stream = new NetworkStream(socket);
            if (!isImplicit && options.StartTls)
            {
                LdapResult result = await client.AskAsync(LdapMessages.StartTls(++client._id), LdapMessages.ExtendedResponse, cancellationToken);
                if (result.Code != Success || client._start != client._end) // Nothing that came in clear may be believed under TLS.
                {
                    throw new LdapResultException("StartTLS", result.Code, result.Message);
                }
            }
            if (isImplicit || options.StartTls)
            {
                await client.SecureAsync(options, server.IdnHost.Trim('[', ']'), cancellationToken);
            }
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>A simple bind (RFC 4513 §5.1). Never with an empty password, which would succeed for nobody in particular (§5.1.2).</summary>
    public async Task<LdapResult> BindAsync(string dn, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        if (dn.Length == 0 || password.IsEmpty)
        {
            throw new ArgumentException("A bind needs a name and a password.");
        }
        byte[] request = LdapMessages.Bind(++_id, dn, password.Span);
        try
        {
            return await AskAsync(request, LdapMessages.BindResponse, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(request);
        }
    }

    /// <summary>The entries found. That the one entry to read is not there is no error; throws <see cref="LdapResultException"/> for others.</summary>
    public async Task<List<LdapEntry>> SearchAsync(LdapSearch search, TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<LdapEntry> found = [];
        int octets = 0;
        byte[] cookie = [];
        do
        {
            int page = search.SizeMax == 0 ? PageEntries : 0;
            await SendAsync(LdapMessages.Search(++_id, search, Math.Max(1, (int)timeout.TotalSeconds), page, cookie), cancellationToken);
            while (true)
            {
                (int kind, AsnReader message) = await ReceiveAsync(cancellationToken);
                octets += message.PeekEncodedValue().Length;
                if (octets > SearchOctetsMax || (search.SizeMax > 0 && found.Count > search.SizeMax))
                {
                    throw new IOException("LDAP: more entries than were asked for");
                }
                if (kind == LdapMessages.SearchEntry)
                {
                    found.Add(LdapMessages.ReadEntry(message));
                    continue;
                }
                if (kind == LdapMessages.SearchReference)
                {
                    continue; // Other servers are asked where the configuration says so.
                }
                LdapResult result = LdapMessages.ReadResult(message, LdapMessages.SearchDone, out cookie);
                bool isMissing = search.IsRead && result.Code == NoSuchObject;
                bool isEnough = result.Code == SizeLimitExceeded && found.Count >= search.SizeMax && search.SizeMax > 0;
                if (result.Code != Success && !isMissing && !isEnough)
                {
                    throw new LdapResultException($"search below {search.Base}", result.Code, result.Message);
                }
                break;
            }
        }
        while (cookie.Length > 0);
        return found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    /// <summary>The server must be who its address says: RFC 4513 §3.1.3.</summary>
    private async Task SecureAsync(LdapOptions options, string host, CancellationToken cancellationToken)
    {
        SslClientAuthenticationOptions tls = new() { TargetHost = host, EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 };
        if (options.AuthorityFile is { } file)
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            tls.CertificateChainPolicy = policy;
        }
        SslStream secure = new(_stream);
        _stream = secure;
        await secure.AuthenticateAsClientAsync(tls, cancellationToken);
    }

    private async Task<LdapResult> AskAsync(byte[] request, int expected, CancellationToken cancellationToken)
    {
        await SendAsync(request, cancellationToken);
        (int kind, AsnReader message) = await ReceiveAsync(cancellationToken);
        return kind == expected ? LdapMessages.ReadResult(message, kind, out _) : throw new IOException("LDAP: an answer to something else");
    }

    private async Task SendAsync(byte[] request, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(request, cancellationToken);
        await _stream.FlushAsync(cancellationToken);
    }

    /// <summary>The next message; one that is no answer to the last request (a notice of disconnection, RFC 4511 §4.4.1) ends the connection.</summary>
    private async Task<(int Kind, AsnReader Message)> ReceiveAsync(CancellationToken cancellationToken)
    {
        int length;
        while ((length = MessageLength(_buffer.AsSpan(_start, _end - _start))) == 0 || length > _end - _start)
        {
            if (length > MessageOctetsMax)
            {
                throw new IOException("LDAP: a message of more than 4 MB");
            }
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            Array.Resize(ref _buffer, Math.Max(_buffer.Length, length));
            int read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read > 0 ? read : throw new IOException("LDAP: the server has hung up");
        }
        (int id, int kind, AsnReader message) = LdapMessages.Open(_buffer.AsSpan(_start, length).ToArray());
        _start += length;
        return id == _id ? (kind, message) : throw new IOException("LDAP: the server ends the connection");
    }

    /// <summary>Octets of the message that begins here; 0 where that cannot be seen yet.</summary>
    private static int MessageLength(ReadOnlySpan<byte> octets)
    {
        if (octets.Length < 2)
        {
            return 0;
        }
        int further = octets[1] < 0x80 ? 0 : octets[1] - 0x80;
        if (octets[0] != 0x30 || further > 4 || octets[1] == 0x80) // Lengths are definite: RFC 4511 §5.1.
        {
            throw new IOException("LDAP: this is another protocol");
        }
        if (octets.Length < 2 + further)
        {
            return 0;
        }
        long length = further == 0 ? octets[1] : 0;
        foreach (byte digit in octets.Slice(2, further))
        {
            length = (length << 8) | digit;
        }
        return (int)Math.Min(length + 2 + further, int.MaxValue);
    }
}
