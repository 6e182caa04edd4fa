using System.Collections;
using System.Text;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Store.Quota;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Tests.Hosting;

public sealed class AccountQuotasTests
{
    private static ServerConfiguration Read(string json)
    {
        List<ConfigurationError> errors = [];
        ServerConfiguration? configuration = ConfigurationLoader.Read("test.json", "/etc", Encoding.UTF8.GetBytes(json), new Hashtable(), errors);
        Assert.Empty(errors);
        return configuration!;
    }

    private static QuotaRules Apply(QuotaRules rules, params string[] texts)
    {
        foreach (string text in texts)
        {
            Assert.True(QuotaRuleText.TryApply(text, rules, out QuotaRules? changed), text);
            rules = changed;
        }
        return rules;
    }

    [Theory]
    [InlineData("*:storage=1G", 1L << 30, 7L)]
    [InlineData("*:storage=100", 100L << 10, 7L)]
    [InlineData("*:bytes=100", 100L, 7L)]
    [InlineData("*:storage=0", null, 7L)]
    [InlineData("*:storage=2M:messages=50", 2L << 20, 50L)]
    [InlineData("*:storage=+1k", 1000L + 1024, 7L)]
    [InlineData("*:storage=+50%", 1500L, 7L)]
    [InlineData("*:storage=50%%", 500L, 7L)]
    [InlineData("*:messages=0", 1000L, null)]
    [InlineData("*:ignore", null, null)]
    public void Rules_of_a_passwd_file_go_before_the_configuration(string text, long? octets, long? messages) =>
        Assert.Equal(new QuotaLimit(octets, messages), Apply(new QuotaRules { Account = new QuotaLimit(1000, 7) }, text).Account);

    [Fact]
    public void Rules_for_mailboxes_stand_before_those_of_the_configuration()
    {
        QuotaRules rules = Apply(QuotaRules.None, "Trash:storage=+10%%", "Trash/Old:ignore", "Junk:storage=+100M");
        Assert.Equal(["Junk", "Trash/Old", "Trash"], rules.Mailboxes.Select(m => m.Mailbox.Text));
        Assert.Equal((100L << 20, true, 10), (rules.Mailboxes[0].ExtraOctets, rules.Mailboxes[1].IsIgnored, rules.Mailboxes[2].ExtraPercent));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData(":storage=1G")]
    [InlineData("?:storage=1G")]
    [InlineData("*:storage=")]
    [InlineData("*:storage=1X")]
    [InlineData("*:storage=-1")]
    [InlineData("*:storage=99999999999999999999")]
    [InlineData("*:storage=9999999999999T")]
    [InlineData("*:backend=x")]
    [InlineData("Trash:storage=100M")]
    public void What_cannot_be_read_is_no_rule(string text) => Assert.False(QuotaRuleText.TryApply(text, QuotaRules.None, out _));

    [Fact]
    public void The_configuration_says_what_accounts_may_hold()
    {
        QuotaConfiguration quota = Read("""
            { "quota": { "storage": "1GB", "messages": 5, "warnings": [95, 80, 80], "whenFull": "permanent",
              "mailboxes": [{ "mailbox": "\\Trash", "extraPercent": 10 }, { "mailbox": "Lists/*", "messages": 3, "ignore": true }] } }
            """).Quota;
        Assert.True(quota.FullIsPermanent);
        Assert.Equal(new QuotaLimit(1L << 30, 5), quota.Rules.Account);
        Assert.Equal([80, 95], quota.Rules.WarningPercents);
        Assert.Equal((10, new QuotaLimit(null, 3), true), (quota.Rules.Mailboxes[0].ExtraPercent, quota.Rules.Mailboxes[1].Own, quota.Rules.Mailboxes[1].IsIgnored));
    }

    [Theory]
    [InlineData("""{ "quota": { "mailboxes": [{ "mailbox": "\\Nothing" }] } }""", "quota.mailboxes[0].mailbox")]
    [InlineData("""{ "expiry": { "rules": [{ "mailbox": "\\Trash" }] } }""", "expiry.rules[0].maxAge")]
    [InlineData("""{ "expiry": { "interval": "1s" } }""", "expiry.interval")]
    [InlineData("""{ "quota": { "warnings": [0] } }""", "quota.warnings[0]")]
    public void Rules_that_mean_nothing_are_refused(string json, string key)
    {
        List<ConfigurationError> errors = [];
        Assert.Null(ConfigurationLoader.Read("test.json", "/etc", Encoding.UTF8.GetBytes(json), new Hashtable(), errors));
        Assert.Equal(key, Assert.Single(errors).Key);
    }

    [Fact]
    public async Task Near_the_limit_the_account_gets_one_message_also_where_it_is_full()
    {
        ManualTimeProvider clock = new();
        ServerConfiguration configuration = Read("""
            { "hostname": "mail.example.org", "quota": { "storage": "10GB", "warnings": [100], "warningMessage": true } }
            """);
        AccountQuotas quotas = new(configuration, new Directory("*:messages=2"), clock, NullLogger.Instance);
        await using MemoryMailStore store = new(clock, quota: quotas);
        quotas.Start(store);
        Assert.True((await store.OpenAccountAsync("alice@example.org", default)).TryGet(out IMailAccount? account));
        Assert.True((await account.OpenAsync(MailboxName.Inbox, default)).TryGet(out IMailbox? inbox));
        Assert.True((await store.StageAsync(0, default)).TryGet(out IStagedMessage? staged));
        await staged.WriteAsync("A: b\r\n\r\n"u8.ToArray(), default);
        await staged.CompleteAsync(default);
        MessageToAppend message = new() { Message = staged };
        await inbox.AppendAsync([message, message], default);
        Assert.Equal(StoreError.OverQuota, (await inbox.AppendAsync([message], default)).Error);
        await quotas.DisposeAsync();
        Assert.Equal(3, inbox.Snapshot.Count);
        Assert.True((await inbox.OpenMessageAsync(inbox.Snapshot[2].Uid, default)).TryGet(out IMessageContent? content));
        byte[] octets = new byte[content.Octets];
        await content.ReadAsync(0, octets, default);
        string text = Encoding.UTF8.GetString(octets);
        Assert.Contains("To: <alice@example.org>\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Subject: Your mailbox is 100 % full\r\n", text, StringComparison.Ordinal);
        Assert.Contains("You have 2 of 2 messages.\r\n", text, StringComparison.Ordinal);
        await account.DisposeAsync();
        await staged.DisposeAsync();
    }

    private sealed class Directory(params string[] rules) : IAccountDirectory
    {
        public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) =>
            new(new StoredAccount(new Account { Name = loginName, Addresses = [loginName], QuotaRules = rules }, StoredCredential.Disabled));

        public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) => new((Account?)null);

        public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([]);
    }
}
