using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>
/// The world on one machine: names by a real bind9, exchangers at addresses of 127/8 and at ::1, all at one port, and our server, which finds them by MX. Some of
/// them are a real Postfix and a real Exim.
/// </summary>
public sealed class LoopbackInternet : IAsyncLifetime
{
    /// <summary>Who sends.</summary>
    public const string Alice = "alice@example.test";

    private const string Password = "demo";
    private const int Seconds = 120;

    /// <summary>Further lines of the messages to Postfix and Exim: more than a chunk, and more than may be under way at once.</summary>
    public const int LargeLines = 20_000;

    private readonly TaskCompletionSource _tarpit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, int> _refusals = new();
    private readonly List<IAsyncDisposable> _world = [];
    private readonly TestAuthority _authority = TestAuthority.Create();
    private NameServers? _names;
    private string? _authorityFolder;

    /// <summary>Why there is no such world here, or null.</summary>
    public string? Lacks { get; private set; }

    /// <summary>In the subject of every message.</summary>
    public string Token { get; } = $"internet-{Guid.NewGuid():N}";

    /// <summary>Whether domains have MTA-STS policies that can be fetched: where we may listen at port 443.</summary>
    public bool HasPolicies { get; private set; }

    internal DemoServer Server { get; private set; } = null!;

    internal PostfixSink Postfix { get; private set; } = null!;

    internal EximSink Exim { get; private set; } = null!;

    /// <summary>Exchangers by their last octet in 127.0.1.</summary>
    internal Dictionary<int, ScriptedPeer> Peers { get; } = [];

    /// <summary>At ::1.</summary>
    internal ScriptedPeer? Six { get; private set; }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Lacks = !NameServers.CanRun ? "bind9 is not installed"
            : !EndToEnd.Peers.PostfixServer.CanRun || !EndToEnd.Peers.EximRelay.CanRun ? "Postfix and Exim are not installed, or not run by root"
            : !Programs.Has("python3") ? "python3 is not installed" : null;
        if (Lacks is not null)
        {
            return;
        }
        int port = FreePorts.Next();
        X509Certificate2 certificate = _authority.Issue("mx.dane.test");
        _names = await NameServers.StartAsync(Zone + Associations(port, certificate), Plain);
        Peer(2, port, null); // Everybody's good exchanger.
        Peer(3, port, c => c.Verb == "CONNECT" ? Wait() : null);
        Peer(4, port, c => c.Verb == "RCPT" && _refusals.AddOrUpdate("later", 1, (_, n) => n + 1) == 1 ? "451 4.7.1 greylisted, come again" : null);
        Peer(5, port, c => c.Verb is "EHLO" ? "502 5.5.1 what is that?" : null);
        Peer(6, port, c => c.Verb == "CONNECT" ? "421 4.3.2 too busy" : null);
        Peer(7, port, c => c.Verb == "RCPT" ? "550 5.1.1 no such user" : null);
        Peer(8, port, c => c.Verb == "." ? "554 5.7.1 that is spam" : null);
        Peer(9, port, null, certificate);
        Peer(10, port, null, _authority.Issue("mx.proven.plain"));
        PolicyServer? policies = PolicyServer.TryStart("127.0.1.30", _authority.Issue(Policies.Keys.Select(PolicyServer.HostOf)), Policies);
        HasPolicies = policies is not null;
        _world.AddRange(policies is null ? [] : [policies]);
        Six = new ScriptedPeer(address: IPAddress.IPv6Loopback, port: port);
        _world.Add(Six);
        Dictionary<string, string> environment = new()
        {
            ["MAILACCESS_QUEUE__RELAY"] = "true",
            ["MAILACCESS_QUEUE__DNSSERVERS"] = JsonSerializer.Serialize(new[] { _names.Resolver.ToString() }),
            ["MAILACCESS_QUEUE__REMOTEPORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["MAILACCESS_QUEUE__FIRSTRETRY"] = "1s",
            ["MAILACCESS_QUEUE__LONGESTRETRY"] = "2s",
            ["MAILACCESS_QUEUE__LIFETIME"] = "20s",
        };
        _authorityFolder = Directory.CreateTempSubdirectory("mailaccess-internet-").FullName;
        environment["MAILACCESS_QUEUE__TLSAUTHORITIES"] = Path.Combine(_authorityFolder, "authority.pem");
        await File.WriteAllTextAsync(environment["MAILACCESS_QUEUE__TLSAUTHORITIES"], _authority.Certificate.ExportCertificatePem());
        Server = await DemoServer.StartAsync(environment: environment);
        Postfix = await PostfixSink.StartAsync("postfix.test", "127.0.1.20", port, await PemAsync());
        Exim = await EximSink.StartAsync("exim.test", "127.0.1.21", port);
        await Programs.RunAsync("python3", [Path.Combine(Programs.Clients, "submit.py"), .. Client(), Alice, Password, Token, .. Recipients.Select(r => r.StartsWith("friend@", StringComparison.Ordinal) ? $"{r}*{LargeLines}" : r)]);
    }

