using System.Net;
using MailAccess.Auth.History;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests.History;

public sealed class LoginHistoryTests : IDisposable
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(90);
    private static readonly TimeSpan KnownTime = TimeSpan.FromDays(30);
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("mailaccess-history-").FullName, "logins");
    private readonly ManualTimeProvider _clock = new();
    private readonly CapturedLog _log = new();

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public async Task Each_login_is_told_with_its_means_and_no_name_of_nobody_makes_a_file()
    {
        await using (LoginHistory history = Open())
        {
            using LoginBench bench = new(history: history);
            bench.Directory.Set("alice", "{PLAIN}s3cret");
            Assert.NotNull((await bench.LoginAsync("alice", "s3cret")).Account);
            await bench.LoginAsync("alice", "wr0ng", LoginBench.From("::ffff:198.51.100.7", encrypted: true) with { Protocol = "pop3" });
            ScramClient client = new(System.Security.Cryptography.HashAlgorithmName.SHA256, "alice", "s3cret");
            using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256", LoginBench.From("2001:db8::1", encrypted: false) with { Protocol = "submission" });
            string final = LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("abc")));
            await LoginBench.SayAsync(exchange, client.Final(final));
            Assert.NotNull((await LoginBench.SayAsync(exchange, "")).Account);
            await bench.LoginAsync("nobody", "x");
            await bench.LoginAsync("../../x", "x");
        }
        Assert.Equal(["alice.jsonl"], Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)));
        Assert.Equal(
            ["imap password 192.0.2.1 True None True", "pop3 password 198.51.100.7 True InvalidCredentials False", "submission SCRAM-SHA-256 2001:db8::1 False None True"],
            (await ReadAsync()).Select(e => $"{e.Protocol} {e.Mechanism} {e.Remote} {e.IsEncrypted} {e.Failure} {e.IsNewPlace}"));
        string text = await File.ReadAllTextAsync(Path.Combine(_folder, "alice.jsonl"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "alice.jsonl")));
    }

    [Fact]
    public async Task A_phone_that_polls_each_minute_makes_one_event_a_day_and_few_octets()
    {
        await using (LoginHistory history = Open())
        {
            for (int minute = 0; minute < 3 * 24 * 60; minute++)
            {
                history.Add("alice", LoginBench.OverTls, "PLAIN", AuthenticationFailure.None);
                _clock.Advance(TimeSpan.FromMinutes(1));
            }
        }
        IReadOnlyList<LoginEvent> events = await ReadAsync();
        Assert.Equal(3 * 24 * 60, events.Sum(e => e.Count));
        Assert.InRange(events.Count, 3, 5); // Four days are touched.
        Assert.Equal([true], events.Take(1).Select(e => e.IsNewPlace));
        Assert.All(events.Skip(1), e => Assert.False(e.IsNewPlace));
        Assert.InRange(new FileInfo(Path.Combine(_folder, "alice.jsonl")).Length, 1, LoginHistoryFile.OctetsMax);
    }

    [Fact]
    public async Task An_event_is_on_disk_within_seconds_while_the_server_runs()
    {
        await using LoginHistory history = Open();
        history.Add("alice", LoginBench.OverTls, "PLAIN", AuthenticationFailure.None);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        await _clock.ArmedAsync(LoginHistory.BatchTime).WaitAsync(patience.Token);
        _clock.Advance(LoginHistory.BatchTime);
        while ((await ReadAsync()).Count == 0) // The writer has its turn; no timer tells when it is through.
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        Assert.Single(await ReadAsync());
    }

    [Fact]
    public async Task A_file_is_bounded_and_failures_do_not_push_out_where_the_owner_was()
    {
        await using (LoginHistory history = Open())
        {
            history.Add("alice", LoginBench.OverTls, "PLAIN", AuthenticationFailure.None);
            for (int i = 0; i < 6000; i++)
            {
                history.Add("alice", LoginBench.From($"10.{i >> 8}.{i & 255}.1"), "PLAIN", AuthenticationFailure.InvalidCredentials);
                _clock.Advance(TimeSpan.FromMilliseconds(1));
            }
        }
        // The last line stays as it is until more comes.
        await using (LoginHistory again = Open())
        {
            again.Add("alice", LoginBench.OverTls, "PLAIN", AuthenticationFailure.InvalidCredentials);
        }
        Assert.InRange(new FileInfo(Path.Combine(_folder, "alice.jsonl")).Length, 1, LoginHistoryFile.OctetsMax);
        IReadOnlyList<LoginEvent> kept = await ReadAsync();
        Assert.Equal(1, kept.Count(e => e.Failure == AuthenticationFailure.None));
        Assert.InRange(kept.Count, LoginHistoryFile.EntriesMax, 2 * LoginHistoryFile.EntriesMax);
        Assert.Contains(kept, e => e.Remote.Equals(LoginBench.From("10.23.111.1").Remote)); // The last.
        Assert.DoesNotContain(kept, e => e.Remote.Equals(LoginBench.From("10.0.0.1").Remote));
    }

    [Fact]
    public async Task A_torn_last_line_is_passed_over_and_takes_nothing_with_it()
    {
        await AddAsync("192.0.2.1");
        string path = Path.Combine(_folder, "alice.jsonl");
        string whole = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        for (int cut = 0; cut < whole.Length; cut++)
        {
            await File.WriteAllTextAsync(path, whole + whole[..cut], TestContext.Current.CancellationToken);
            await AddAsync("198.51.100.9");
            Assert.Equal(["192.0.2.1", "198.51.100.9"], (await ReadAsync()).Select(e => e.Remote.ToString()).Distinct());
        }
    }

    [Fact]
    public async Task Known_places_survive_a_restart()
    {
        await AddAsync("192.0.2.1");
        _clock.Advance(TimeSpan.FromDays(29));
        await using (LoginHistory history = Open())
        {
            Assert.False(history.Places.Contains("alice", IPAddress.Parse("192.0.2.200")));
            await history.LoadAsync("alice", TestContext.Current.CancellationToken);
            Assert.True(history.Places.Contains("alice", IPAddress.Parse("192.0.2.200")));
            Assert.False(history.Places.Contains("alice", IPAddress.Parse("192.0.3.1")));
        }
        _clock.Advance(TimeSpan.FromDays(2));
        await using LoginHistory later = Open();
        await later.LoadAsync("alice", TestContext.Current.CancellationToken);
        Assert.False(later.Places.Contains("alice", IPAddress.Parse("192.0.2.200")));
    }

    [Fact]
    public async Task Events_go_after_their_time_when_others_come()
    {
        await AddAsync("192.0.2.1");
        _clock.Advance(Retention);
        await AddAsync("198.51.100.9");
        Assert.Equal(["192.0.2.1", "198.51.100.9"], (await ReadAsync()).Select(e => e.Remote.ToString()));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await AddAsync("203.0.113.5");
        Assert.Equal(["198.51.100.9", "203.0.113.5"], (await ReadAsync()).Select(e => e.Remote.ToString()));
    }

    [Fact]
    public async Task Files_in_which_nothing_happens_go_after_their_time()
    {
        await AddAsync("192.0.2.1");
        string path = Path.Combine(_folder, "alice.jsonl");
        File.SetLastWriteTimeUtc(path, (_clock.GetUtcNow() - Retention).UtcDateTime);
        await using (Open())
        {
            Assert.True(File.Exists(path));
        }
        _clock.Advance(TimeSpan.FromSeconds(1));
        await using (Open())
        {
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_said_once_and_hinders_nobody()
    {
        await using (LoginHistory history = Open())
        {
            Directory.CreateDirectory(Path.Combine(_folder, "alice.jsonl")); // Where the file should be.
            using LoginBench bench = new(history: history);
            bench.Directory.Set("alice", "{PLAIN}demo");
            Assert.NotNull((await bench.LoginAsync("alice", "demo")).Account);
            Assert.NotNull((await bench.LoginAsync("alice", "demo")).Account);
        }
        Assert.InRange(_log.Texts.Count(t => t.Contains("the login history of alice", StringComparison.Ordinal)), 1, 2);
    }

    [Fact]
    public void Each_account_has_a_file_of_its_own_in_the_folder()
    {
        string[] accounts = ["alice", "Alice", "a/b", "a%2Fb", ".", "..", "../x", "ä", "a\0", "alice@example.org", new string('x', 300), new string('x', 301), ".hidden", " "];
        List<string> paths = [.. accounts.Select(a => LoginHistoryFile.PathOf("/f", a))];
        Assert.Equal(accounts.Length, paths.Distinct().Count());
        Assert.All(paths, p => Assert.Equal("/f", Path.GetDirectoryName(Path.GetFullPath(p))));
        Assert.All(paths, p => Assert.InRange(Path.GetFileName(p).Length, 7, 200));
        Assert.All(paths, p => Assert.DoesNotMatch(@"^\.|[^!-~]", Path.GetFileName(p)));
    }

    private LoginHistory Open() => LoginHistory.Open(_folder, Retention, KnownTime, _clock, _log);

    private async Task AddAsync(string address)
    {
        await using LoginHistory history = Open();
        history.Add("alice", LoginBench.From(address), "PLAIN", AuthenticationFailure.None);
    }

    private Task<IReadOnlyList<LoginEvent>> ReadAsync() =>
        LoginHistoryFile.ReadAsync(LoginHistoryFile.PathOf(_folder, "alice"), TestContext.Current.CancellationToken);
}
