using System.Globalization;
using System.Text;
using MailAccess.Auth.Tests.Kit;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Tests;

public sealed class PasswdFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-passwd-");
    private readonly AutoClock _clock = new();
    private readonly CapturedLog _log = new();

    private string FilePath => Path.Combine(_folder.FullName, "users");

    [Fact]
    public async Task A_file_in_Dovecots_syntax_is_read()
    {
        PasswdFile file = Write(
            """
            # people
            Alice@Example.test:{PLAIN}demo:1000:1000:Alice:/home/alice:/bin/sh:userdb_mail=maildir:~/Maildir addresses=Ally@Example.test,al@other.test

            bob:{SHA256-CRYPT}$5$abcdefgh$DkSdt2tslzOLVi5WYIuggEslNfD8ulLrLRzN0SOcvY3
            carol:$1$abcdefgh$mVNWHVESlIUbgZgtwMyPU0::::::userdb_home=/srv/carol
            """);
        StoredAccount? alice = await file.FindByLoginAsync("ALICE@example.test", default);
        Assert.Equal("alice@example.test", alice?.Account.Name);
        Assert.Equal(["alice@example.test", "ally@example.test", "al@other.test"], alice?.Account.Addresses);
        Assert.Equal("/home/alice", alice?.Account.Home);
        Assert.Equal(new StoredCredential("PLAIN", "demo"), alice?.Credential);
        StoredAccount? bob = await file.FindByLoginAsync("bob", default);
        Assert.Equal("SHA256-CRYPT", bob?.Credential.Scheme);
        Assert.Equal(["bob@example.test", "bob@example.org"], bob?.Account.Addresses);
        Assert.Null(bob?.Account.Home);
        StoredAccount? carol = await file.FindByLoginAsync("carol", default);
        Assert.Equal("CRYPT", carol?.Credential.Scheme);
        Assert.Equal("/srv/carol", carol?.Account.Home);
        Assert.Equal(3, (await file.ListAsync(default)).Count);
        Assert.DoesNotContain(_log.Lines, l => l.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Quota_rules_are_kept_in_their_order_up_to_the_first_that_is_missing()
    {
        PasswdFile file = Write(
            """
            alice:{PLAIN}x::::::userdb_quota_rule2=Trash:storage=+10%% userdb_quota_rule=*:storage=1G userdb_quota_rule4=Spam:ignore
            bob:{PLAIN}x
            """);
        Assert.Equal(["*:storage=1G", "Trash:storage=+10%%"], (await file.FindByLoginAsync("alice", default))?.Account.QuotaRules);
        Assert.Empty((await file.FindByLoginAsync("bob", default))!.Account.QuotaRules);
    }

    [Fact]
    public async Task Capabilities_can_be_switched_off_for_one_account()
    {
        PasswdFile file = Write("alice:{PLAIN}x::::::userdb_imap_disabled_capabilities=MOVE,IDLE\nbob:{PLAIN}x\n");
        Assert.Equal(["MOVE", "IDLE"], (await file.FindByLoginAsync("alice", default))?.Account.DisabledImapCapabilities);
        Assert.Empty((await file.FindByLoginAsync("bob", default))!.Account.DisabledImapCapabilities);
    }

    [Theory]
    [InlineData("alice", "alice@example.test")]
    [InlineData("Alice@EXAMPLE.test", "alice@example.test")]
    [InlineData("bob", "bob")]
    [InlineData("bob@example.test", "bob")]
    [InlineData("bob@Example.ORG", "bob")]
    [InlineData("bob@elsewhere.test", null)]
    [InlineData("alice@example.org", null)]
    [InlineData("nobody", null)]
    [InlineData("", null)]
    [InlineData("@example.test", null)]
    public async Task A_login_name_may_leave_a_default_domain_away_or_add_it(string name, string? account)
    {
        PasswdFile file = Write("alice@example.test:{PLAIN}x\nbob:{PLAIN}x\n");
        Assert.Equal(account, (await file.FindByLoginAsync(name, default))?.Account.Name);
    }

    [Theory]
    [InlineData("alice", "alice@example.test")]
    [InlineData("Bob", "bob@example.org")]
    [InlineData("nobody", "NOBODY@example.test")]
    public void Names_of_one_account_have_one_canonical_form(string one, string other)
    {
        PasswdFile file = Write("");
        Assert.Equal(file.CanonicalLogin(one), file.CanonicalLogin(other));
        Assert.NotEqual(file.CanonicalLogin(one), file.CanonicalLogin($"{one}@elsewhere.test"));
    }

    [Theory]
    [InlineData("alice", "EXAMPLE.test", "alice@example.test")]
    [InlineData("AL", "other.test", "alice@example.test")]
    [InlineData("bob", "example.org", "bob")]
    [InlineData("bob", "other.test", null)]
    public async Task An_address_has_one_owner(string local, string domain, string? account)
    {
        PasswdFile file = Write("alice@example.test:{PLAIN}x::::::addresses=al@other.test\nbob:{PLAIN}x\n");
        Assert.Equal(account, (await file.FindByAddressAsync(local, domain, default))?.Name);
    }

    [Fact]
    public async Task A_broken_line_is_named_and_the_rest_stays()
    {
        PasswdFile file = Write(
            "alice:{PLAIN}x\nno colon here\nb/ob:{PLAIN}x\n..:{PLAIN}x\n:{PLAIN}x\nalice:{PLAIN}y\ncarol:{ROT13}secret\ndave:{PLAIN}x::::::addresses=nonsense\n"
            + "a b:{PLAIN}x\n@x:{PLAIN}x\nerin:{PLAIN\nfrank:{PLAIN}z::::::addresses=alice@example.test\nzoe:{PLAIN}x\r\n");
        Assert.Equal(
            ["alice", "carol", "erin", "frank", "zoe"],
            (await file.ListAsync(default)).Select(a => a.Name).Order(StringComparer.Ordinal));
        string[] warnings = [.. _log.Lines.Where(l => l.Level == LogLevel.Warning).Select(l => l.Text)];
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], warnings.Select(w => int.Parse(w[(FilePath.Length + 1)..].Split(':')[0], CultureInfo.InvariantCulture)));
        Assert.All(warnings, w => Assert.DoesNotContain("secret", w, StringComparison.Ordinal));
        Assert.Equal("alice", (await file.FindByAddressAsync("alice", "example.test", default))?.Name);
        Assert.Equal("x", (await file.FindByLoginAsync("zoe", default))?.Credential.Data);
    }

    [Fact]
    public async Task A_star_is_no_password_but_no_lock()
    {
        PasswdFile file = Write("u:*:\nv:{PLAIN}x\n");
        Assert.Equal(StoredCredential.NoPassword, (await file.FindByLoginAsync("u", default))?.Credential);
        Assert.True(file.EveryAccountCanUse(SaslMechanisms.ScramSha256)); // Who has no password will not choose SCRAM.
    }

    [Theory]
    [InlineData("u::::::nologin")]
    [InlineData("u:{PLAIN}x::::::nologin")]
    [InlineData("u:{PLAIN}x::::::nologin=y")]
    [InlineData("u:{PLAIN}x::::::allow_nets=10.0.0.0/8")]
    [InlineData("u::")]
    [InlineData("u:!:")]
    [InlineData("u:!!:")]
    [InlineData("u:x:")]
    [InlineData("u:*::::::nologin")]
    [InlineData("u:{ROT13}x:")]
    public async Task Who_may_not_log_in_still_has_mail(string line)
    {
        PasswdFile file = Write(line + "\n");
        Assert.Equal(StoredCredential.Disabled, (await file.FindByLoginAsync("u", default))?.Credential);
        Assert.NotNull(await file.FindByAddressAsync("u", "example.test", default));
    }

    [Fact]
    public async Task A_change_is_seen_within_a_second()
    {
        PasswdFile file = Write("alice:{PLAIN}old\n");
        Assert.Equal("old", (await file.FindByLoginAsync("alice", default))?.Credential.Data);
        File.WriteAllText(FilePath, "alice:{PLAIN}new\n");
        File.SetLastWriteTimeUtc(FilePath, File.GetLastWriteTimeUtc(FilePath).AddSeconds(1)); // Else it may have the old one's, in the same tick.
        Assert.Equal("old", (await file.FindByLoginAsync("alice", default))?.Credential.Data);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("new", (await file.FindByLoginAsync("alice", default))?.Credential.Data);
    }

    [Fact]
    public async Task An_unchanged_file_is_not_read_again()
    {
        PasswdFile file = Write("alice:{PLAIN}x\n");
        for (int i = 0; i < 5; i++)
        {
            await file.FindByLoginAsync("alice", default);
            _clock.Advance(TimeSpan.FromSeconds(2));
        }
        Assert.Single(_log.Texts, t => t.EndsWith("accounts read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_the_file_is_away_or_unreadable_the_accounts_stay()
    {
        PasswdFile file = Write("alice:{PLAIN}x\n");
        Assert.NotNull(await file.FindByLoginAsync("alice", default));
        File.Delete(FilePath);
        for (int i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.NotNull(await file.FindByLoginAsync("alice", default));
        }
        Assert.Single(_log.Lines, l => l.Level == LogLevel.Warning);
        File.WriteAllBytes(FilePath, [0xFF, 0xFE, 0x00]);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await file.FindByLoginAsync("alice", default));
        File.WriteAllText(FilePath, "bob:{PLAIN}x\n");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await file.FindByLoginAsync("alice", default));
        Assert.NotNull(await file.FindByLoginAsync("bob", default));
    }

    [Fact]
    public async Task Before_it_was_ever_read_a_missing_file_is_an_error()
    {
        PasswdFile file = new(new PasswdFileOptions { Path = FilePath }, new AuthLimits(), _clock, _log);
        await Assert.ThrowsAsync<IOException>(async () => await file.LoadAsync(default));
        File.WriteAllText(FilePath, "alice:{PLAIN}x\n");
        await file.LoadAsync(default);
        Assert.NotNull(await file.FindByLoginAsync("alice", default));
    }

    [Theory]
    [InlineData("{PLAIN}x", "{SCRAM-SHA-256}4096,yTKVxCSaDVOy3OSWlmEETA==,Zxi9Cz7ljQzciCb5YlWw5mSK0BEOr2KJwhN8ThpGg44=,rXE4WDxLVQa4HfuAstyAWCXaNKwNUo4M7BdLnIDk/a0=", true, false)]
    [InlineData("{PLAIN}x", "{SCRAM-SHA-1}4096,AuQacnm/F8YiE501rgH1RQ==,R4FbmqhOVuaiYB23zZ3+0KvxGro=,GfIV7ExNLMBpUXbdV1qNip30BUc=", false, true)]
    [InlineData("{PLAIN}x", "{CLEAR}y", true, true)]
    [InlineData("{PLAIN}x", "$1$abcdefgh$mVNWHVESlIUbgZgtwMyPU0", false, false)]
    [InlineData("{PLAIN}x", "!", true, true)]
    public async Task Scram_is_offered_where_everybody_can_use_it(string one, string other, bool sha256, bool sha1)
    {
        PasswdFile file = Write($"a:{one}\nb:{other}\n");
        await file.LoadAsync(default);
        using LoginBench bench = new(new AuthOptions(), file);
        IReadOnlyList<string> offered = bench.Authenticator.MechanismsFor(LoginBench.OverTls);
        Assert.Equal(sha256, offered.Contains("SCRAM-SHA-256"));
        Assert.Equal(sha1, offered.Contains("SCRAM-SHA-1"));
        Assert.Contains("PLAIN", offered);
    }

    [Fact]
    public async Task Ten_thousand_users_are_found()
    {
        StringBuilder lines = new();
        for (int i = 0; i < 10_000; i++)
        {
            lines.Append(CultureInfo.InvariantCulture, $"user{i}@example.test:{{PLAIN}}{i}\n");
        }
        PasswdFile file = Write(lines.ToString());
        for (int i = 0; i < 10_000; i += 99)
        {
            Assert.Equal($"{i}", (await file.FindByLoginAsync($"user{i}", default))?.Credential.Data);
        }
    }

    [Fact]
    public async Task Lookups_at_once_are_served_by_one_reading()
    {
        PasswdFile file = Write("alice:{PLAIN}x\n");
        StoredAccount?[] found = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () => await file.FindByLoginAsync("alice", default))));
        Assert.All(found, Assert.NotNull);
        Assert.Single(_log.Texts, t => t.EndsWith("accounts read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Random_lines_are_read_or_skipped_and_never_throw()
    {
        Random random = new(5);
        char[] letters = [.. "a@:{}PLAIN#!$1=, /.x\t\u00E4\u0000"];
        for (int i = 0; i < 200; i++)
        {
            StringBuilder text = new();
            for (int line = 0; line < 10; line++)
            {
                text.Append(random.GetItems(letters, random.Next(0, 30))).Append('\n');
            }
            foreach (Account account in await Write(text.ToString()).ListAsync(default))
            {
                Assert.DoesNotContain('/', account.Name);
                Assert.False(string.IsNullOrWhiteSpace(account.Name));
            }
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private PasswdFile Write(string content)
    {
        File.WriteAllText(FilePath, content);
        PasswdFileOptions options = new() { Path = FilePath, DefaultDomains = ["example.test", "Example.org"] };
        return new PasswdFile(options, new AuthLimits(), _clock, _log);
    }
}
