using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary>A real Dovecot over mail of ours, for one account, in a process of its own.</summary>
public sealed class DovecotServer : IAsyncDisposable
{
    private const string Nobody = "65534";
    private const int StartsMax = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _folder;
    private readonly string _mail;
    private Process? _process;

    /// <summary>Over the folder of mail, which the location names (<c>maildir:/mail:UTF-8</c>), with further settings in the file.</summary>
    public DovecotServer(string folder, string mail, string user, string password, string location, string settings = "")
    {
        _folder = folder;
        _mail = mail;
        Directory.CreateDirectory(folder);
        ImapPort = FreePorts.Next();
        Pop3Port = FreePorts.Next();
        bool isRoot = Environment.UserName == "root";
        string owner = isRoot ? $"mail_uid = {Nobody}\nmail_gid = {Nobody}" : $"""
            default_internal_user = {Environment.UserName}
            default_login_user = {Environment.UserName}
            service anvil {"{\n  chroot =\n}"}
            service imap-login {"{\n  chroot =\n}"}
            service pop3-login {"{\n  chroot =\n}"}
            """;
        File.WriteAllText(Path.Combine(folder, "passwd"), $"{user}:{{PLAIN}}{password}\n");
        File.WriteAllText(Path.Combine(folder, "dovecot.conf"), $$"""
            base_dir = {{folder}}/run
            state_dir = {{folder}}/state
            log_path = {{folder}}/log
            listen = 127.0.0.1
            protocols = imap pop3
            ssl = no
            disable_plaintext_auth = no
            first_valid_uid = 1
            first_valid_gid = 0
            mail_location = {{location}}
            {{owner}}
            {{settings}}
            namespace inbox {
              inbox = yes
              separator = /
            }
            passdb {
              driver = passwd-file
              args = {{folder}}/passwd
            }
            userdb {
              driver = static
              args = home={{folder}}/home
            }
            service imap-login {
              inet_listener imap {
                port = {{ImapPort}}
              }
              inet_listener imaps {
                port = 0
              }
            }
            service pop3-login {
              inet_listener pop3 {
                port = {{Pop3Port}}
              }
              inet_listener pop3s {
                port = 0
              }
            }
            """);
    }

    /// <summary>Without TLS.</summary>
    public int ImapPort { get; }

    /// <summary>Without TLS.</summary>
    public int Pop3Port { get; }

    /// <summary>What it complained of, but that the machine is slow.</summary>
    public string Complaints => !File.Exists(Path.Combine(_folder, "log")) ? "" : string.Join('\n', File.ReadLines(Path.Combine(_folder, "log"))
        .Where(l => !l.Contains("Killed with signal", StringComparison.Ordinal) && !l.Contains("Time moved", StringComparison.Ordinal) && !l.Contains(" took ", StringComparison.Ordinal))
        .Where(l => l.Contains("Error:", StringComparison.Ordinal) || l.Contains("Warning:", StringComparison.Ordinal) || l.Contains("Panic", StringComparison.Ordinal)));

    /// <summary>Takes the mail over (as root it may not serve mail of root's) and serves it.</summary>
    public async Task StartAsync()
    {
        Directory.CreateDirectory(_mail);
        if (Environment.UserName == "root")
        {
            await Programs.RunAsync("chown", ["-R", $"{Nobody}:{Nobody}", _mail]);
            for (DirectoryInfo? above = new(_mail); above is not null && above.FullName != Path.GetTempPath().TrimEnd('/'); above = above.Parent)
            {
                above.UnixFileMode |= UnixFileMode.OtherExecute;
                if (above.FullName == "/")
                {
                    break;
                }
            }
            Directory.CreateDirectory(Path.Combine(_folder, "home"));
            await Programs.RunAsync("chown", ["-R", $"{Nobody}:{Nobody}", Path.Combine(_folder, "home")]);
        }
        for (int left = StartsMax - 1; !await TryStartAsync(); left--)
        {
            Assert.True(left > 0, "dovecot does not answer:\n" + Complaints);
        }
    }

    /// <summary>Ends it; the mail is ours again.</summary>
    public async Task StopAsync()
    {
        if (_process is { HasExited: false })
        {
            await Programs.RunAsync("doveadm", ["-c", Path.Combine(_folder, "dovecot.conf"), "stop"]);
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }
        _process?.Dispose();
        _process = null;
        if (Environment.UserName == "root")
        {
            await Programs.RunAsync("chown", ["-R", "0:0", _mail]);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>False where it took the connection and then said nothing for a long time, as it does now and then on a machine that is busy: it is ended.</summary>
    private async Task<bool> TryStartAsync()
    {
        _process = Process.Start("dovecot", ["-F", "-c", Path.Combine(_folder, "dovecot.conf")]);
        long start = TimeProvider.System.GetTimestamp();
        try
        {
            while (!await AnswersAsync())
            {
                Assert.False(_process.HasExited, "dovecot ended:\n" + Complaints);
                Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "dovecot does not answer");
            }
            return true;
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync().WaitAsync(Patience);
            _process.Dispose();
            _process = null;
            return false;
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using LineClient client = await LineClient.ConnectAsync(ImapPort);
            await client.ExpectAsync("* OK");
            return true;
        }
        catch (SocketException)
        {
            await Task.Yield();
            return false;
        }
    }
}
