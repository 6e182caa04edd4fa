using System.Text;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests;

/// <summary>EXTERNAL: RFC 4422 appendix A.</summary>
public sealed class ExternalExchangeTests
{
    [Theory]
    [InlineData("")]
    [InlineData("alice@example.test")]
    public async Task The_account_that_owns_the_certificates_address_logs_in(string authorization)
    {
        using LoginBench bench = Bench();
        AuthenticationContext context = With(ClientCertificates.For("alice@example.test"));
        Assert.Equal(["EXTERNAL", "PLAIN", "LOGIN"], bench.Authenticator.MechanismsFor(context));
        using ISaslExchange exchange = bench.Begin("external", context);
        Assert.Equal("", LoginBench.Text(await LoginBench.SayAsync(exchange, null)));
        Assert.Equal("alice@example.test", (await LoginBench.SayAsync(exchange, authorization)).Account?.Name);
        Assert.Equal("c1 auth ok user=<alice@example.test> method=EXTERNAL proto=imap rip=192.0.2.1 tls=yes", Assert.Single(bench.Log.Texts));
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, authorization)).Failure);
    }

    [Fact]
    public void It_is_offered_only_where_a_certificate_was_shown_under_tls_and_it_is_wanted()
    {
        using LoginBench bench = Bench();
        AuthenticationContext context = With(ClientCertificates.For("alice@example.test"));
        Assert.Null(bench.Authenticator.Begin("EXTERNAL", LoginBench.OverTls));
        Assert.Null(bench.Authenticator.Begin("EXTERNAL", context with { IsEncrypted = false }));
        using LoginBench without = new(new AuthOptions { Mechanisms = ["PLAIN"] });
        Assert.Null(without.Authenticator.Begin("EXTERNAL", context));
    }

    [Theory]
    [InlineData("bob@example.test", AuthenticationFailure.AuthorizationDenied)]
    [InlineData("nobody@example.test", AuthenticationFailure.AuthorizationDenied)]
    [InlineData("ali\0ce", AuthenticationFailure.Malformed)]
    public async Task Nobody_acts_for_somebody_else(string authorization, AuthenticationFailure failure)
    {
        using LoginBench bench = Bench();
        using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.For("alice@example.test")));
        Assert.Equal(failure, (await LoginBench.SayAsync(exchange, authorization)).Failure);
        Assert.Contains($"reason={failure},", Assert.Single(bench.Log.Texts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Octets_that_are_no_text_and_names_without_end_are_refused()
    {
        using LoginBench bench = Bench();
        foreach (byte[] message in new[] { new byte[] { 0xC3 }, Encoding.ASCII.GetBytes(new string('a', 256)) })
        {
            using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.For("alice@example.test")));
            Assert.Equal(AuthenticationFailure.Malformed, (await exchange.RespondAsync(message, TestContext.Current.CancellationToken)).Failure);
        }
    }

    [Theory]
    [InlineData("nobody@example.test")]
    [InlineData("locked@example.test")]
    [InlineData("")]
    [InlineData("no address")]
    [InlineData("alice@example.test bob@example.test")] // Whom does it mean?
    public async Task A_certificate_without_one_account_fails_and_slows_its_address_down(string addresses)
    {
        using LoginBench bench = Bench();
        bench.Directory.Accounts["locked@example.test"] = new StoredAccount(
            new Account { Name = "locked@example.test", Addresses = ["locked@example.test"] }, StoredCredential.Disabled);
        string[] names = addresses == "no address" ? [addresses] : addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        List<TimeSpan> delays = [];
        for (int i = 0; i < 4; i++)
        {
            int before = bench.Clock.Delays.Count;
            using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.For(names)));
            Assert.Equal(AuthenticationFailure.InvalidCredentials, (await LoginBench.SayAsync(exchange, "")).Failure);
            delays.Add(bench.Clock.Delays.Skip(before).Max());
        }
        Assert.Equal([0.25, 0.25, 0.25, 2], delays.Select(d => d.TotalSeconds)); // Four certificates: three failures when the fourth comes.
    }

    [Fact]
    public async Task Two_addresses_of_one_account_are_one_account()
    {
        using LoginBench bench = Bench();
        bench.Directory.Accounts["sales@example.test"] = bench.Directory.Accounts["alice@example.test"];
        using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.For("sales@example.test", "alice@example.test")));
        Assert.Equal("alice@example.test", (await LoginBench.SayAsync(exchange, "")).Account?.Name);
    }

    [Theory]
    [InlineData("CN=alice@example.test", true)]
    [InlineData("CN=alice@example.test, O=Example", true)]
    [InlineData("O=alice@example.test", false)]
    [InlineData("CN=bob@example.test, CN=alice@example.test", false)]
    public async Task By_configuration_the_common_name_is_the_login_name(string subject, bool isGood)
    {
        using LoginBench bench = new(new AuthOptions { ClientCertificateName = CertificateName.CommonName });
        bench.Directory.Set("alice@example.test", "{PLAIN}demo");
        bench.Directory.Set("bob@example.test", "{PLAIN}demo");
        using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.WithSubject(subject, "bob@example.test")));
        Assert.Equal(isGood ? "alice@example.test" : null, (await LoginBench.SayAsync(exchange, "")).Account?.Name);
    }

    [Fact]
    public async Task An_account_without_password_has_this_way_in_and_no_other()
    {
        using LoginBench bench = Bench();
        bench.Directory.Accounts["carol@example.test"] = new StoredAccount(
            new Account { Name = "carol@example.test", Addresses = ["carol@example.test"] }, StoredCredential.NoPassword);
        using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.For("carol@example.test")));
        Assert.NotNull((await LoginBench.SayAsync(exchange, "")).Account);
        Assert.Null((await bench.LoginAsync("carol@example.test", "")).Account);
        Assert.Null((await bench.LoginAsync("carol@example.test", "*")).Account);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_asked_is_not_the_clients_fault()
    {
        using LoginBench bench = Bench();
        bench.Directory.IsBroken = true;
        using ISaslExchange exchange = bench.Begin("EXTERNAL", With(ClientCertificates.For("alice@example.test")));
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await LoginBench.SayAsync(exchange, "")).Failure);
    }

    private static LoginBench Bench()
    {
        LoginBench bench = new(new AuthOptions());
        bench.Directory.Set("alice@example.test", "{PLAIN}demo");
        bench.Directory.Set("bob@example.test", "{PLAIN}demo");
        return bench;
    }

    private static AuthenticationContext With(byte[] certificate) => LoginBench.OverTls with { ClientCertificate = certificate };
}
