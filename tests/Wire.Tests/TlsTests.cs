using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _files = new();
    private readonly TlsCertificates _certificates;

    public TlsTests() => _certificates = TestCertificates.Load(_files.Write("mail", ["mail.example.test"]));

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Implicit_TLS_carries_the_session_and_its_facts_are_told()
    {
        TlsFacts? facts = null;
        await using Loopback loopback = Implicit(connection =>
        {
            facts = connection.Tls;
            Assert.False(connection.CanUpgradeToTls);
            return TransportTests.EchoAsync(connection);
        });
        await using SslStream client = await loopback.OpenTlsAsync();
        await client.SayAsync("hello\r\nbye\r\n");
        Assert.Equal("hello\r\nbye\r\n", await client.HearAllAsync()); // A clean close_notify: no exception.
        Assert.Equal("TLSv1.3", facts!.Protocol);
        Assert.StartsWith("TLS_AES_", facts.CipherSuite, StringComparison.Ordinal);
        Assert.Equal("mail.example.test", facts.ServerName);
        Assert.Equal(SHA256.HashData(client.RemoteCertificate!.GetRawCertData()), facts.ServerEndPointBinding.ToArray());
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, "TLSv1.2")]
    [InlineData(SslProtocols.Tls13, "TLSv1.3")]
    public async Task Both_versions_are_spoken(SslProtocols version, string name)
    {
        string? protocol = null;
        await using Loopback loopback = Implicit(connection =>
        {
            protocol = connection.Tls!.Protocol;
            return TransportTests.EchoAsync(connection);
        });
        await using SslStream client = await loopback.OpenTlsAsync(protocols: version);
        await client.SayAsync("bye\r\n");
        Assert.Equal("bye\r\n", await client.HearAllAsync());
        Assert.Equal(name, protocol);
    }

    [Fact]
    public async Task The_chain_is_sent_whole()
    {
        await using Loopback loopback = Implicit(TransportTests.EchoAsync);
        string[] sent = [];
        await using NetworkStream plain = await loopback.OpenAsync();
        await using var client = new SslStream(plain, false, (_, _, chain, _) =>
        {
            sent = [.. chain!.ChainPolicy.ExtraStore.Select(c => c.Subject)];
            return true;
        });
        await client.AuthenticateAsClientAsync("mail.example.test").Soon();
        Assert.Contains("CN=Test Intermediate", sent);
    }

    [Fact]
    public async Task Starttls_upgrades_in_the_middle_and_a_wake_works_below_and_above()
    {
        IConnection? served = null;
        await using Loopback loopback = StartTls(connection =>
        {
            served = connection;
            return StartTlsSessionAsync(connection);
        });
        await using NetworkStream plain = await loopback.OpenAsync();
        await plain.SayAsync("STARTTLS\r\n");
        Assert.Equal("go ahead\r\n", await plain.HearAsync(10));
        await using SslStream client = await Loopback.StartTlsAsync(plain);
        for (int i = 0; i < 50; i++)
        {
            await client.SayAsync("x\r\n");
            Assert.Equal("x\r\n", await client.HearAsync(3));
            served!.Wake();
            Assert.Equal("woken\r\n", await client.HearAsync(7));
            await client.SayAsync("half");
            served.Wake();
            Assert.Equal("woken\r\n", await client.HearAsync(7));
            await client.SayAsync(" line\r\n");
            Assert.Equal("half line\r\n", await client.HearAsync(11));
        }
        await client.SayAsync("bye\r\n");
        Assert.Equal("bye\r\n", await client.HearAllAsync());
        client.Close();
        await loopback.DrainedAsync();
        // In and out, before TLS and behind it.
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains($"{10 + 5 + (50 * (3 + 11))} octets in, {10 + 5 + (50 * (3 + 7 + 7 + 11))} out, TLS TLSv1.3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wake_during_the_handshake_is_heard_by_the_first_read_after_it()
    {
        IConnection? served = null;
        var upgrading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Loopback loopback = StartTls(async connection =>
        {
            served = connection;
            ValueTask<bool> upgrade = connection.UpgradeToTlsAsync();
            upgrading.SetResult();
            return await upgrade ? await TransportTests.EchoAsync(connection) : SessionEnd.TlsFailed;
        });
        await using NetworkStream plain = await loopback.OpenAsync();
        await upgrading.Task.Soon();
        served!.Wake();
        await using SslStream client = await Loopback.StartTlsAsync(plain);
        Assert.Equal("woken\r\n", await client.HearAsync(7));
    }

    [Theory]
    [InlineData("STARTTLS\r\nNOOP\r\n")] // CVE-2011-0411, in one packet
    [InlineData("STARTTLS\r\nN")]
    [InlineData("STARTTLS\r\n\x16\x03\x01")] // even a handshake's start, when it came before our go-ahead
    public async Task Plaintext_behind_starttls_ends_the_connection(string injected)
    {
        await using Loopback loopback = StartTls(StartTlsSessionAsync);
        await using NetworkStream plain = await loopback.OpenAsync();
        await plain.SayAsync(injected);
        Assert.Equal("go ahead\r\n", await plain.HearAllAsync());
        Assert.Equal(SessionEnd.TlsFailed, Assert.Single(loopback.Ends));
        Assert.DoesNotContain(loopback.Logger.Lines, l => l.Level > LogLevel.Information);
    }

    [Fact]
    public async Task Plaintext_that_arrives_after_the_go_ahead_ends_the_connection()
    {
        var arrived = new TaskCompletionSource();
        await using Loopback loopback = StartTls(async connection =>
        {
            await connection.Output.WriteAsync("go ahead\r\n"u8.ToArray());
            await arrived.Task;
            return await connection.UpgradeToTlsAsync() ? SessionEnd.ClientQuit : SessionEnd.TlsFailed;
        });
        await using NetworkStream plain = await loopback.OpenAsync();
        await plain.HearAsync(10);
        await plain.SayAsync("EHLO x\r\n");
        arrived.SetResult();
        Assert.Equal("", await plain.HearAllAsync());
        Assert.Equal(SessionEnd.TlsFailed, Assert.Single(loopback.Ends));
    }

    [Theory]
    [InlineData("EHLO this is no TLS at all\r\n\r\n")]
    [InlineData("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")]
    [InlineData("\x16\x03\x01\xFF\xFF")]
    public async Task Garbage_instead_of_a_hello_is_hung_up_on(string garbage)
    {
        await using Loopback loopback = Implicit(_ => throw new InvalidOperationException("no session may start"));
        await using NetworkStream plain = await loopback.OpenAsync();
        await plain.SayAsync(garbage);
        plain.Socket.Shutdown(SocketShutdown.Send);
        await plain.HearAllAsync();
        await loopback.DrainedAsync();
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("ended: TlsFailed", StringComparison.Ordinal));
        Assert.DoesNotContain(loopback.Logger.Lines, l => l.Level > LogLevel.Information);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\x16\x03\x01")]
    public async Task A_client_that_never_ends_its_handshake_is_cut_off_in_time(string start)
    {
        await using Loopback loopback = Implicit(_ => throw new InvalidOperationException("no session may start"));
        await using NetworkStream plain = await loopback.OpenAsync();
        await plain.SayAsync(start);
        await loopback.AdvanceUntilAsync(loopback.DrainedAsync());
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("ended: TlsFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Old_versions_are_refused()
    {
        await using Loopback loopback = Implicit(TransportTests.EchoAsync);
#pragma warning disable CS0618, SYSLIB0039, CA5397 // That they are obsolete is the point.
        await Assert.ThrowsAnyAsync<Exception>(() => loopback.OpenTlsAsync(protocols: SslProtocols.Tls11));
#pragma warning restore CS0618, SYSLIB0039, CA5397
    }

    [Fact]
    public async Task A_session_is_resumed()
    {
        await using Loopback loopback = Implicit(TransportTests.EchoAsync);
        var received = new List<long>();
        for (int i = 0; i < 4; i++)
        {
            var counting = new CountingStream(await loopback.ConnectAsync());
            await using SslStream client = await Loopback.StartTlsAsync(counting, protocols: SslProtocols.Tls12);
            received.Add(counting.Received);
            await client.SayAsync("bye\r\n");
            await client.HearAllAsync();
        }
        // A resumed handshake sends no certificates.
        Assert.True(received[^1] < received[0] / 2, string.Join(' ', received));
    }

    [Theory]
    [InlineData("mail.example.test", "CN=first")]
    [InlineData("MAIL.EXAMPLE.TEST", "CN=first")]
    [InlineData("imap.other.test", "CN=second")]
    [InlineData("x.wild.test", "CN=third")]
    [InlineData("a.x.wild.test", "CN=first")] // a wildcard is one label, RFC 9525 §6.3
    [InlineData("wild.test", "CN=first")]
    [InlineData("unknown.test", "CN=first")]
    public async Task The_name_asked_for_chooses_the_certificate(string name, string subject)
    {
        TlsCertificates several = TestCertificates.Load(
            _files.Write("first", ["mail.example.test"]), _files.Write("second", ["imap.other.test"]), _files.Write("third", ["*.wild.test"]));
        await using var loopback = new Loopback(TransportTests.EchoAsync, configure: o => o with { Tls = TlsMode.Implicit, Certificates = several });
        await using SslStream client = await loopback.OpenTlsAsync(name);
        Assert.Equal(subject, client.RemoteCertificate!.Subject);
    }

    [Fact]
    public async Task A_client_without_ecdsa_is_served_the_rsa_certificate_and_others_the_ecdsa_one()
    {
        TlsCertificates both = TestCertificates.Load(_files.Write("ec", ["mail.example.test"]), _files.Write("rsa", ["mail.example.test"], rsa: true));
        Assert.True(both.NeedsClientHello);
        await using var loopback = new Loopback(TransportTests.EchoAsync, configure: o => o with { Tls = TlsMode.Implicit, Certificates = both });
        await using SslStream modern = await loopback.OpenTlsAsync();
        Assert.Equal("CN=ec", modern.RemoteCertificate!.Subject);
        await modern.SayAsync("x\r\n");
        Assert.Equal("x\r\n", await modern.HearAsync(3));

        await using var old = new SslStream(await loopback.OpenAsync());
        await old.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "mail.example.test",
            EnabledSslProtocols = SslProtocols.Tls12,
            CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }).Soon();
        Assert.Equal("CN=rsa", old.RemoteCertificate!.Subject);
    }

    [Fact]
    public async Task Changed_files_are_taken_without_a_restart_and_broken_ones_are_not()
    {
        CertificateFiles files = _files.Write("renewed", ["mail.example.test"]);
        TlsCertificates certificates = TestCertificates.Load(files);
        await using var loopback = new Loopback(TransportTests.EchoAsync, configure: o => o with { Tls = TlsMode.Implicit, Certificates = certificates });
        await using SslStream before = await loopback.OpenTlsAsync();
        Assert.False(certificates.HaveFilesChanged());

        File.WriteAllText(files.KeyPath, "nonsense");
        Assert.True(certificates.HaveFilesChanged());
        Assert.False(certificates.TryReload(out IReadOnlyList<string> errors));
        Assert.Contains(files.KeyPath, Assert.Single(errors), StringComparison.Ordinal);
        await using SslStream between = await loopback.OpenTlsAsync();
        Assert.Equal(before.RemoteCertificate!.GetSerialNumberString(), between.RemoteCertificate!.GetSerialNumberString());

        _files.Write("renewed", ["mail.example.test"]);
        Assert.True(certificates.TryReload(out errors), string.Join('\n', errors));
        Assert.False(certificates.HaveFilesChanged());
        await using SslStream after = await loopback.OpenTlsAsync();
        Assert.NotEqual(before.RemoteCertificate.GetSerialNumberString(), after.RemoteCertificate!.GetSerialNumberString());
        await before.SayAsync("x\r\n"); // Who has TLS already keeps it.
        Assert.Equal("x\r\n", await before.HearAsync(3));
    }

    [Fact]
    public async Task A_session_is_bound_to_the_certificate_of_its_own_handshake()
    {
        CertificateFiles files = _files.Write("bound", ["mail.example.test"]);
        TlsCertificates certificates = TestCertificates.Load(files);
        var sessions = new List<IConnection>();
        await using var loopback = new Loopback(
            connection =>
            {
                sessions.Add(connection);
                return TransportTests.EchoAsync(connection);
            },
            configure: o => o with { Tls = TlsMode.Implicit, Certificates = certificates });
        await using SslStream before = await OpenAsync();
        _files.Write("bound", ["mail.example.test"]);
        Assert.True(certificates.TryReload(out IReadOnlyList<string> errors), string.Join('\n', errors));
        await using SslStream after = await OpenAsync();
        await using SslStream resumed = await OpenAsync();
        Assert.Equal(SHA256.HashData(before.RemoteCertificate!.GetRawCertData()), sessions[0].Tls!.ServerEndPointBinding.ToArray());
        Assert.Equal(SHA256.HashData(after.RemoteCertificate!.GetRawCertData()), sessions[1].Tls!.ServerEndPointBinding.ToArray());
        Assert.Equal(sessions[1].Tls!.ServerEndPointBinding.ToArray(), sessions[2].Tls!.ServerEndPointBinding.ToArray());
        Assert.NotEqual(sessions[0].Tls!.ServerEndPointBinding.ToArray(), sessions[1].Tls!.ServerEndPointBinding.ToArray());

        async Task<SslStream> OpenAsync()
        {
            SslStream client = await loopback.OpenTlsAsync(protocols: SslProtocols.Tls12);
            await client.SayAsync("x\r\n");
            await client.HearAsync(3); // The session has begun.
            return client;
        }
    }

    [Fact]
    public void Each_error_names_its_file_and_what_is_wrong()
    {
        CertificateFiles good = _files.Write("good", ["a.test"]);
        CertificateFiles other = _files.Write("other", ["a.test"]);
        string empty = Path.Combine(_files.Folder, "empty.pem");
        File.WriteAllText(empty, "# nothing\n");
        string torn = Path.Combine(_files.Folder, "torn.pem");
        File.WriteAllText(torn, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        string locked = Path.Combine(_files.Folder, "locked.key");
        File.WriteAllText(locked, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");

        AssertError(new CertificateFiles("/nowhere.pem", good.KeyPath), "/nowhere.pem: does not exist");
        AssertError(new CertificateFiles(empty, good.KeyPath), $"{empty}: holds no certificate");
        AssertError(new CertificateFiles(torn, good.KeyPath), $"{torn}: holds a certificate that cannot be read");
        AssertError(new CertificateFiles(good.CertificatePath, empty), $"{empty}: holds no private key");
        AssertError(new CertificateFiles(good.CertificatePath, locked), $"{locked}: the private key is protected");
        AssertError(new CertificateFiles(good.CertificatePath, other.KeyPath), $"{other.KeyPath}: the key cannot be used");

        static void AssertError(CertificateFiles files, string start)
        {
            Assert.False(TlsCertificates.TryLoad([files], out _, out IReadOnlyList<string> errors));
            Assert.StartsWith(start, Assert.Single(errors), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("SHA256", false)]
    [InlineData("SHA384", false)]
    [InlineData("SHA512", false)]
    [InlineData("SHA384", true)]
    [InlineData("SHA512", true)]
    public void The_binding_uses_the_hash_of_the_certificates_signature(string hash, bool pss)
    {
        var name = new HashAlgorithmName(hash);
        CertificateFiles files = _files.Write(
            $"bind-{hash}-{pss}", ["a.test"], rsa: true, hash: name, padding: pss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(files.CertificatePath);
        byte[] expected = CryptographicOperations.HashData(name, certificate.RawData);
        Assert.Equal(expected, TestCertificates.Load(files).Select(null, true).EndPointBinding.ToArray());
    }

    private Loopback Implicit(Func<IConnection, Task<SessionEnd>> session) =>
        new(session, configure: o => o with { Tls = TlsMode.Implicit, Certificates = _certificates });

    private Loopback StartTls(Func<IConnection, Task<SessionEnd>> session) =>
        new(session, configure: o => o with { Tls = TlsMode.StartTls, Certificates = _certificates });

    private static async Task<SessionEnd> StartTlsSessionAsync(IConnection connection)
    {
        Assert.True(connection.CanUpgradeToTls);
        using (var lines = new LineReader(connection.Input, 100))
        {
            Assert.Equal(LineOutcome.Line, await lines.ReadAsync());
            Assert.True(lines.Line.SequenceEqual("STARTTLS"u8));
        }
        await connection.Output.WriteAsync("go ahead\r\n"u8.ToArray());
        return await connection.UpgradeToTlsAsync() ? await TransportTests.EchoAsync(connection) : SessionEnd.TlsFailed;
    }

    private sealed class CountingStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public long Received { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await base.ReadAsync(buffer, cancellationToken);
            Received += count;
            return count;
        }
    }
}
