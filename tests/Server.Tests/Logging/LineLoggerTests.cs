using System.Diagnostics;
using System.Text.Json;
using MailAccess.Server.Configuration;
using MailAccess.Server.Logging;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Tests.Logging;

public sealed class LineLoggerTests
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("mailaccess-log-").FullName, "sub", "log");

    [Fact]
    public void A_line_is_a_line_whatever_a_client_put_into_it()
    {
        string[] lines = Write(LogFormat.Text, log => log.LogWarning("user={User}", "eve\r\n2026-01-01 fake: line\u0007"));
        Assert.Equal("2026-03-14T09:26:53.000Z imap: warning: user=eve / 2026-01-01 fake: line?", Assert.Single(lines));
    }

    [Fact]
    public void Lines_below_the_level_are_left_out() =>
        Assert.Empty(Write(LogFormat.Text, log => log.LogDebug("noise")));

    [Fact]
    public void An_object_a_line_for_programs()
    {
        string line = Assert.Single(Write(LogFormat.Json, log => log.LogError(new InvalidOperationException("why"), "broken \"x\"\n")));
        JsonElement json = JsonDocument.Parse(line).RootElement;
        Assert.Equal("error", json.GetProperty("level").GetString());
        Assert.Equal("broken \"x\"\n", json.GetProperty("message").GetString());
        Assert.Contains("why", json.GetProperty("exception").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_as_syslog_writes_it()
    {
        string line = Assert.Single(Write(LogFormat.Maillog, log => log.LogError("broken")));
        Assert.Matches(@"^Mar 14 \d\d:\d\d:\d\d \S+ mailaccess/imap\[\d+\]: error: broken$", line);
    }

    [Theory]
    [InlineData("queue", "Received", "X: client=a[192.0.2.1]", "smtpd")]
    [InlineData("smtp", "RecipientRejected", "NOQUEUE: reject: RCPT from a[192.0.2.1]: 550", "smtpd")]
    [InlineData("queue", "MessageId", "X: message-id=<a@b>", "cleanup")]
    [InlineData("queue", "Active", "X: from=<a@b>, size=1, nrcpt=1 (queue active)", "qmgr")]
    [InlineData("queue", "Recipient", "X: to=<a@b>, relay=local, delay=0", "local")]
    [InlineData("queue", "Recipient", "X: to=<a@b>, relay=mx[192.0.2.1]:25, delay=0", "smtp")]
    [InlineData("queue", "Recipient", "X: to=<a@b>, relay=/run/lmtp[/run/lmtp], delay=0", "smtp")]
    [InlineData("queue", "Recipient", "X: to=<a@b>, relay=fax, delay=0", "pipe")]
    [InlineData("queue", "Recipient", "X: to=<a@b>, relay=none, delay=0", "error")]
    [InlineData("queue", "Notified", "X: sender delay notification: Y", "bounce")]
    [InlineData("queue", "Removed", "X: removed", "qmgr")]
    public void Lines_come_from_the_programs_that_readers_of_maillog_know(string category, string name, string message, string program) => Assert.Contains(
        $" mailaccess/{program}[", MaillogLine.Begin(new ManualTimeProvider().GetUtcNow(), category, new EventId(1, name), message), StringComparison.Ordinal);

    [Fact]
    public void Disk_that_was_full_for_a_while_costs_only_the_lines_of_that_time()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no device that is always full");
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        File.CreateSymbolicLink(_file, "/dev/full");
        using (LineLoggerProvider provider = new(new LogConfiguration(LogLevel.Information, LogFormat.Json, _file, [], []), new ManualTimeProvider()))
        {
            ILogger log = provider.CreateLogger("MailAccess.Imap.Something");
            log.LogInformation("lost");
            Assert.True(SpinWait.SpinUntil(() => provider.IsBroken, TimeSpan.FromSeconds(120)));
            File.Delete(_file);
            log.LogInformation("kept");
        }
        JsonElement[] lines = [.. File.ReadAllLines(_file).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal("kept", lines[0].GetProperty("message").GetString());
        Assert.StartsWith("1 lines or more were dropped", lines[1].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_file) & ~UnixFileMode.GroupRead); // Which the umask may take.
    }

    [Theory]
    [InlineData("dovecot[_daemon=\"mailaccess/\\w+\"]", "203.0.113.1")]
    [InlineData("postfix[mode=auth, _daemon=\"mailaccess/\\w+\", mdre-auth=\"^[^[]*\\[<HOST>\\]: SASL \\S+ authentication failed:\"]", "203.0.113.2")]
    [InlineData("postfix[_daemon=\"mailaccess/\\w+\"]", "203.0.113.3")]
    public async Task Filters_of_fail2ban_find_what_failed_in_lines_of_syslog(string filter, string address)
    {
        const string Program = "/usr/bin/fail2ban-regex";
        Assert.SkipUnless(File.Exists(Program), "fail2ban is not installed");
        using (LineLoggerProvider provider = new(new LogConfiguration(LogLevel.Information, LogFormat.Maillog, _file, [], []), new ManualTimeProvider()))
        {
            provider.Write(LogLevel.Information, "auth", default, "imap-login: Aborted login (auth failed, 1 attempts): user=<a>, method=PLAIN, rip=203.0.113.1, tls=yes, reason=x, session=s", null);
            provider.Write(LogLevel.Warning, "auth", default, "unknown[203.0.113.2]: SASL SCRAM-SHA-256 authentication failed: x, user=<a>, tls=yes, session=s", null);
            provider.Write(
                LogLevel.Information, "smtp", new EventId(1, "RecipientRejected"),
                "NOQUEUE: reject: RCPT from unknown[203.0.113.3]: 550 5.1.1 <b@example.test>: Recipient address rejected: User unknown; from=<> to=<b@example.test> proto=ESMTP helo=<x> session=s", null);
        }

        using Process reader = Process.Start(new ProcessStartInfo(Program, ["-o", "ip", _file, filter]) { RedirectStandardOutput = true })!;

        Assert.Equal(address + "\n", await reader.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private string[] Write(LogFormat format, Action<ILogger> write)
    {
        using (LineLoggerProvider provider = new(new LogConfiguration(LogLevel.Information, format, _file, [], []), new ManualTimeProvider()))
        {
            write(provider.CreateLogger("MailAccess.Imap.Something"));
        }
        return File.ReadAllLines(_file);
    }
}
