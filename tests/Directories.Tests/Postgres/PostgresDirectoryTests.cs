using MailAccess.Auth;
using MailAccess.Directories.Postgres;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Directories.Tests.Postgres;

/// <summary>One database for the tests of the class: it takes seconds to make.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private const string Accounts = """
        INSERT INTO accounts (name, password, quota, home, disabled_capabilities, enabled) VALUES
          ('alice@example.test', '{PLAIN}wonder', '*:storage=2G Trash:ignore', '/home/alice', 'MOVE,IDLE', true),
          ('bob', '$5$saltsalt$hash', '1000000', NULL, NULL, true),
          ('carol@example.test', '{PLAIN}x', NULL, NULL, NULL, false),
          ('dave@example.test', NULL, NULL, NULL, NULL, true),
          ('e/vil@example.test', '{PLAIN}x', NULL, NULL, NULL, true);
        INSERT INTO addresses (address, account, position) VALUES
          ('alice@example.test', 'alice@example.test', 2), ('a.liddell@example.test', 'alice@example.test', 1), ('info@example.test', 'dave@example.test', 0);
        """;

    public PostgresServer? Server { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (!Directory.Exists("/usr/lib/postgresql"))
        {
            return;
        }
        Server = await PostgresServer.StartAsync();
        await Server.CreateTablesAsync();
        await Server.SqlAsync(Accounts);
    }

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? default;
}

public sealed class PostgresDirectoryTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>, IDisposable
{
    private readonly List<PostgresDirectory> _opened = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _opened.ForEach(d => d.Dispose());

    [Fact]
    public async Task An_account_has_what_stands_in_its_row()
    {
        StoredAccount? alice = await Open().FindByLoginAsync("Alice@Example.Test", Stop);
        Assert.NotNull(alice);
        Assert.Equal("alice@example.test", alice.Account.Name);
        Assert.Equal(["a.liddell@example.test", "alice@example.test"], alice.Account.Addresses);
        Assert.Equal(["*:storage=2G", "Trash:ignore"], alice.Account.QuotaRules);
        Assert.Equal("/home/alice", alice.Account.Home);
        Assert.Equal(["MOVE", "IDLE"], alice.Account.DisabledImapCapabilities);
        Assert.Equal(("PLAIN", "wonder"), (alice.Credential.Scheme, alice.Credential.Data));
        Assert.Null(alice.Verifier);
    }

    [Theory]
    [InlineData("bob")]
    [InlineData("bob@example.test")]
    [InlineData("BOB@other.test")]
    public async Task A_name_is_found_with_a_domain_of_ours_and_without(string login)
    {
        StoredAccount? bob = await Open().FindByLoginAsync(login, Stop);
        Assert.Equal("bob", bob?.Account.Name);
        Assert.Equal(["bob@example.test", "bob@other.test"], bob!.Account.Addresses);
        Assert.Equal("CRYPT", bob.Credential.Scheme);
        Assert.Equal(["*:bytes=1000000"], bob.Account.QuotaRules);
    }

    [Theory]
    [InlineData("alice", "alice@example.test")]
    [InlineData("bob@foreign.test", null)]
    [InlineData("mallory", null)]
    [InlineData("' OR true --", null)]
    [InlineData("alice@example.test\0", null)]
    [InlineData("%", null)]
    [InlineData("e/vil@example.test", null)]
    public async Task Nobody_else_is_found(string login, string? expected) =>
        Assert.Equal(expected, (await Open().FindByLoginAsync(login, Stop))?.Account.Name);

    [Theory]
    [InlineData("carol@example.test")]
    [InlineData("dave@example.test")]
    public async Task Accounts_that_are_switched_off_or_have_no_password_have_mail_but_nobody_logs_in(string name)
    {
        Assert.Equal(StoredCredential.Disabled, (await Open().FindByLoginAsync(name, Stop))?.Credential);
        Assert.NotNull(await ((IAccountDirectory)Open()).FindByNameAsync(name, Stop));
    }

    [Theory]
    [InlineData("A.Liddell", "example.test", "alice@example.test")]
    [InlineData("alice", "example.test", "alice@example.test")]
    [InlineData("bob", "other.test", "bob")]
    [InlineData("bob", "foreign.test", null)]
    [InlineData("info", "example.test", "dave@example.test")]
    [InlineData("dave", "example.test", null)] // It has other addresses.
    [InlineData("mallory", "example.test", null)]
    public async Task An_address_leads_to_its_owner(string localPart, string domain, string? expected) =>
        Assert.Equal(expected, (await Open().FindByAddressAsync(localPart, domain, Stop))?.Name);

    [Fact]
    public async Task All_accounts_are_listed_that_can_be_any() =>
        Assert.Equal(["alice@example.test", "bob", "carol@example.test", "dave@example.test"], (await Open().ListAsync(Stop)).Select(a => a.Name).Order());

    [Fact]
    public async Task Queries_may_be_ones_own_and_an_account_that_does_not_have_the_address_is_not_its_owner()
    {
        PostgresDirectory directory = Open(o => o with
        {
            LoginQuery = "SELECT @local || '@example.test' AS name, 'p:' || @login || ':' || @domain AS password, 'x@y.test, z@y.test' AS addresses, 5::bigint AS quota, 0 AS enabled",
            AddressQuery = "SELECT 'everybody' AS name",
        });
        StoredAccount? found = await directory.FindByLoginAsync("Some@Where.test", Stop);
        Assert.Equal("some@example.test", found?.Account.Name);
        Assert.Equal(["x@y.test", "z@y.test"], found!.Account.Addresses);
        Assert.Equal(["*:bytes=5"], found.Account.QuotaRules);
        Assert.Equal(StoredCredential.Disabled, found.Credential);
        Assert.Null(await directory.FindByAddressAsync("alice", "example.test", Stop));
        Assert.NotNull(await directory.FindByAddressAsync("everybody", "example.test", Stop));
    }

    [Fact]
    public async Task Two_accounts_for_one_name_are_none_and_no_wrong_password() =>
        await Assert.ThrowsAsync<IOException>(() => Open(o => o with { LoginQuery = "SELECT name FROM accounts" }).FindByLoginAsync("x", Stop).AsTask());

    [Theory]
    [InlineData("SELECT name FROM absent", "absent")]
    [InlineData("SELECT 1 AS number", "no column \"name\"")]
    [InlineData("SELEKT", "SELEKT")]
    public async Task What_is_wrong_with_a_query_is_said_without_running_it(string query, string problem)
    {
        Assert.Null(await Open().FindProblemAsync(Stop));
        Assert.Contains(problem, await Open(o => o with { ListQuery = query }).FindProblemAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_database_password_is_temporary_and_not_told()
    {
        PostgresDirectory directory = Open(o => o with { ReadPassword = () => "guess" });
        IOException problem = await Assert.ThrowsAsync<IOException>(() => directory.FindByLoginAsync("bob", Stop).AsTask());
        Assert.DoesNotContain("guess", problem.ToString(), StringComparison.Ordinal);
        Assert.NotNull(await directory.FindProblemAsync(Stop));
        Assert.NotNull(await Open(o => o with { ReadPassword = () => throw new IOException("no such file") }).FindProblemAsync(Stop));
    }

    [Fact]
    public async Task A_query_that_takes_too_long_is_given_up()
    {
        PostgresDirectory directory = Open(o => o with { Timeout = TimeSpan.FromSeconds(1), LoginQuery = "SELECT 'bob' AS name FROM pg_sleep(300)" });
        await Assert.ThrowsAsync<IOException>(() => directory.FindByLoginAsync("bob", Stop).AsTask());
    }

    [Fact]
    public async Task A_database_that_goes_away_is_asked_again_when_it_is_back()
    {
        PostgresDirectory directory = Open();
        Assert.NotNull(await directory.FindByLoginAsync("bob", Stop));
        await fixture.Server!.StopAsync();
        await Assert.ThrowsAsync<IOException>(() => directory.FindByLoginAsync("bob", Stop).AsTask());
        await Assert.ThrowsAsync<IOException>(() => directory.FindByAddressAsync("bob", "example.test", Stop).AsTask());
        await fixture.Server.ResumeAsync();
        Assert.NotNull(await directory.FindByLoginAsync("bob", Stop));
    }

    [Theory]
    [InlineData("Host=x;Password=y", "passwordFile")]
    [InlineData("Host=x;Nonsense=y", "connection string")]
    [InlineData("Database=x", "Host")]
    public void A_connection_string_that_will_not_do_is_said_without_its_values(string text, string problem)
    {
        string? said = PostgresOptions.FindProblem(text);
        Assert.Contains(problem, said, StringComparison.Ordinal);
        Assert.DoesNotContain("=y", said, StringComparison.Ordinal);
        Assert.Null(PostgresOptions.FindProblem("Host=/run/postgresql;Database=mail;Username=mailaccess"));
    }

    private PostgresDirectory Open(Func<PostgresOptions, PostgresOptions>? change = null)
    {
        Assert.SkipUnless(fixture.Server is not null, "postgresql is not installed");
        PostgresOptions options = new()
        {
            ConnectionString = fixture.Server!.ConnectionString,
            ReadPassword = () => PostgresServer.Password,
            DefaultDomains = ["example.test", "other.test"],
            Timeout = TimeSpan.FromSeconds(30),
            ConnectionsMax = 2,
        };
        PostgresDirectory directory = new(change?.Invoke(options) ?? options, NullLogger.Instance);
        _opened.Add(directory);
        return directory;
    }
}
