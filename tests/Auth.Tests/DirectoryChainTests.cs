using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

/// <summary>Several sources of accounts as one, and answers that are remembered.</summary>
public sealed class DirectoryChainTests
{
    private readonly MemoryDirectory _first = new();
    private readonly MemoryDirectory _second = new();
    private readonly AutoClock _clock = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private DirectoryChain Chain => new([_first, _second]);

    [Fact]
    public async Task The_first_source_that_knows_a_name_decides()
    {
        _first.Set("alice@example.test", "{PLAIN}first");
        _second.Set("alice@example.test", "{PLAIN}second");
        _second.Set("bob@example.test", "{PLAIN}b");
        using LoginBench bench = new(directory: Chain);
        Assert.Equal("alice@example.test", (await bench.LoginAsync("alice@example.test", "first")).Account?.Name);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await bench.LoginAsync("alice@example.test", "second")).Failure);
        Assert.Equal("bob@example.test", (await bench.LoginAsync("bob@example.test", "b")).Account?.Name);
        Assert.Equal(["alice@example.test", "bob@example.test"], (await Chain.ListAsync(Stop)).Select(a => a.Name));
    }

    [Fact]
    public async Task Addresses_are_found_in_every_source()
    {
        _first.Set("alice@example.test", "{PLAIN}x");
        _second.Set("bob@example.test", "{PLAIN}x");
        Assert.Equal("alice@example.test", (await Chain.FindByAddressAsync("alice", "example.test", Stop))?.Name);
        Assert.Equal("bob@example.test", (await Chain.FindByAddressAsync("bob", "example.test", Stop))?.Name);
        Assert.Null(await Chain.FindByAddressAsync("carol", "example.test", Stop));
    }

    [Fact]
    public async Task Mail_for_a_hidden_account_does_not_reach_the_one_that_hides_it()
    {
        _first.Set("alice", "{PLAIN}x");
        _second.Accounts["shared@example.test"] = new StoredAccount(
            new Account { Name = "alice", Addresses = ["shared@example.test"] }, StoredCredential.Disabled);
        Assert.Null(await Chain.FindByAddressAsync("shared", "example.test", Stop));
        Assert.Null(await Chain.FindByLoginAsync("shared@example.test", Stop));
    }

    [Fact]
    public async Task A_source_that_cannot_be_asked_hides_those_behind_it_but_not_those_before()
    {
        _first.Set("alice", "{PLAIN}x");
        _second.Set("bob", "{PLAIN}x");
        _second.IsBroken = true;
        using LoginBench bench = new(directory: Chain);
        Assert.NotNull((await bench.LoginAsync("alice", "x")).Account);
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await bench.LoginAsync("bob", "x")).Failure);
        (_first.IsBroken, _second.IsBroken) = (true, false);
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await bench.LoginAsync("bob", "x")).Failure);
    }

    [Fact]
    public async Task SCRAM_is_not_offered_beside_a_source_that_cannot_say_that_all_its_accounts_serve_it()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "alice:{PLAIN}x\n", Stop);
        PasswdFile passwd = new(new PasswdFileOptions { Path = file }, new AuthLimits(), _clock, new CapturedLog());
        await passwd.LoadAsync(Stop);
        Assert.True(new DirectoryChain([passwd]).EveryAccountCanUse(SaslMechanisms.ScramSha256));
        Assert.False(new DirectoryChain([passwd, _second]).EveryAccountCanUse(SaslMechanisms.ScramSha256));
        File.Delete(file);
    }

    [Fact]
    public async Task Answers_about_names_and_addresses_are_remembered_for_a_while_also_that_there_are_none()
    {
        CachedDirectory cached = new(_first, TimeSpan.FromSeconds(30), 10, _clock);
        Assert.Null(await cached.FindByAddressAsync("alice", "example.test", Stop));
        _first.Set("alice@example.test", "{PLAIN}x");
        Assert.Null(await cached.FindByAddressAsync("Alice", "Example.Test", Stop));
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.NotNull(await cached.FindByAddressAsync("alice", "example.test", Stop));
        Assert.NotNull(await cached.FindByNameAsync("alice@example.test", Stop));

        _first.Accounts.Clear();
        Assert.NotNull(await cached.FindByAddressAsync("alice", "example.test", Stop));
        Assert.NotNull(await cached.FindByNameAsync("alice@example.test", Stop));
        Assert.Null(await cached.FindByLoginAsync("alice@example.test", Stop)); // Never from memory.
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await cached.FindByAddressAsync("alice", "example.test", Stop));
        Assert.Null(await cached.FindByNameAsync("alice@example.test", Stop));
    }

    [Fact]
    public async Task Strangers_addresses_do_not_push_out_those_of_accounts()
    {
        CachedDirectory cached = new(_first, TimeSpan.FromSeconds(30), 10, _clock);
        _first.Set("alice@example.test", "{PLAIN}x");
        Assert.NotNull(await cached.FindByAddressAsync("alice", "example.test", Stop));
        for (int i = 0; i < 100; i++)
        {
            Assert.Null(await cached.FindByAddressAsync($"guess{i}", "example.test", Stop));
        }
        _first.Accounts.Clear();
        Assert.NotNull(await cached.FindByAddressAsync("alice", "example.test", Stop));
    }

    [Fact]
    public async Task A_source_that_cannot_be_asked_is_not_remembered_as_one_without_the_name()
    {
        BrokenDirectory broken = new();
        CachedDirectory cached = new(broken, TimeSpan.FromSeconds(30), 10, _clock);
        await Assert.ThrowsAsync<IOException>(() => cached.FindByAddressAsync("alice", "example.test", Stop).AsTask());
        broken.IsBroken = false;
        Assert.NotNull(await cached.FindByAddressAsync("alice", "example.test", Stop));
    }

    private sealed class BrokenDirectory : IAccountDirectory
    {
        public bool IsBroken { get; set; } = true;

        public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) => default;

        public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
            IsBroken ? throw new IOException("away") : new(new Account { Name = localPart, Addresses = [] });

        public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([]);
    }
}
