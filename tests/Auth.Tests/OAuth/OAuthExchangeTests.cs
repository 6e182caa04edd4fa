using System.Net;
using System.Text;
using MailAccess.Auth.OAuth;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Tests.OAuth;

/// <summary>OAUTHBEARER (RFC 7628) and XOAUTH2 over an authorization server that is played here.</summary>
public sealed class OAuthExchangeTests : IDisposable
{
    private const string Good = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    private readonly PlayedServer _server = new();
    private readonly CapturedLog _log = new();
    private readonly OAuthTokens _tokens;
    private readonly LoginBench _bench;

    public OAuthExchangeTests()
    {
        _tokens = new OAuthTokens(
            new OAuthOptions
            {
                Introspection = new IntrospectionOptions { Endpoint = new Uri("https://login.example.test/introspect"), ClientId = "a", ClientSecret = "b" },
                Scope = "example_scope",
                OpenIdConfiguration = new Uri("https://example.com/.well-known/openid-configuration"),
            },
            _server, new ManualTimeProvider(), _log);
        _bench = new LoginBench(new AuthOptions(), tokens: _tokens);
        _bench.Directory.Set("user@example.com", "{PLAIN}demo");
        _bench.Directory.Set("bob@example.com", "{PLAIN}demo");
        _bench.Directory.Accounts["locked@example.com"] = new StoredAccount(
            new Account { Name = "locked@example.com", Addresses = [] }, StoredCredential.Disabled);
        _bench.Directory.Accounts["nopassword@example.com"] = new StoredAccount(
            new Account { Name = "nopassword@example.com", Addresses = [] }, StoredCredential.NoPassword);
    }

