using System.Text;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.Sasl;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests.AppPasswords;

public sealed class AppPasswordLoginTests
{
    [Fact]
    public async Task An_app_password_logs_in_beside_the_main_one_and_the_log_tells_its_name_but_not_itself()
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync("Alice's phone");
        string tablet = await bench.AddAsync("tablet");
        Assert.True(await bench.IsTakenAsync(phone));
        Assert.True(await bench.IsTakenAsync(tablet));
        Assert.True(await bench.IsTakenAsync("main"));
        Assert.Null((await bench.Bench.LoginAsync("bob", phone)).Account);
        Assert.Equal(
            [
                "c1 auth ok user=<alice> method=password proto=imap rip=192.0.2.1 tls=yes app=<Alice's phone>",
                "c1 auth ok user=<alice> method=password proto=imap rip=192.0.2.1 tls=yes app=<tablet>",
                "c1 auth ok user=<alice> method=password proto=imap rip=192.0.2.1 tls=yes",
            ],
            bench.Bench.Log.Texts.Where(t => t.Contains("auth ok", StringComparison.Ordinal)));
        Assert.All(bench.Bench.Log.Texts, t => Assert.DoesNotContain(phone, t, StringComparison.Ordinal));
        Assert.DoesNotContain(phone, await File.ReadAllTextAsync(bench.FilePath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SaslMechanisms.Plain)]
    [InlineData(SaslMechanisms.Login)]
    public async Task It_serves_the_mechanisms_that_send_passwords_and_not_scram(string mechanism)
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync();
        using ISaslExchange exchange = bench.Bench.Begin(mechanism);
        string[] messages = mechanism == SaslMechanisms.Plain ? [$"\0alice\0{phone}"] : ["alice", phone];
        SaslStep step = default;
        foreach (string message in messages)
        {
            step = await LoginBench.SayAsync(exchange, message);
        }
        Assert.Equal("alice", step.Account?.Name);
        Assert.False(await bench.IsTakenByScramAsync(phone));
        Assert.True(await bench.IsTakenByScramAsync("main"));
    }

    [Fact]
    public async Task It_ends_to_the_second_and_the_failure_looks_like_a_wrong_password()
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync(life: TimeSpan.FromSeconds(90)); // One second of which is over.
        bench.Bench.Clock.Advance(TimeSpan.FromSeconds(89) - TimeSpan.FromMilliseconds(1));
        Assert.True(await bench.IsTakenAsync(phone));
        bench.Bench.Clock.Advance(TimeSpan.FromMilliseconds(1));
        SaslStep step = await bench.Bench.LoginAsync("alice", phone);
        Assert.Equal((AuthenticationFailure.InvalidCredentials, null), (step.Failure, step.Account));
        Assert.Contains(bench.Bench.Log.Texts, t => t.Contains("the app password <phone> of user=<alice> does not count: Expired", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_counts_only_for_its_protocols()
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync(protocols: ["imap", "submission"]);
        Assert.True(await bench.IsTakenAsync(phone));
        Assert.True(await bench.IsTakenAsync(phone, "submission"));
        Assert.False(await bench.IsTakenAsync(phone, "pop3"));
        Assert.Contains(bench.Bench.Log.Texts, t => t.Contains("OtherProtocol", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_revoked_one_fails_at_once_and_is_in_no_cache()
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync();
        ManualTimeProvider still = new(); // No look at the file is due.
        await using AppPasswordDesk desk = new(bench.FilePath, MainPasswordRule.Allowed, new AuthLimits(), still, bench.Bench.Log);
        LoginAttempt attempt = new(SaslMechanisms.Plain, "alice", LoginBench.OverTls);
        StoredAccount alice = bench.Bench.Directory.Accounts["alice"];
        Assert.NotNull((await desk.CheckAsync(attempt, alice, Encoding.UTF8.GetBytes(phone), default)).Right);
        Assert.True(await bench.IsTakenAsync(phone));
        Assert.Null(await bench.Editor.RemoveAsync("alice", "PHONE", default));
        Assert.Null((await desk.CheckAsync(attempt, alice, Encoding.UTF8.GetBytes(phone), default)).Right);
        Assert.False(await bench.IsTakenAsync(phone));
    }

    [Theory]
    [InlineData("{PLAIN}main", true)]
    [InlineData("*", true)]
    [InlineData("!", false)]
    public async Task It_opens_an_account_without_a_password_but_not_a_locked_one(string stored, bool isTaken)
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync();
        StoredAccount account = bench.Bench.Directory.Accounts["alice"];
        bench.Bench.Directory.Accounts["alice"] = account with
        {
            Credential = stored switch { "*" => StoredCredential.NoPassword, "!" => StoredCredential.Disabled, _ => account.Credential },
        };
        Assert.Equal(isTaken, await bench.IsTakenAsync(phone));
    }

    [Theory]
    [InlineData(MainPasswordRule.Allowed, true, true)]
    [InlineData(MainPasswordRule.UnlessAppPasswords, true, false)]
    [InlineData(MainPasswordRule.Refused, false, false)]
    public async Task The_rule_says_when_main_passwords_count_also_remembered_ones_and_by_scram(MainPasswordRule rule, bool without, bool with)
    {
        await using AppPasswordBench bench = new(rule);
        Assert.Equal(without, await bench.IsTakenAsync("main"));
        Assert.Equal(without, await bench.IsTakenByScramAsync("main"));
        string phone = await bench.AddAsync(life: TimeSpan.FromMinutes(1));
        Assert.Equal(with, await bench.IsTakenAsync("main"));
        Assert.Equal(with, await bench.IsTakenByScramAsync("main"));
        Assert.True(await bench.IsTakenAsync(phone));
        bench.Bench.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(with, await bench.IsTakenAsync("main")); // Its end does not open what it closed.
    }

    [Theory]
    [InlineData(MainPasswordRule.Allowed, true)]
    [InlineData(MainPasswordRule.UnlessAppPasswords, false)]
    [InlineData(MainPasswordRule.Refused, false)]
    public async Task Where_main_passwords_are_refused_scram_is_not_offered_by_itself(MainPasswordRule rule, bool isOffered)
    {
        string passwd = Path.GetTempFileName();
        await File.WriteAllTextAsync(passwd, "alice:{PLAIN}main\n");
        ManualTimeProvider clock = new();
        CapturedLog log = new();
        PasswdFile directory = new(new PasswdFileOptions { Path = passwd }, new AuthLimits(), clock, log);
        await directory.LoadAsync(default);
        await using AppPasswordDesk desk = new(passwd + ".none", rule, new AuthLimits(), clock, log);
        using Authenticator authenticator = new(directory, new AuthOptions(), clock, log, appPasswords: desk);
        IReadOnlyList<string> offered = authenticator.MechanismsFor(LoginBench.OverTls);
        Assert.Equal(isOffered, offered.Contains(SaslMechanisms.ScramSha256));
        Assert.Contains(SaslMechanisms.Plain, offered);
        File.Delete(passwd);
    }

    [Fact]
    public async Task A_use_is_noted_where_the_login_succeeds_and_only_there()
    {
        await using AppPasswordBench bench = new();
        string phone = await bench.AddAsync(protocols: ["imap"]);
        Assert.False(await bench.IsTakenAsync(phone, "pop3"));
        await bench.Desk.DisposeAsync();
        AppPassword stored = Assert.Single(bench.Editor.List());
        Assert.Null(AppPasswordDesk.ReadUses(bench.FilePath)(stored));
        Assert.True(await bench.IsTakenAsync(phone));
        await bench.Desk.DisposeAsync();
        AppPasswordUse? use = AppPasswordDesk.ReadUses(bench.FilePath)(stored);
        Assert.Equal(("imap", "192.0.2.1"), (use?.Protocol, use?.Address.ToString()));
    }
}
