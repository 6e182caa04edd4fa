using System.Globalization;
using System.Text;
using MailAccess.Auth;
using MailAccess.Directories.Ldap;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Directories.Tests.Ldap;

/// <summary>One server for the tests of the class.</summary>
public sealed class SlapdFixture : IAsyncLifetime
{
    public SlapdServer? Server { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (SlapdServer.IsInstalled)
        {
            Server = await SlapdServer.StartAsync(Entries());
        }
    }

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? default;

    private static string Entries()
    {
        StringBuilder ldif = new("dn: ou=people,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n\ndn: ou=many,dc=example,dc=test\nobjectClass: organizationalUnit\nou: many\n\n");
        Add(ldif, "alice", "{SSHA}frYV9l5+lG6mtU4JCe250PI2aoqfVshY", "mail: A.Liddell@example.test\nmail: alice@example.test\nl: 1000000\n"); // slappasswd -s pencil
        Add(ldif, "bob", "plain as day", "");
        Add(ldif, "star*", "x", "mail: star@example.test\n");
        Add(ldif, "comma, + \"name\"", "comma", "");
        Add(ldif, "twin1", "x", "mail: twin@example.test\n");
        Add(ldif, "twin2", "x", "mail: twin@example.test\n");
        for (int i = 0; i < 1200; i++)
        {
            ldif.Append(CultureInfo.InvariantCulture, $"dn: uid=many{i},ou=many,dc=example,dc=test\nobjectClass: account\nuid: many{i}\n\n");
        }
        return ldif.ToString();
    }

    private static void Add(StringBuilder ldif, string uid, string password, string further)
    {
        string escaped = LdapTemplate.EscapeDn(uid);
        ldif.Append(CultureInfo.InvariantCulture, $"""
            dn: uid={escaped},ou=people,dc=example,dc=test
            objectClass: inetOrgPerson
            objectClass: posixAccount
            uid: {uid}
            cn: x
            sn: x
            uidNumber: 2000
            gidNumber: 2000
            homeDirectory: /home/x
            userPassword: {password}
            {further}

            """);
        ldif.Replace("\n\n\n", "\n\n");
    }
}

public sealed class LdapDirectoryTests(SlapdFixture fixture) : IClassFixture<SlapdFixture>, IDisposable
{
    private readonly List<LdapDirectory> _opened = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _opened.ForEach(d => d.Dispose());

    [Fact]
    public async Task An_account_has_what_its_entry_says_and_the_directory_checks_its_password()
    {
        LdapDirectory directory = Open(o => o with { QuotaAttribute = "l" });
        StoredAccount? alice = await directory.FindByLoginAsync("Alice", Stop);
        Assert.NotNull(alice);
        Assert.Equal("alice", alice.Account.Name);
        Assert.Equal(["a.liddell@example.test", "alice@example.test"], alice.Account.Addresses);
        Assert.Equal("/home/x", alice.Account.Home);
        Assert.Equal(["*:bytes=1000000"], alice.Account.QuotaRules);
        Assert.Equal(StoredCredential.NoPassword, alice.Credential);
        Assert.True(await VerifyAsync(alice.Verifier, "pencil"));
        Assert.False(await VerifyAsync(alice.Verifier, "pen"));
        Assert.True(await VerifyAsync(alice.Verifier, "pencil"));
        Assert.False(await VerifyAsync(directory.Nobody, "pencil"));
        Assert.Equal("alice", (await directory.FindByLoginAsync("a.liddell@EXAMPLE.test", Stop))?.Account.Name);
    }

    [Fact]
    public async Task A_bind_without_a_password_is_never_made()
    {
        StoredAccount? alice = await Open().FindByLoginAsync("alice", Stop);
        await Assert.ThrowsAsync<ArgumentException>(() => VerifyAsync(alice!.Verifier, ""));
    }

    [Theory]
    [InlineData("alice", "SSHA")]
    [InlineData("bob", "PLAIN")]
    public async Task Stored_passwords_can_be_looked_up(string name, string scheme)
    {
        LdapDirectory directory = Open(o => o with { Passwords = LdapPasswords.Lookup });
        StoredAccount? found = await directory.FindByLoginAsync(name, Stop);
        Assert.Equal(scheme, found?.Credential.Scheme);
        Assert.Null(found!.Verifier);
        Assert.Null(directory.Nobody);
    }

    [Theory]
    [InlineData("alice", "alice")]
    [InlineData("star*", "star*")]
    [InlineData("*", null)]
    [InlineData("ali*", null)]
    [InlineData("alice)(uid=*", null)]
    [InlineData("\\2a", null)]
    [InlineData("mallory", null)]
    [InlineData("", null)]
    public async Task Nothing_of_a_name_is_read_as_a_filter(string name, string? expected) =>
        Assert.Equal(expected, (await Open(o => o with { NameAttribute = "uid" }).FindByLoginAsync(name, Stop))?.Account.Name);

    [Theory]
    [InlineData("bob", "plain as day", true)]
    [InlineData("bob", "plain", false)]
    [InlineData("bob,ou=people", "x", null)]
    [InlineData("mallory", "x", null)]
    public async Task The_name_of_an_entry_can_be_told_from_the_login_name(string name, string password, bool? expected)
    {
        LdapDirectory directory = Open(o => o with { UserDn = "uid=%n,ou=people,dc=example,dc=test" });
        StoredAccount? found = await directory.FindByLoginAsync(name, Stop);
        Assert.Equal(expected, found is null ? null : await VerifyAsync(found.Verifier, password));
    }

