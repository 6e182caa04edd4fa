using System.Globalization;
using System.Text.RegularExpressions;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Peers;

/// <summary>On which way Postfix hands over what it is given.</summary>
internal enum PostfixWay
{
    /// <summary>By the domain: ours by SMTP, <c>elsewhere.test</c> into a Maildir of its own.</summary>
    ByDomain,
    /// <summary>SMTP to our port 25, with TLS where it is offered.</summary>
    Smtp,
    /// <summary>SMTP to our port 25, not without TLS.</summary>
    SmtpWithTls,
    /// <summary>LMTP over TCP.</summary>
    Lmtp,
    /// <summary>LMTP over a Unix socket.</summary>
    LmtpSocket,
}

/// <summary>A real Postfix before our server, with files of its own in a folder of its own. It runs as root does (and drops its rights by itself).</summary>
internal sealed partial class PostfixServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Dictionary<PostfixWay, int> _ports;
    private readonly LogFollower _log;

    private PostfixServer(string folder, Dictionary<PostfixWay, int> ports)
    {
        _folder = folder;
        _ports = ports;
        _log = new LogFollower(Path.Combine(folder, "maillog"));
    }

    /// <summary>Whether there is a Postfix, and the user who may start it.</summary>
    public static bool CanRun => Environment.UserName == "root" && Programs.Has("postfix");

    public static async Task<PostfixServer> StartAsync(LastHop hop)
    {
        string folder = LastHop.WorldReadable("mailaccess-postfix-");
        Dictionary<PostfixWay, int> ports = Enum.GetValues<PostfixWay>().ToDictionary(w => w, w => w == PostfixWay.ByDomain ? hop.SmartHostPort : FreePorts.Next());
        foreach (string name in new[] { "etc", "spool", "data", "mail" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }
        await Programs.RunAsync("chown", ["postfix", Path.Combine(folder, "data")]);
        await Programs.RunAsync("chown", ["nobody", Path.Combine(folder, "mail")]);
        await File.WriteAllTextAsync(Path.Combine(folder, "etc", "main.cf"), MainCf(folder, hop));
        await File.WriteAllTextAsync(Path.Combine(folder, "etc", "master.cf"), MasterCf(hop, ports));
        await File.WriteAllTextAsync(Path.Combine(folder, "maillog"), "");
        PostfixServer server = new(folder, ports);
        (int code, string said) = await Programs.TryRunAsync("postfix", ["-c", Path.Combine(folder, "etc"), "start"]);
        Assert.True(code == 0, $"Postfix does not start: {said}\n{await File.ReadAllTextAsync(Path.Combine(folder, "maillog"))}");
        return server;
    }

    /// <summary>Gives Postfix a message to hand over on this way; its queue id there.</summary>
    public async Task<string> SendAsync(PostfixWay way, string from, string[] recipients, byte[] message, string? notify = null)
    {
        string file = Path.Combine(_folder, "message");
        await File.WriteAllBytesAsync(file, message);
        string[] arguments = [Path.Combine(Programs.Clients, "send.py"), _ports[way].ToString(CultureInfo.InvariantCulture), from, string.Join(',', recipients), file];
        string reply = await Programs.RunAsync("python3", notify is null ? arguments : [.. arguments, notify]);
        return QueuedAs().Match(reply).Groups[1].Value;
    }

    /// <summary>The line of its log that says what became of a message for a recipient.</summary>
    public Task<string> OutcomeAsync(string queueId, string recipient) => LogLineAsync($"{queueId}: to=<{recipient}>");

    /// <summary>The first line of its log in which this stands; waits for it.</summary>
    public Task<string> LogLineAsync(string words) => _log.LineAsync(words);

    /// <summary>What its queue holds, an object a line.</summary>
    public Task<string> QueueAsync() => Programs.RunAsync("postqueue", ["-c", Path.Combine(_folder, "etc"), "-j"]);

    /// <summary>The messages that it kept in the Maildir of a user at <c>elsewhere.test</c>; waits for nothing.</summary>
    public string[] MailOf(string user)
    {
        string folder = Path.Combine(_folder, "mail", user, "new");
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Select(File.ReadAllText)] : [];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _log.Dispose();
        await Programs.RunAsync("postfix", ["-c", Path.Combine(_folder, "etc"), "stop"]);
        Directory.Delete(_folder, recursive: true);
    }

    [GeneratedRegex("queued as ([0-9A-Za-z]+)")]
    private static partial Regex QueuedAs();

    private static string MainCf(string folder, LastHop hop) => $$"""
        compatibility_level = 3.6
        queue_directory = {{folder}}/spool
        data_directory = {{folder}}/data
        command_directory = /usr/sbin
        daemon_directory = /usr/lib/postfix/sbin
        mail_owner = postfix
        setgid_group = postdrop
        maillog_file = {{folder}}/maillog
        maillog_file_prefixes = {{folder}}
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = postfix.elsewhere.test
        mydestination =
        mynetworks = 127.0.0.0/8
        alias_maps =
        local_recipient_maps =
        smtpd_relay_restrictions = permit_mynetworks, reject
        message_size_limit = 52428800
        virtual_mailbox_limit = 0
        virtual_mailbox_domains = elsewhere.test
        virtual_mailbox_base = {{folder}}/mail
        virtual_mailbox_maps = inline:{ {friend@elsewhere.test = friend/} }
        virtual_uid_maps = static:65534
        virtual_gid_maps = static:65534
        virtual_minimum_uid = 1
        transport_maps = inline:{ {example.test = smtp:[127.0.0.1]:{{hop.Server.Port(25)}}} }
        smtp_host_lookup = native
        disable_dns_lookups = yes
        smtpd_peername_lookup = no
        biff = no
        smtp_tls_CAfile = {{hop.CaFile}}
        smtp_tls_security_level = may
        smtp_tls_loglevel = 1
        lmtp_tls_security_level = none
        # The defaults, said because the tests are about them.
        smtputf8_enable = yes
        smtputf8_autodetect_classes = sendmail, verify
        """ + "\n";

    private static string MasterCf(LastHop hop, Dictionary<PostfixWay, int> ports) => $"""
        127.0.0.1:{ports[PostfixWay.ByDomain]} inet n - n - - smtpd
        127.0.0.1:{ports[PostfixWay.Smtp]} inet n - n - - smtpd -o content_filter=smtp:[127.0.0.1]:{hop.Server.Port(25)}
        127.0.0.1:{ports[PostfixWay.SmtpWithTls]} inet n - n - - smtpd -o content_filter=encrypted:[127.0.0.1]:{hop.Server.Port(25)}
        127.0.0.1:{ports[PostfixWay.Lmtp]} inet n - n - - smtpd -o content_filter=lmtp:inet:127.0.0.1:{hop.Server.Port(24)}
        127.0.0.1:{ports[PostfixWay.LmtpSocket]} inet n - n - - smtpd -o content_filter=lmtp:unix:{hop.LmtpSocket}
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        tlsmgr unix - - n 1000? 1 tlsmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        verify unix - - n - 1 verify
        flush unix n - n 1000? 0 flush
        proxymap unix - - n - - proxymap
        smtp unix - - n - - smtp
        encrypted unix - - n - - smtp -o smtp_tls_security_level=encrypt
        lmtp unix - - n - - lmtp
        virtual unix - n n - - virtual
        error unix - - n - - error
        retry unix - - n - - error
        showq unix n - n - - showq
        anvil unix - - n - 1 anvil
        scache unix - - n - 1 scache
        postlog unix-dgram n - n - 1 postlogd

        """;
}
