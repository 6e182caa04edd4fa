using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Submission.Tests;

/// <summary>The engine on the real transport: sockets and TLS of this machine, a clock that stands still.</summary>
public sealed class LoopbackTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _folder = Directory.CreateTempSubdirectory("submission").FullName;
    private readonly List<IAsyncDisposable> _open = [];

    [Fact]
    public async Task A_message_goes_from_STARTTLS_to_the_sink()
    {
        ServerFixture server = new(SubmissionRole.Submission);
        Stream client = await ConnectAsync(server, TlsMode.StartTls);
        await HearAsync(client, "220 mx.example.test ESMTP MailAccess\r\n");
        await client.WriteAsync("EHLO c.example\r\n"u8.ToArray());
        Assert.Contains("STARTTLS\r\n", await HearUntilAsync(client, "250 HELP\r\n"), StringComparison.Ordinal);
        await client.WriteAsync("STARTTLS\r\n"u8.ToArray());
        await HearAsync(client, "220 2.0.0 go ahead\r\n");
        SslStream secure = new(client, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await secure.AuthenticateAsClientAsync("mx.example.test").WaitAsync(Patience);
        await secure.WriteAsync("EHLO c.example\r\n"u8.ToArray());
        Assert.Contains("250-AUTH TWO-STEP PLAIN LOGIN\r\n", await HearUntilAsync(secure, "250 HELP\r\n"), StringComparison.Ordinal);
        await secure.WriteAsync("AUTH PLAIN AGFsaWNlAGRlbW8=\r\n"u8.ToArray());
        await HearAsync(secure, "235 2.7.0 authentication succeeded\r\n");
        await secure.WriteAsync("MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n"u8.ToArray());
        await HearUntilAsync(secure, "354 end with <CRLF>.<CRLF>\r\n");
        await secure.WriteAsync("From: alice@example.test\r\n\r\n..x\r\n.\r\nQUIT\r\n"u8.ToArray());
        await HearAsync(secure, "250 2.0.0 accepted as Q1\r\n221 2.0.0 goodbye\r\n");
        string content = Assert.Single(server.Sink.Received).Content;
        Assert.Contains("Received: from c.example ([127.0.0.1])", content, StringComparison.Ordinal);
        Assert.Contains("(TLSv1.3 cipher TLS_", content.Replace("\r\n ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n.x\r\n", content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_behind_STARTTLS_end_the_connection_without_a_word()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        Stream client = await ConnectAsync(server, TlsMode.StartTls);
        await HearAsync(client, "220 mx.example.test ESMTP MailAccess\r\n");
        await client.WriteAsync("STARTTLS\r\nMAIL FROM:<>\r\n"u8.ToArray());
        Assert.DoesNotContain("250", await HearAllAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_speaks_before_the_greeting_is_sent_away()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        server.Limits = server.Limits with { EarlyTalkerDelay = TimeSpan.FromSeconds(1) };
        Stream client = await ConnectAsync(server, TlsMode.None);
        await client.WriteAsync("EHLO c.example\r\n"u8.ToArray());
        Assert.StartsWith("554 5.5.1 you must wait for the greeting\r\n", await HearAllAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_megabytes_arrive_as_they_were_sent()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        server.Sink.MessageOctetsMax = 10 << 20;
        Stream client = await ConnectAsync(server, TlsMode.Implicit);
        await HearAsync(client, "220 mx.example.test ESMTP MailAccess\r\n");
        Random random = new(1870);
        StringBuilder body = new("Subject: big\r\n\r\n");
        while (body.Length < 5 << 20)
        {
            body.Append(random.Next(4) == 0 ? "." : "").Append('a', random.Next(200)).Append("\r\n");
        }
        string stuffed = body.ToString().Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        Task writing = client.WriteAsync(Encoding.ASCII.GetBytes(
            "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n" + stuffed + ".\r\nQUIT\r\n")).AsTask();
        await HearUntilAsync(client, "221 2.0.0 goodbye\r\n");
        await writing.WaitAsync(Patience);
        Assert.EndsWith(body.ToString(), Assert.Single(server.Sink.Received).Content, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable open in Enumerable.Reverse(_open))
        {
            await open.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task HearAsync(Stream client, string expected)
    {
        byte[] octets = new byte[expected.Length];
        await client.ReadExactlyAsync(octets).AsTask().WaitAsync(Patience);
        Assert.Equal(expected, Encoding.ASCII.GetString(octets));
    }

    private static async Task<string> HearUntilAsync(Stream client, string end)
    {
        StringBuilder heard = new();
        byte[] octets = new byte[4096];
        while (!heard.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            int count = await client.ReadAsync(octets).AsTask().WaitAsync(Patience);
            Assert.True(count > 0, $"the server hung up after: {heard}");
            heard.Append(Encoding.ASCII.GetString(octets, 0, count));
        }
        return heard.ToString();
    }

    private static async Task<string> HearAllAsync(Stream client)
    {
        MemoryStream heard = new();
        try
        {
            await client.CopyToAsync(heard).WaitAsync(Patience);
        }
        catch (IOException)
        {
            heard.Write("<reset>"u8);
        }
        return Encoding.ASCII.GetString(heard.ToArray());
    }

    private async Task<Stream> ConnectAsync(ServerFixture server, TlsMode tls)
    {
        ConnectionHost host = new(new WireLimits(), server.Clock);
        host.Add(
            new ListenerOptions
            {
                Name = "test",
                Protocol = WireProtocol.Smtp,
                EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
                Tls = tls,
                Certificates = tls == TlsMode.None ? null : MakeCertificates(),
            },
            server.RunAsync);
        Assert.True(host.TryStart(out IReadOnlyList<string> errors), string.Join('\n', errors));
        _open.Add(host);
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.EndPointOf("test")).WaitAsync(Patience);
        Stream plain = new NetworkStream(socket, ownsSocket: true);
        _open.Add(plain);
        if (tls != TlsMode.Implicit)
        {
            return plain;
        }
        SslStream secure = new(plain, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await secure.AuthenticateAsClientAsync("mx.example.test").WaitAsync(Patience);
        return secure;
    }

    private TlsCertificates MakeCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=mx.example.test", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        CertificateFiles files = new(Path.Combine(_folder, "mx.pem"), Path.Combine(_folder, "mx.key"));
        File.WriteAllText(files.CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(files.KeyPath, key.ExportPkcs8PrivateKeyPem());
        Assert.True(TlsCertificates.TryLoad([files], out TlsCertificates? certificates, out IReadOnlyList<string> errors), string.Join('\n', errors));
        return certificates;
    }
}
