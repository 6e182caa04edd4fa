using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests;

/// <summary>SCRAM-SHA-256-PLUS and SCRAM-SHA-1-PLUS: RFC 5802 §6, RFC 5929 §4.</summary>
public sealed class ScramChannelBindingTests
{
    private const string Bound = "p=tls-server-end-point,,";

    [Theory]
    [InlineData("SCRAM-SHA-256-PLUS")]
    [InlineData("SCRAM-SHA-1-PLUS")]
    public async Task A_client_that_sees_the_same_channel_logs_in(string mechanism)
    {
        using LoginBench bench = Bench();
        SaslStep step = await RunAsync(bench, mechanism, Client(mechanism, Bound, LoginBench.OverBoundTls.ServerEndPointBinding.ToArray()));
        Assert.Equal("user", step.Account?.Name);
        Assert.Equal($"c1 auth ok user=<user> method={mechanism} proto=imap rip=192.0.2.1 tls=yes", Assert.Single(bench.Log.Texts));
    }

    [Fact]
    public void Binding_is_announced_first_and_only_where_the_channel_is_known()
    {
        using LoginBench bench = Bench();
        Assert.Equal(
            ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"],
            bench.Authenticator.MechanismsFor(LoginBench.OverBoundTls));
        Assert.Equal(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"], bench.Authenticator.MechanismsFor(LoginBench.OverTls));
        Assert.Null(bench.Authenticator.Begin("SCRAM-SHA-256-PLUS", LoginBench.OverTls));
        AuthenticationContext plain = LoginBench.OverBoundTls with { IsEncrypted = false };
        Assert.Equal(["SCRAM-SHA-256", "SCRAM-SHA-1"], bench.Authenticator.MechanismsFor(plain));
        Assert.Null(bench.Authenticator.Begin("SCRAM-SHA-256-PLUS", plain));
    }

    [Fact]
    public void Binding_is_offered_only_by_name()
    {
        using LoginBench bench = new(new AuthOptions(), new Sha256OnlyDirectory());
        Assert.Equal(["SCRAM-SHA-256", "PLAIN", "LOGIN"], bench.Authenticator.MechanismsFor(LoginBench.OverBoundTls));
        Assert.Null(bench.Authenticator.Begin("SCRAM-SHA-256-PLUS", LoginBench.OverBoundTls));
    }

    [Theory]
    [InlineData("SCRAM-SHA-256", "y,,", "server-does-support-channel-binding")] // Somebody took the announcement away.
    [InlineData("SCRAM-SHA-1", "y,,", "server-does-support-channel-binding")]
    [InlineData("SCRAM-SHA-256-PLUS", "y,,", "server-does-support-channel-binding")]
    [InlineData("SCRAM-SHA-256-PLUS", "n,,", "server-does-support-channel-binding")]
    [InlineData("SCRAM-SHA-256", Bound, "channel-binding-not-supported")]
    [InlineData("SCRAM-SHA-256-PLUS", "p=tls-unique,,", "unsupported-channel-binding-type")]
    [InlineData("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "unsupported-channel-binding-type")]
    [InlineData("SCRAM-SHA-256-PLUS", "p=TLS-SERVER-END-POINT,,", "unsupported-channel-binding-type")]
    public async Task A_flag_that_does_not_fit_what_was_announced_is_refused(string mechanism, string header, string error)
    {
        using LoginBench bench = Bench();
        using ISaslExchange exchange = bench.Begin(mechanism, LoginBench.OverBoundTls);
        Assert.Equal($"e={error}", LoginBench.Text(await LoginBench.SayAsync(exchange, Client(mechanism, header, []).First("abc"))));
        Assert.Equal(AuthenticationFailure.ChannelBinding, (await LoginBench.SayAsync(exchange, "")).Failure);
        Assert.Equal(
            $"imap-login: Aborted login (auth failed, 1 attempts): user=<user>, method={mechanism}, rip=192.0.2.1, tls=yes, reason=ChannelBinding, session=c1",
            Assert.Single(bench.Log.Texts));
    }

    [Fact]
    public async Task A_client_that_can_bind_may_say_so_where_nothing_is_announced()
    {
        using LoginBench bench = Bench(SaslMechanisms.ScramSha256);
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256", LoginBench.OverBoundTls);
        Assert.StartsWith("r=abc", LoginBench.Text(await LoginBench.SayAsync(exchange, "y,,n=user,r=abc")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SCRAM-SHA-256-PLUS", Bound, new byte[] { 1 })] // Another server's certificate: a man in the middle.
    [InlineData("SCRAM-SHA-256-PLUS", Bound, new byte[0])]
    [InlineData("SCRAM-SHA-256", "n,,", new byte[] { 1 })]
    public async Task Another_channel_is_refused_although_the_password_is_right(string mechanism, string header, byte[] binding)
    {
        using LoginBench bench = Bench();
        ScramClient client = Client(mechanism, header, binding);
        using ISaslExchange exchange = bench.Begin(mechanism, LoginBench.OverBoundTls);
        string serverFirst = LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("abc")));
        Assert.Equal("e=channel-bindings-dont-match", LoginBench.Text(await LoginBench.SayAsync(exchange, client.Final(serverFirst))));
        Assert.Equal(AuthenticationFailure.ChannelBinding, (await LoginBench.SayAsync(exchange, "")).Failure);
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, "")).Failure);
    }

    [Fact]
    public async Task A_flag_changed_on_its_way_shows_in_what_the_client_signs()
    {
        using LoginBench bench = Bench(SaslMechanisms.ScramSha256);
        using ISaslExchange exchange = bench.Begin("SCRAM-SHA-256");
        ScramClient client = Client("SCRAM-SHA-256", "y,,", []);
        string serverFirst = LoginBench.Text(await LoginBench.SayAsync(exchange, "n" + client.First("abc")[1..]));
        Assert.Equal("e=channel-bindings-dont-match", LoginBench.Text(await LoginBench.SayAsync(exchange, client.Final(serverFirst))));
    }

    [Fact]
    public async Task A_wrong_password_on_the_right_channel_is_delayed_like_any_other()
    {
        using LoginBench bench = Bench();
        ScramClient client = new(HashAlgorithmName.SHA256, "user", "wrong") { Header = Bound, Binding = LoginBench.OverBoundTls.ServerEndPointBinding.ToArray() };
        TimeSpan[] delays = new TimeSpan[4];
        for (int i = 0; i < delays.Length; i++)
        {
            int before = bench.Clock.Delays.Count;
            Assert.Equal(AuthenticationFailure.InvalidCredentials, (await RunAsync(bench, "SCRAM-SHA-256-PLUS", client)).Failure);
            delays[i] = bench.Clock.Delays.Skip(before).Max();
        }
        Assert.Equal([0.25, 0.25, 0.25, 2], delays.Select(d => d.TotalSeconds));
    }

    private static LoginBench Bench(params string[] mechanisms)
    {
        LoginBench bench = new(new AuthOptions { Mechanisms = mechanisms.Length > 0 ? mechanisms : SaslMechanisms.All });
        bench.Directory.Set("user", "{PLAIN}pencil");
        return bench;
    }

    private static ScramClient Client(string mechanism, string header, byte[] binding) =>
        new(mechanism.StartsWith("SCRAM-SHA-256", StringComparison.Ordinal) ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1, "user", "pencil")
        {
            Header = header,
            Binding = binding,
        };

    private static async Task<SaslStep> RunAsync(LoginBench bench, string mechanism, ScramClient client)
    {
        using ISaslExchange exchange = bench.Begin(mechanism, LoginBench.OverBoundTls);
        string serverFirst = LoginBench.Text(await LoginBench.SayAsync(exchange, client.First("abc")));
        SaslStep step = await LoginBench.SayAsync(exchange, client.Final(serverFirst));
        if (step.Challenge is null)
        {
            return step;
        }
        Assert.True(client.Trusts(LoginBench.Text(step)), Encoding.UTF8.GetString(step.Challenge.Value.Span));
        return await LoginBench.SayAsync(exchange, "");
    }

    private sealed class Sha256OnlyDirectory : IAccountDirectory, IDirectoryFacts
    {
        public bool EveryAccountCanUse(string mechanism) => mechanism == SaslMechanisms.ScramSha256;

        public string CanonicalLogin(string loginName) => loginName;

        public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) => new((StoredAccount?)null);

        public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) => new((Account?)null);

        public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([]);
    }
}