    /// <summary>How those messages end.</summary>
    public static string LargeEnd { get; } =
        string.Concat(Enumerable.Range(0, LargeLines).Select(i => string.Create(CultureInfo.InvariantCulture, $".{i} {new string('x', 60)}\n")));

    /// <summary>All at once: nobody waits for anybody.</summary>
    private static readonly string[] Recipients =
    [
        "x@tarpit.test", "x@several.test", "x@equal.test", "x@dead.test", "x@later.test", "x@null.test", "x@cname.test", "x@six.test", "x@implicit.test", "x@helo.test",
        "x@busy.test", "x@unknown.test", "x@spam.test", "x@nowhere.test", "x@dangling.test", "x@ours.test", "x@lame.test", "friend@postfix.test", "foe@postfix.test",
        "friend@exim.test", "foe@exim.test", "x@unsigned.plain", "x@dane.test", "x@anchored.test", "x@forged.test", "x@stripped.test", "x@proven.plain", "x@elsewhere.plain", "x@misnamed.plain",
    ];

    private const string Zone = """
        good MX 10 mx.good
        mx.good A 127.0.1.2
        tarpit MX 10 mx.tarpit
        mx.tarpit A 127.0.1.3
        several MX 10 mx1.several
        several MX 20 mx2.several
        several MX 30 mx.good
        mx1.several A 127.0.1.99
        mx2.several A 127.0.1.6
        equal MX 10 mx.good
        equal MX 10 mx1.several
        dead MX 10 mx1.several
        later MX 10 mx.later
        mx.later A 127.0.1.4
        null MX 0 .
        cname CNAME good
        six MX 10 mx.six
        mx.six AAAA ::1
        implicit A 127.0.1.2
        helo MX 10 mx.helo
        mx.helo A 127.0.1.5
        busy MX 10 mx2.several
        unknown MX 10 mx.unknown
        mx.unknown A 127.0.1.7
        spam MX 10 mx.spam
        mx.spam A 127.0.1.8
        dangling MX 10 nothing
        ours MX 10 mail.example
        mail.example A 127.0.1.2
        lame NS ns.lame
        ns.lame A 127.0.1.98
        postfix MX 10 mx.postfix
        mx.postfix A 127.0.1.20
        exim MX 10 mx.exim
        mx.exim A 127.0.1.21

        """;

    private const string Plain = """
        unsigned MX 10 mx.unsigned
        mx.unsigned A 127.0.1.2
        proven MX 10 mx.proven
        mx.proven A 127.0.1.10
        _mta-sts.proven TXT "v=STSv1; id=1"
        mta-sts.proven A 127.0.1.30
        elsewhere MX 10 mx.proven
        _mta-sts.elsewhere TXT "v=STSv1; id=1"
        mta-sts.elsewhere A 127.0.1.30
        misnamed MX 10 mx.misnamed
        mx.misnamed A 127.0.1.10
        _mta-sts.misnamed TXT "v=STSv1; id=1"
        mta-sts.misnamed A 127.0.1.30

        """;

