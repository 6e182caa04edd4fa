using System.Diagnostics;
using System.Globalization;

namespace MailAccess.EndToEnd.Internet;

/// <summary>A real Exim that takes mail for a domain into Maildirs: another one of the world's servers, which takes BDAT.</summary>
internal sealed class EximSink : IAsyncDisposable
{
    private readonly string _folder = Peers.LastHop.WorldReadable("mailaccess-eximsink-");
    private Peers.LogFollower? _log;
    private Process? _daemon;

    private EximSink()
    {
    }

    /// <summary>Listens at once; knows <c>friend</c> at the domain and nobody else.</summary>
    public static async Task<EximSink> StartAsync(string domain, string address, int port)
    {
        EximSink sink = new();
        string folder = sink._folder;
        string program = Peers.EximRelay.CopyTo(folder);
        Directory.CreateDirectory(Path.Combine(folder, "spool"));
        await Programs.RunAsync("chown", ["Debian-exim:Debian-exim", Path.Combine(folder, "spool")]);
        await File.WriteAllTextAsync(Path.Combine(folder, "exim.conf"), $$"""
            exim_path = {{program}}
            spool_directory = {{folder}}/spool
            log_file_path = {{folder}}/spool/log/%slog
            log_selector = +smtp_protocol_error +received_sender +received_recipients
            primary_hostname = mx.{{domain}}
            local_interfaces = {{address}}
            daemon_smtp_ports = {{port.ToString(CultureInfo.InvariantCulture)}}
            pid_file_path = {{folder}}/spool/pid
            acl_smtp_rcpt = rcpt
            chunking_advertise_hosts = *
            keep_environment =

            begin acl
            rcpt:
              require domains = {{domain}}
                      message = relay not permitted
                      verify = recipient
              accept

            begin routers
            friend:
              driver = accept
              domains = {{domain}}
              local_parts = friend
              transport = maildir

            begin transports
            maildir:
              driver = appendfile
              directory = {{folder}}/spool/mail
              maildir_format
              user = Debian-exim
              delivery_date_add
              envelope_to_add

            """);
        // In the foreground, so that it ends when we end it.
        ProcessStartInfo start = new(program, ["-bdf", "-C", Path.Combine(folder, "exim.conf"), "-q1h"]) { RedirectStandardError = true };
        sink._daemon = Process.Start(start)!;
        sink._log = new Peers.LogFollower(Path.Combine(folder, "spool", "log", "mainlog"));
        await sink._log.LineAsync("daemon started");
        return sink;
    }

    /// <summary>The message in which the words stand, and the line of the log that tells its arrival; waits until Exim has delivered one.</summary>
    public async Task<(string Message, string Arrival)> FindAsync(string words)
    {
        string delivered = await _log!.LineAsync("=> friend");
        string arrival = await _log.LineAsync(delivered.Split(' ')[2], "<=");
        return (Assert.Single(Directory.EnumerateFiles(Path.Combine(_folder, "spool", "mail", "new")).Select(File.ReadAllText), m => m.Contains(words, StringComparison.Ordinal)), arrival);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _log?.Dispose();
        if (_daemon is not null)
        {
            _daemon.Kill(entireProcessTree: true);
            await _daemon.WaitForExitAsync();
            _daemon.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }
}
