using System.Net;
using System.Text;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Tests;

public sealed class AuthenticatorTests
{
    private const string Crypted = "{SHA512-CRYPT}$6$abcdefgh$Xvn2H3ghCUacQmZRoTpqoT.1GKmZmshHJX5Tv8RLwb.4unADzgh9UTmr75fGfMaVM0pTgCp/jSiPr8cWI3/8A0";
    private const string Password = "pencil Ä%";
    private static readonly AuthLimits OneFailure = new() { AddressLane = new AuthLimits().AddressLane with { RefuseAt = 1, Decay = TimeSpan.FromDays(1) } };

    [Theory]
    [InlineData(PlaintextPolicy.Never, "127.0.0.1", false)]
    [InlineData(PlaintextPolicy.Loopback, "127.0.0.1", true)]
    [InlineData(PlaintextPolicy.Loopback, "::1", true)]
    [InlineData(PlaintextPolicy.Loopback, "::ffff:127.0.0.1", true)]
    [InlineData(PlaintextPolicy.Loopback, "192.0.2.1", false)]
    [InlineData(PlaintextPolicy.Always, "192.0.2.1", true)]
    public async Task A_password_crosses_the_network_in_clear_only_where_that_is_allowed(PlaintextPolicy policy, string remote, bool isAllowed)
    {
        using LoginBench bench = new(new AuthOptions { AllowPlaintextWithoutTls = policy, Mechanisms = SaslMechanisms.All });
        bench.Directory.Set("alice", "{PLAIN}demo");
        AuthenticationContext context = LoginBench.From(remote, encrypted: false);
        Assert.Equal(isAllowed, bench.Authenticator.AllowsPlaintext(context));
        Assert.Equal(isAllowed ? ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"] : ["SCRAM-SHA-256", "SCRAM-SHA-1"], bench.Authenticator.MechanismsFor(context));
        Assert.Equal(isAllowed, bench.Authenticator.Begin("PLAIN", context) is not null);
        SaslStep step = await bench.LoginAsync("alice", "demo", context);
        Assert.Equal(isAllowed ? AuthenticationFailure.None : AuthenticationFailure.EncryptionRequired, step.Failure);
        Assert.Equal(4, bench.Authenticator.MechanismsFor(LoginBench.From(remote)).Count);
    }

    [Fact]
    public void Only_chosen_mechanisms_are_offered()
    {
        using LoginBench bench = new(new AuthOptions { Mechanisms = ["plain"] });
        Assert.Equal(["PLAIN"], bench.Authenticator.MechanismsFor(LoginBench.OverTls));
        Assert.Null(bench.Authenticator.Begin("LOGIN", LoginBench.OverTls));
        Assert.Null(bench.Authenticator.Begin("SCRAM-SHA-256-PLUS", LoginBench.OverTls));
    }

    [Fact]
    public void Scram_is_not_offered_unasked_where_the_directory_does_not_say_that_all_can_use_it()
    {
        using LoginBench bench = new(new AuthOptions());
        Assert.Equal(["PLAIN", "LOGIN"], bench.Authenticator.MechanismsFor(LoginBench.OverTls));
    }

    [Fact]
    public async Task A_right_password_is_hashed_once_a_minute()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", Crypted);
        for (int i = 0; i < 5; i++)
        {
            Assert.NotNull((await bench.LoginAsync("alice", Password)).Account);
        }
        Assert.Equal(1, bench.Authenticator.HashesComputed);
        bench.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.NotNull((await bench.LoginAsync("alice", Password)).Account);
        Assert.Equal(2, bench.Authenticator.HashesComputed);
    }

    [Fact]
    public async Task Without_a_cache_time_every_password_is_hashed()
    {
        using LoginBench bench = new(new AuthOptions { CacheTime = TimeSpan.Zero });
        bench.Directory.Set("alice", Crypted);
        await bench.LoginAsync("alice", Password);
        await bench.LoginAsync("alice", Password);
        Assert.Equal(2, bench.Authenticator.HashesComputed);
    }