    [Theory]
    [InlineData("A.Liddell", "example.test", "alice")]
    [InlineData("bob", "other.test", "bob")]
    [InlineData("bob", "foreign.test", null)]
    [InlineData("star*", "example.test", null)] // It has another address.
    [InlineData("*", "example.test", null)]
    [InlineData("mallory", "example.test", null)]
    public async Task An_address_leads_to_its_owner(string localPart, string domain, string? expected) =>
        Assert.Equal(expected, (await Open().FindByAddressAsync(localPart, domain, Stop))?.Name);

    [Fact]
    public async Task What_two_entries_claim_is_nobodys_and_no_unknown_user()
    {
        await Assert.ThrowsAsync<IOException>(() => Open().FindByAddressAsync("twin", "example.test", Stop).AsTask());
        await Assert.ThrowsAsync<IOException>(() => Open().FindByLoginAsync("twin@example.test", Stop).AsTask());
    }

    [Fact]
    public async Task All_accounts_are_listed_page_by_page()
    {
        IReadOnlyList<Account> all = await Open(o => o with { Base = "dc=example,dc=test" }).ListAsync(Stop);
        Assert.Equal(1200, all.Count(a => a.Name.StartsWith("many", StringComparison.Ordinal)));
        Assert.Contains(all, a => a.Name == "alice");
        Assert.DoesNotContain(all, a => a.Name.StartsWith("comma", StringComparison.Ordinal)); // No folder could be called so.
    }

    [Fact]
    public async Task TLS_may_begin_at_once()
    {
        LdapDirectory directory = Open(o => o with { Servers = [fixture.Server!.TlsAddress] });
        Assert.NotNull(await directory.FindByLoginAsync("alice", Stop));
        Assert.Null(await directory.FindProblemAsync(Stop));
    }

    [Fact]
    public async Task A_certificate_of_a_stranger_or_for_another_host_is_not_gone_on_with()
    {
        await AssertUnavailableAsync(Open(o => o with { AuthorityFile = null }));
        await AssertUnavailableAsync(Open(o => o with { Servers = [new Uri($"ldap://127.0.0.1:{fixture.Server!.Address.Port}")] }));
        await AssertUnavailableAsync(Open(o => o with { AuthorityFile = "/nonexistent.pem" }));
    }

    [Fact]
    public async Task What_the_directory_refuses_us_is_said_and_is_no_unknown_user()
    {
        LdapDirectory wrong = Open(o => o with { ReadPassword = () => "guess" });
        await AssertUnavailableAsync(wrong);
        string? problem = await wrong.FindProblemAsync(Stop);
        Assert.Contains("bind as cn=reader", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("guess", problem, StringComparison.Ordinal);
        Assert.Contains("nobody in particular", await Open(o => o with { BindDn = null, ReadPassword = null }).FindProblemAsync(Stop), StringComparison.Ordinal);
        Assert.Contains("dc=absent", await Open(o => o with { Base = "dc=absent,dc=example,dc=test" }).FindProblemAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_that_have_ended_are_replaced_and_the_next_server_is_asked()
    {
        LdapDirectory directory = Open(o => o with { Servers = [new Uri("ldap://localhost:1"), fixture.Server!.Address] });
        StoredAccount? alice = await directory.FindByLoginAsync("alice", Stop);
        Assert.True(await VerifyAsync(alice!.Verifier, "pencil"));
        await fixture.Server!.StopAsync();
        await AssertUnavailableAsync(directory);
        await Assert.ThrowsAnyAsync<IOException>(() => VerifyAsync(alice.Verifier, "pencil"));
        await Assert.ThrowsAnyAsync<IOException>(() => directory.FindByAddressAsync("alice", "example.test", Stop).AsTask());
        await fixture.Server.ResumeAsync();
        Assert.True(await VerifyAsync(alice.Verifier, "pencil"));
        await fixture.Server.StopAsync();
        await fixture.Server.ResumeAsync();
        Assert.True(await VerifyAsync(alice.Verifier, "pencil")); // Over a connection that had ended.
    }

    private static Task<bool> VerifyAsync(IPasswordVerifier? verifier, string password) => verifier!.VerifyAsync(Encoding.UTF8.GetBytes(password), Stop).AsTask();

    private static Task AssertUnavailableAsync(LdapDirectory directory) =>
        Assert.ThrowsAnyAsync<IOException>(() => directory.FindByLoginAsync("alice", Stop).AsTask());

    private LdapDirectory Open(Func<LdapOptions, LdapOptions>? change = null)
    {
        Assert.SkipUnless(fixture.Server is not null, "slapd is not installed");
        LdapOptions options = new()
        {
            Servers = [fixture.Server!.Address],
            AuthorityFile = fixture.Server.CertificateFile,
            BindDn = SlapdServer.Reader,
            ReadPassword = () => SlapdServer.ReaderPassword,
            Base = "ou=people,dc=example,dc=test",
            AddressAttributes = ["mail"],
            DefaultDomains = ["example.test", "other.test"],
            Timeout = TimeSpan.FromSeconds(30),
            ConnectionsMax = 2,
        };
        LdapDirectory directory = new(change?.Invoke(options) ?? options, TimeProvider.System, NullLogger.Instance);
        _opened.Add(directory);
        return directory;
    }
}