    public void Dispose()
    {
        _bench.Dispose();
        _tokens.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void It_is_offered_under_tls_and_where_tokens_can_be_checked()
    {
        Assert.Equal(["OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"], _bench.Authenticator.MechanismsFor(LoginBench.OverTls));
        Assert.Empty(_bench.Authenticator.MechanismsFor(LoginBench.From("192.0.2.1", encrypted: false)));
        Assert.Null(_bench.Authenticator.Begin("OAUTHBEARER", LoginBench.From("192.0.2.1", encrypted: false)));
        using LoginBench without = new();
        Assert.Null(without.Authenticator.Begin("XOAUTH2", LoginBench.OverTls));
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=user@example.com,\u0001host=server.example.com\u0001port=143\u0001auth=Bearer " + Good + "\u0001\u0001")] // RFC 7628 §4.1
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer " + Good + "\u0001\u0001")]
    [InlineData("OAUTHBEARER", "y,,\u0001auth=bearer  " + Good + "\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001unknown=\u0001auth=Bearer " + Good + "\u0001\u0001")]
    [InlineData("XOAUTH2", "user=user@example.com\u0001auth=Bearer " + Good + "\u0001\u0001")]
    public async Task A_good_token_opens_its_account(string mechanism, string message)
    {
        using ISaslExchange exchange = _bench.Begin(mechanism);
        Assert.Equal("", LoginBench.Text(await LoginBench.SayAsync(exchange, null)));
        Assert.Equal("user@example.com", (await LoginBench.SayAsync(exchange, message)).Account?.Name);
        Assert.Equal($"c1 auth ok user=<user@example.com> method={mechanism} proto=imap rip=192.0.2.1 tls=yes", Assert.Single(_bench.Log.Texts));
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, message)).Failure);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "{\"status\":\"invalid_token\",\"scope\":\"example_scope\",\"openid-configuration\":\"https://example.com/.well-known/openid-configuration\"}", "\u0001")]
    [InlineData("OAUTHBEARER", "{\"status\":\"invalid_token\",\"scope\":\"example_scope\",\"openid-configuration\":\"https://example.com/.well-known/openid-configuration\"}", "n,,\u0001auth=Bearer " + Good + "\u0001\u0001")]
    [InlineData("XOAUTH2", "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"example_scope\"}", "")]
    public async Task A_bad_token_is_answered_in_json_and_fails_whatever_the_client_says_to_it(string mechanism, string error, string dummy)
    {
        using ISaslExchange exchange = _bench.Begin(mechanism);
        Assert.Equal(error, LoginBench.Text(await LoginBench.SayAsync(exchange, Message(mechanism, "bad"))));
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await LoginBench.SayAsync(exchange, dummy)).Failure);
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, dummy)).Failure);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "\"insufficient_scope\"")]
    [InlineData("XOAUTH2", "\"403\"")]
    public async Task A_token_for_something_else_is_told_the_scope(string mechanism, string status)
    {
        using ISaslExchange exchange = _bench.Begin(mechanism);
        Assert.StartsWith($"{{\"status\":{status},", LoginBench.Text(await LoginBench.SayAsync(exchange, Message(mechanism, "noscope"))), StringComparison.Ordinal);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await LoginBench.SayAsync(exchange, "\u0001")).Failure);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=user@example.com,\u0001auth=\u0001\u0001")] // RFC 7628 §4.3
    [InlineData("OAUTHBEARER", "n,,\u0001\u0001")]
    [InlineData("XOAUTH2", "user=user@example.com\u0001\u0001")]
    public async Task Without_a_token_a_client_learns_where_to_get_one_and_nobody_is_asked(string mechanism, string message)
    {
        using ISaslExchange exchange = _bench.Begin(mechanism);
        Assert.Contains("example_scope", LoginBench.Text(await LoginBench.SayAsync(exchange, message)), StringComparison.Ordinal);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await LoginBench.SayAsync(exchange, "\u0001")).Failure);
        Assert.Equal(0, _server.Asked);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=bob@example.com,\u0001auth=Bearer " + Good + "\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,a=nobody,\u0001auth=Bearer " + Good + "\u0001\u0001")]
    [InlineData("XOAUTH2", "user=bob@example.com\u0001auth=Bearer " + Good + "\u0001\u0001")]
    public async Task A_token_opens_nobody_elses_account(string mechanism, string message)
    {
        using ISaslExchange exchange = _bench.Begin(mechanism);
        Assert.Equal(AuthenticationFailure.AuthorizationDenied, (await LoginBench.SayAsync(exchange, message)).Failure);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "")]
    [InlineData("OAUTHBEARER", "\u0001")]
    [InlineData("OAUTHBEARER", "n,,")]
    [InlineData("OAUTHBEARER", "n,,\u0001")]
    [InlineData("OAUTHBEARER", "n,\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,user@example.com,\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,a=,\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,a=us=er,\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "p=tls-server-end-point,,\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer abc\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer abc")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer abc\u0001\u0001x")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer abc\u0001auth=Bearer def\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Basic abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer a\"c\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer \u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u00011=a\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001host=a\0b\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("XOAUTH2", "")]
    [InlineData("XOAUTH2", "auth=Bearer abc\u0001\u0001")]
    [InlineData("XOAUTH2", "user=\u0001auth=Bearer abc\u0001\u0001")]
    [InlineData("XOAUTH2", "user=a\u0001auth=Bearer abc\u0001")]
    [InlineData("XOAUTH2", "n,,\u0001auth=Bearer abc\u0001\u0001")]
    public async Task A_message_outside_the_grammar_is_asked_nobody_about(string mechanism, string message)
    {
        using ISaslExchange exchange = _bench.Begin(mechanism);
        Assert.Equal(AuthenticationFailure.Malformed, (await LoginBench.SayAsync(exchange, message)).Failure);
        Assert.Equal(0, _server.Asked);
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("locked")]
    public async Task A_token_for_nobody_who_may_log_in_fails_like_a_bad_one(string token)
    {
        using ISaslExchange exchange = _bench.Begin("OAUTHBEARER");
        Assert.Contains("invalid_token", LoginBench.Text(await LoginBench.SayAsync(exchange, Message("OAUTHBEARER", token))), StringComparison.Ordinal);
        Assert.Equal(AuthenticationFailure.InvalidCredentials, (await LoginBench.SayAsync(exchange, "\u0001")).Failure);
    }

    [Fact]
    public async Task An_account_without_password_has_this_way_in()
    {
        using ISaslExchange exchange = _bench.Begin("OAUTHBEARER");
        Assert.NotNull((await LoginBench.SayAsync(exchange, Message("OAUTHBEARER", "nopassword"))).Account);
    }

    [Fact]
    public async Task Distinct_bad_tokens_slow_their_address_down_like_wrong_passwords()
    {
        List<TimeSpan> delays = [];
        foreach (string token in new[] { "bad", "bad", "worse", "worst", "last" })
        {
            int before = _bench.Clock.Delays.Count;
            using ISaslExchange exchange = _bench.Begin("OAUTHBEARER");
            await LoginBench.SayAsync(exchange, Message("OAUTHBEARER", token));
            delays.Add(_bench.Clock.Delays.Skip(before).Max());
        }
        Assert.Equal([0.25, 0.25, 0.25, 0.25, 2], delays.Select(d => d.TotalSeconds)); // The fourth distinct one waits for three failures.
    }

    [Fact]
    public async Task A_server_that_cannot_be_asked_is_not_the_clients_fault()
    {
        _server.IsAway = true;
        using ISaslExchange exchange = _bench.Begin("XOAUTH2");
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await LoginBench.SayAsync(exchange, Message("XOAUTH2", Good))).Failure);
        _bench.Directory.IsBroken = true;
        _server.IsAway = false;
        using ISaslExchange second = _bench.Begin("XOAUTH2");
        Assert.Equal(AuthenticationFailure.TemporarilyUnavailable, (await LoginBench.SayAsync(second, Message("XOAUTH2", Good))).Failure);
    }

    [Fact]
    public async Task No_token_reaches_the_log_and_mutated_messages_never_throw()
    {
        Random random = new(7628);
        foreach (string mechanism in new[] { "OAUTHBEARER", "XOAUTH2" })
        {
            for (int i = 0; i < 1000; i++)
            {
                List<byte> message = [.. Encoding.UTF8.GetBytes(Message(mechanism, "s3cret-token"))];
                for (int changes = random.Next(1, 4); changes > 0; changes--)
                {
                    message[random.Next(message.Count)] = (byte)random.Next(256);
                }
                using ISaslExchange exchange = _bench.Begin(mechanism, LoginBench.From($"2001:db8:{i:x}::1"));
                Assert.Null((await exchange.RespondAsync(message.ToArray(), TestContext.Current.CancellationToken)).Account);
            }
        }
        Assert.NotEmpty(_bench.Log.Lines);
        Assert.All(_bench.Log.Lines.Concat(_log.Lines), l => Assert.True(l.Level <= LogLevel.Information));
        Assert.All(_bench.Log.Texts.Concat(_log.Texts), t => Assert.DoesNotContain("s3cret", t, StringComparison.Ordinal));
    }

    private static string Message(string mechanism, string token) =>
        mechanism == "XOAUTH2" ? $"user=user@example.com\u0001auth=Bearer {token}\u0001\u0001" : $"n,,\u0001auth=Bearer {token}\u0001\u0001";

    private sealed class PlayedServer : HttpMessageHandler
    {
        public int Asked { get; private set; }

        public bool IsAway { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            string body = await request.Content!.ReadAsStringAsync(cancellationToken);
            string token = Uri.UnescapeDataString(body.Split('&')[0]["token=".Length..]);
            string? name = token switch { Good or "noscope" => "user", "unknown" => "nobody", "locked" or "nopassword" => token, _ => null };
            string scope = token == "noscope" ? "other" : "example_scope";
            string answer = name is null ? """{"active":false}""" : $$"""{"active":true,"email":"{{name}}@example.com","scope":"{{scope}}"}""";
            return IsAway ? throw new HttpRequestException("away") : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer) };
        }
    }
}