    [Fact]
    public async Task A_changed_credential_ends_what_was_remembered()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", Crypted);
        Assert.NotNull((await bench.LoginAsync("alice", Password)).Account);
        bench.Directory.Set("alice", "{PLAIN}new");
        Assert.Null((await bench.LoginAsync("alice", Password)).Account);
        bench.Directory.Accounts.Remove("alice");
        Assert.Null((await bench.LoginAsync("alice", Password)).Account);
        Assert.Null((await bench.LoginAsync("alice", "new")).Account);
    }

    [Fact]
    public async Task A_wrong_password_is_never_remembered_as_right()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", Crypted);
        bench.Directory.Set("bob", "{PLAIN}other");
        Assert.Null((await bench.LoginAsync("alice", "wrong")).Account);
        Assert.NotNull((await bench.LoginAsync("alice", Password)).Account);
        Assert.Null((await bench.LoginAsync("alice", "wrong")).Account);
        Assert.Null((await bench.LoginAsync("bob", Password)).Account);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("nobody")]
    [InlineData("unsupported")]
    [InlineData("disabled")]
    [InlineData("")]
    public async Task A_failure_costs_one_hash_and_the_same_time_whoever_is_named(string name)
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", Crypted);
        bench.Directory.Set("unsupported", "{ROT13}cravp");
        bench.Directory.Accounts["disabled"] = new StoredAccount(new Account { Name = "disabled", Addresses = [] }, StoredCredential.Disabled);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await bench.LoginAsync(name, "wrong")).Failure);
        Assert.Equal(1, bench.Authenticator.HashesComputed);
        Assert.Equal([TimeSpan.FromMilliseconds(250)], bench.Clock.Delays);
    }

    [Fact]
    public async Task A_decoy_match_is_no_login()
    {
        using LoginBench bench = new(new AuthOptions { CacheTime = TimeSpan.Zero });
        bench.Directory.Set("alice", Crypted);
        Assert.NotNull((await bench.LoginAsync("alice", Password)).Account); // Now her credential is the decoy.
        Assert.Null((await bench.LoginAsync("nobody", Password)).Account);
    }

    [Fact]
    public async Task A_password_longer_than_the_limit_is_wrong()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}" + new string('a', 1025));
        Assert.Null((await bench.LoginAsync("alice", new string('a', 1025))).Account);
        bench.Directory.Set("alice", "{PLAIN}" + new string('a', 1024));
        Assert.NotNull((await bench.LoginAsync("alice", new string('a', 1024))).Account);
        Assert.Null((await bench.LoginAsync(new string('b', 300), "x")).Account);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_asked_is_a_temporary_failure()
    {
        using LoginBench bench = new();
        bench.Directory.IsBroken = true;
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await bench.LoginAsync("alice", "demo")).Failure);
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-1");
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await LoginBench.SayAsync(exchange, "n,,n=a,r=b")).Failure);
    }

    [Fact]
    public async Task Guesses_are_slowed_and_the_right_password_still_works()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}right");
        List<double> delays = [];
        for (int guess = 0; guess < 8; guess++)
        {
            int before = bench.Clock.Delays.Count;
            await bench.LoginAsync("alice", $"guess{guess}");
            delays.Add(bench.Clock.Delays.Skip(before).Sum(d => d.TotalSeconds));
        }
        // 250 ms at least; from the fourth on the delay of the failures so far comes first.
        Assert.Equal([0.25, 0.25, 0.25, 2.25, 4.25, 8.25, 15.25, 15.25], delays);
        Assert.Equal("alice", (await bench.LoginAsync("alice", "right")).Account?.Name);
        Assert.Equal(TimeSpan.FromSeconds(15), bench.Clock.LastDelay);
        int soFar = bench.Clock.Delays.Count;
        Assert.Equal("alice", (await bench.LoginAsync("alice", "right")).Account?.Name); // Now she is known here.
        Assert.NotNull((await bench.LoginAsync("alice", "right", LoginBench.From("192.0.2.2"))).Account); // Another address never waits.
        Assert.Equal(soFar, bench.Clock.Delays.Count);
    }

    [Fact]
    public async Task Scram_guesses_are_slowed_too()
    {
        using LoginBench bench = new();
        bench.Directory.Set("user", "{PLAIN}pencil");
        for (int guess = 0; guess < 4; guess++)
        {
            ScramClient client = new(System.Security.Cryptography.HashAlgorithmName.SHA256, "user", "wrong");
            using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
            await LoginBench.SayAsync(exchange, client.Final(LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("abc")))));
        }
        Assert.Equal([0.25, 0.25, 0.25, 2, 0.25], bench.Clock.Delays.Select(d => d.TotalSeconds));
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("nobody")]
    public async Task Who_has_failed_too_often_is_refused_unchecked_in_the_time_of_a_failure_and_not_as_one(string name)
    {
        using LoginBench bench = new(new AuthOptions { Mechanisms = SaslMechanisms.All, Limits = OneFailure });
        bench.Directory.Set("alice", "{PLAIN}right");
        Assert.NotNull((await bench.LoginAsync("alice", "right", LoginBench.From("198.51.100.1"))).Account); // And remembered as right, but for others it is not.
        await bench.LoginAsync(name, "wrong");
        int soFar = bench.Clock.Delays.Count;
        long hashes = bench.Authenticator.HashesComputed;
        Assert.Equal(AuthenticationFailure.TooManyFailures, (await bench.LoginAsync(name, "right")).Failure);
        Assert.Equal([TimeSpan.FromMilliseconds(250)], bench.Clock.Delays.Skip(soFar));
        Assert.Equal(hashes, bench.Authenticator.HashesComputed);
        Assert.Equal($"c1 auth not checked user=<{name}> method=password proto=imap rip=192.0.2.1 tls=yes reason=TooManyFailures", bench.Log.Texts.Last());
        ScramClient client = new(System.Security.Cryptography.HashAlgorithmName.SHA256, name, "right");
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        SaslStep proof = await LoginBench.SayAsync(exchange, client.Final(LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("abc")))));
        Assert.Equal(AuthenticationFailure.TooManyFailures, proof.Failure);
        Assert.NotNull((await bench.LoginAsync("alice", "right", LoginBench.From("198.51.100.1"))).Account);
    }

    [Fact]
    public async Task Guesses_in_parallel_are_not_checked_more_often_than_one_after_the_other()
    {
        using LoginBench bench = new(new AuthOptions { Limits = OneFailure with { ConcurrentHashes = 1 } });
        bench.Directory.Set("alice", Crypted);
        SaslStep[] steps = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => bench.LoginAsync("alice", $"guess{i}").AsTask()));
        Assert.Equal(1, steps.Count(s => s.Failure == AuthenticationFailure.InvalidCredentials));
        Assert.Equal(49, steps.Count(s => s.Failure == AuthenticationFailure.TooManyFailures));
        Assert.Equal(1, bench.Authenticator.HashesComputed);
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using CancellationTokenSource abort = new();
        await abort.CancelAsync();
        using LoginBench bench = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await bench.Authenticator.CheckPasswordAsync("nobody", "x"u8.ToArray(), LoginBench.OverTls, abort.Token));
    }

    [Fact]
    public async Task No_secret_reaches_the_log_and_no_client_reaches_warning()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}s3cret");
        await bench.LoginAsync("alice", "s3cret");
        await bench.LoginAsync("alice", "wr0ng");
        foreach (string mechanism in SaslMechanisms.All.Where(m => !SaslMechanisms.SendsToken(m)))
        {
            foreach (string message in new[] { "\0alice\0s3cret", "\0alice\0wr0ng", "n=wr0ng", "n,,n=alice,r=wr0ng", "\0\0\0wr0ng" })
            {
                using ISaslExchange exchange = bench.Begin(mechanism, LoginBench.OverBoundTls with { ClientCertificate = ClientCertificates.For("alice") });
                await LoginBench.SayAsync(exchange, mechanism == SaslMechanisms.Login ? "alice" : message);
                await LoginBench.SayAsync(exchange, message);
            }
        }
        Assert.NotEmpty(bench.Log.Lines);
        Assert.All(bench.Log.Texts, t => Assert.DoesNotContain("s3cret", t, StringComparison.Ordinal));
        Assert.All(bench.Log.Texts, t => Assert.DoesNotContain("wr0ng", t, StringComparison.Ordinal));
        Assert.All(bench.Log.Lines, l => Assert.True(l.Level <= LogLevel.Information));
    }

    [Theory]
    [InlineData("alice", "alice")]
    [InlineData("a b\r\nauth ok user=<root>", "a?b??auth?ok?user=?root?")]
    [InlineData("ä\u2028x\u202E\uD83D\uDE00\"", "ä?x????")]
    public async Task A_name_in_the_log_cannot_forge_a_line(string name, string shown)
    {
        using LoginBench bench = new();
        await bench.LoginAsync(name, "x");
        Assert.Equal(
            $"imap-login: Aborted login (auth failed, 1 attempts): user=<{shown}>, method=password, rip=192.0.2.1, tls=yes, reason=InvalidCredentials, session=c1",
            Assert.Single(bench.Log.Texts));
    }

    [Fact]
    public async Task A_success_is_logged_once_with_who_from_where_and_how()
    {
        using LoginBench bench = new();
        bench.Directory.Set("alice", "{PLAIN}demo");
        using ISaslExchange exchange = bench.Begin("PLAIN", LoginBench.From("::ffff:192.0.2.9"));
        await LoginBench.SayAsync(exchange, "\0alice\0demo");
        Assert.Equal("c1 auth ok user=<alice> method=PLAIN proto=imap rip=192.0.2.9 tls=yes", Assert.Single(bench.Log.Texts));
    }

    [Fact]
    public async Task A_long_name_is_cut_in_the_log()
    {
        using LoginBench bench = new();
        await bench.LoginAsync(new string('x', 5000), "x");
        Assert.True(Assert.Single(bench.Log.Texts).Length < 250);
    }

    [Fact]
    public async Task Many_logins_at_once_hash_no_more_than_allowed_and_all_succeed()
    {
        using LoginBench bench = new(new AuthOptions { CacheTime = TimeSpan.Zero, Limits = new AuthLimits { ConcurrentHashes = 1 } });
        bench.Directory.Set("alice", Crypted);
        SaslStep[] steps = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bench.LoginAsync("alice", Password).AsTask()));
        Assert.All(steps, s => Assert.NotNull(s.Account));
        Assert.Equal(20, bench.Authenticator.HashesComputed);
    }
}