    /// <summary>RFC 8461 §3.2. The second does not name its domain's host; the third does, but the host's certificate is for another name.</summary>
    private static readonly Dictionary<string, string> Policies = new()
    {
        ["proven.plain"] = "version: STSv1\r\nmode: enforce\r\nmx: mx.proven.plain\r\nmax_age: 86400\r\n",
        ["elsewhere.plain"] = "version: STSv1\r\nmode: enforce\r\nmx: mx.elsewhere.plain\r\nmax_age: 86400\r\n",
        ["misnamed.plain"] = "version: STSv1\r\nmode: enforce\r\nmx: *.misnamed.plain\r\nmx: mx.misnamed.plain\r\nmax_age: 86400\r\n",
    };

    /// <summary>The tarpit says its greeting.</summary>
    public void OpenTarpit() => _tarpit.TrySetResult();

    /// <summary>The message in alice's INBOX that holds all these words; waits for it.</summary>
    public Task<string> ReportAsync(params string[] words) =>
        Programs.RunAsync("python3", [Path.Combine(Programs.Clients, "await_mail.py"), .. Client(), Alice, Password, Seconds.ToString(CultureInfo.InvariantCulture), .. words]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        OpenTarpit();
        _authority.Dispose();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
        foreach (IAsyncDisposable server in _world.Append(Postfix).Append(Exim).Append(_names).OfType<IAsyncDisposable>())
        {
            await server.DisposeAsync();
        }
        if (_authorityFolder is not null)
        {
            Directory.Delete(_authorityFolder, recursive: true);
        }
        GC.SuppressFinalize(this);
    }

    private string[] Client() => [Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile];

    // RFC 6698: one that fits, one for its authority, which only DNS has whole, one of somebody else, and one whose host has no TLS.
    private string Associations(int port, X509Certificate2 certificate)
    {
        string fits = Convert.ToHexString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        string anchor = Convert.ToHexString(_authority.Certificate.RawData);
        return string.Create(CultureInfo.InvariantCulture, $"""
            dane MX 10 mx.dane
            mx.dane A 127.0.1.9
            _{port}._tcp.mx.dane TLSA 3 1 1 {fits}
            anchored MX 10 mx.anchored
            anchored MX 20 mx.dane
            mx.anchored A 127.0.1.9
            _{port}._tcp.mx.anchored CNAME _tlsa.anchored
            _tlsa.anchored TLSA 2 0 0 {anchor}
            forged MX 10 mx.forged
            mx.forged A 127.0.1.9
            _{port}._tcp.mx.forged TLSA 3 1 1 {new string('A', 64)}
            stripped MX 10 mx.stripped
            mx.stripped A 127.0.1.2
            _{port}._tcp.mx.stripped TLSA 3 1 1 {fits}

            """);
    }

    private void Peer(int octet, int port, Func<PeerCommand, PeerAnswer?>? script, X509Certificate2? certificate = null)
    {
        ScriptedPeer peer = new(script, IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.1.{octet}")), port) { Certificate = certificate };
        Peers[octet] = peer;
        _world.Add(peer);
    }

    private PeerAnswer? Wait()
    {
        _tarpit.Task.GetAwaiter().GetResult();
        return null;
    }

    private async Task<string> PemAsync()
    {
        string tls = Path.Combine(Server.Data, "tls");
        string file = Path.Combine(Server.Data, "key-and-chain.pem");
        await File.WriteAllTextAsync(file, await File.ReadAllTextAsync(Path.Combine(tls, "server.key")) + await File.ReadAllTextAsync(Path.Combine(tls, "server.pem")));
        return file;
    }
}
