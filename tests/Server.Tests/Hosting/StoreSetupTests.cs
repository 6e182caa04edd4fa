using MailAccess.Auth;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Tests.Hosting;

public sealed class StoreSetupTests
{
    private static readonly Directory Accounts = new();

    [Theory]
    [InlineData("alice@example.org", "/var/mail/{user}/Maildir", "/var/mail/alice@example.org/Maildir")]
    [InlineData("alice@example.org", "/var/mail/{domain}/{local}", "/var/mail/example.org/alice")]
    [InlineData("alice", "/var/mail/{local}", "/var/mail/alice")]
    [InlineData("alice@example.org", "{home}/Maildir", "/home/alice/Maildir")]
    [InlineData("homeless@example.org", "{home}/Maildir", null)]
    [InlineData("../bob", "/var/mail/{user}", null)]
    [InlineData("..", "/var/mail/{user}", null)]
    [InlineData("..@example.org", "/var/mail/{domain}/{local}", null)]
    [InlineData("a@..", "/var/mail/{domain}/{local}", null)]
    [InlineData("a/b@example.org", "/var/mail/{user}", null)]
    [InlineData("a\0b", "/var/mail/{user}", null)]
    [InlineData("", "/var/mail/{user}", null)]
    public void An_account_name_becomes_a_path_only_where_it_cannot_lead_elsewhere(string name, string template, string? expected) =>
        Assert.Equal(expected, StoreSetup.RootOf(name, template, Accounts));

    private sealed class Directory : IAccountDirectory
    {
        public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) =>
            new(new StoredAccount(
                new Account { Name = loginName, Addresses = [], Home = loginName.StartsWith("alice", StringComparison.Ordinal) ? "/home/alice" : null },
                new StoredCredential("PLAIN", "x")));

        public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) => new((Account?)null);

        public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([]);
    }
}
