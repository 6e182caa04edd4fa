using System.Globalization;

namespace MailAccess.EndToEnd.Peers;

/// <summary>On which way Exim hands over.</summary>
internal enum EximWay
{
    /// <summary>SMTP to our port 25, by BDAT, not without TLS and only to a certificate that it can verify.</summary>
    Smtp,
    /// <summary>LMTP over TCP, by BDAT.</summary>
    Lmtp,
    /// <summary>LMTP over a Unix socket, by DATA.</summary>
    LmtpSocket,
}

/// <summary>
/// A real Exim before our server, with files of its own in a folder of its own. No daemon: it queues what it is given, then runs its queue once. It needs root, as
/// only root may give it a configuration, and the user Debian-exim.
/// </summary>
internal sealed class EximRelay : IAsyncDisposable
{
    /// <summary>Debian installs one mail transport agent; <c>./test</c> unpacks Exim there where another one is installed.</summary>
    private static readonly string Unpacked =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "mailaccess-tests", "exim4", "usr", "sbin", "exim4");

    private readonly string _folder = LastHop.WorldReadable("mailaccess-exim-");
    private readonly string _configuration;

    private EximRelay() => _configuration = Path.Combine(_folder, "exim.conf");

    /// <summary>Whether there is an Exim, and the user who may run it.</summary>
    public static bool CanRun => Environment.UserName == "root" && (Programs.Has("exim4") || File.Exists(Unpacked));

    private string Program => Programs.Has("exim4") ? "/usr/sbin/exim4" : Path.Combine(_folder, "exim4");

    private string Bounces => Path.Combine(_folder, "spool", "bounces");

    /// <summary>Exim calls itself when it has dropped its rights, and root's own folder is closed to it then: what was unpacked is copied beside the configuration. The program to run.</summary>
    public static string CopyTo(string folder)
    {
        if (Programs.Has("exim4"))
        {
            return "/usr/sbin/exim4";
        }
        string program = Path.Combine(folder, "exim4");
        File.Copy(Unpacked, program);
        return program;
    }

    public static async Task<EximRelay> StartAsync(LastHop hop, EximWay way)
    {
        EximRelay exim = new();
        CopyTo(exim._folder);
        Directory.CreateDirectory(Path.Combine(exim._folder, "spool"));
        await Programs.RunAsync("chown", ["Debian-exim:Debian-exim", Path.Combine(exim._folder, "spool")]);
        await File.WriteAllTextAsync(exim._configuration, exim.Configuration(hop, way));
        return exim;
    }

    /// <summary>Queues a message and runs the queue twice, the second time for what it reports; its log of that.</summary>
    public async Task<string> SendAsync(string from, string[] recipients, string message)
    {
        await Programs.RunAsync(Program, ["-C", _configuration, "-odq", "-oi", "-f", from, .. recipients], message);
        await RunQueueAsync();
        await RunQueueAsync();
        return await File.ReadAllTextAsync(Path.Combine(_folder, "spool", "log", "mainlog"));
    }

    /// <summary>What waits in its queue, for people.</summary>
    public Task<string> QueueAsync() => Programs.RunAsync(Program, ["-C", _configuration, "-bp"]);

    /// <summary>What it reported to senders at <c>elsewhere.test</c>.</summary>
    public async Task<string> ReportsAsync() => File.Exists(Bounces) ? await File.ReadAllTextAsync(Bounces) : "";

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return default;
    }

    private async Task RunQueueAsync() => await Programs.RunAsync(Program, ["-C", _configuration, "-qff"]);

    private string Configuration(LastHop hop, EximWay way) => $$"""
        exim_path = {{Program}}
        spool_directory = {{_folder}}/spool
        log_file_path = {{_folder}}/spool/log/%slog
        log_selector = +smtp_confirmation +tls_cipher +tls_certificate_verified +pipelining
        primary_hostname = exim.elsewhere.test
        local_from_check = false
        keep_environment =
        allow_utf8_domains = true

        begin routers
        ours:
          driver = manualroute
          domains = example.test
          transport = {{(way == EximWay.LmtpSocket ? "socket" : "network")}}
          route_list = * 127.0.0.1
          self = send
        theirs:
          driver = accept
          domains = elsewhere.test
          transport = file

        begin transports
        network:
          driver = smtp
          {{(way == EximWay.Smtp ? $"port = {Port(hop, 25)}\n  hosts_require_tls = *\n  tls_verify_hosts = *\n  tls_verify_cert_hostnames =" : $"port = {Port(hop, 24)}\n  protocol = lmtp\n  hosts_avoid_tls = *")}}
          tls_verify_certificates = {{hop.CaFile}}
          hosts_try_chunking = *
        socket:
          driver = lmtp
          socket = {{hop.LmtpSocket}}
          batch_max = 100
          user = Debian-exim
        file:
          driver = appendfile
          file = {{Bounces}}
          user = Debian-exim

        begin retry
        * * F,1h,5m
        """ + "\n";

    private static string Port(LastHop hop, int standard) => hop.Server.Port(standard).ToString(CultureInfo.InvariantCulture);
}
