using System.Text;
using MailAccess.Auth.OAuth;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Tests.OAuth;

/// <summary>Asking an authorization server about a token (RFC 7662), over real HTTP on this machine.</summary>
public sealed class IntrospectionTests : IAsyncDisposable
{
    private const string Active = """{"active":true,"email":"alice@example.test"}""";

    private readonly LoopbackHttpServer _server = new();
    private readonly SocketsHttpHandler _http = new() { AllowAutoRedirect = false, UseProxy = false };
    private readonly ManualTimeProvider _clock = new();
    private readonly CapturedLog _log = new();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task The_question_is_asked_as_the_RFC_has_it()
    {
        _server.Answer = _ => LoopbackHttpServer.Ok(Active);
        using OAuthTokens tokens = Create();
        Assert.Equal("alice@example.test", (await JudgeAsync(tokens, "mF_9.B5f-4.1JqM+/=")).Name);
        HttpSeen seen = Assert.Single(_server.Requests);
        Assert.Equal("POST /token?realm=a HTTP/1.1", seen.Line);
        Assert.Equal("token=mF_9.B5f-4.1JqM%2B%2F%3D&token_type_hint=access_token", seen.Body);
        Assert.Equal("application/x-www-form-urlencoded", seen.Fields["Content-Type"]);
        Assert.Equal("application/json", seen.Fields["Accept"]);
        // RFC 6749 §2.3.1: both are encoded before they are joined.
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("mail%3Aserver:s3cret%2F%25")), seen.Fields["Authorization"]);
    }

    [Theory]
    [InlineData("""{"active":false}""", "it is not active")]
    [InlineData("""{"active":"true","email":"alice@example.test"}""", "it is not active")]
    [InlineData("""{"email":"alice@example.test"}""", "it is not active")]
    [InlineData("""{"active":true}""", "it has no email")]
    [InlineData("""{"active":true,"email":"alice@example.test","exp":1}""", "it has expired")]
    [InlineData("""{"active":true,"email":"alice@example.test","email_verified":false}""", "its address is not verified")]
    public async Task What_is_answered_must_be_right(string answer, string reason)
    {
        _server.Answer = _ => LoopbackHttpServer.Ok(answer);
        using OAuthTokens tokens = Create();
        TokenVerdict verdict = await JudgeAsync(tokens, "opaque");
        Assert.Equal((TokenStatus.Invalid, reason), (verdict.Status, verdict.Reason));
    }

    [Theory]
    [InlineData("""{"active":true,"email":"alice@example.test"}""", false)]
    [InlineData("""{"active":true,"email":"alice@example.test","aud":"other"}""", false)]
    [InlineData("""{"active":true,"email":"alice@example.test","aud":["other","mail"]}""", true)]
    public async Task Where_an_audience_is_configured_it_must_be_there(string answer, bool isGood)
    {
        _server.Answer = _ => LoopbackHttpServer.Ok(answer);
        using OAuthTokens tokens = Create(o => o with { Audiences = ["mail"] });
        Assert.Equal(isGood ? TokenStatus.Good : TokenStatus.Invalid, (await JudgeAsync(tokens, "opaque")).Status);
    }

    [Fact]
    public async Task An_answer_good_or_bad_counts_for_its_time_and_no_longer()
    {
        _server.Answer = seen => LoopbackHttpServer.Ok(seen.Body.Contains("good", StringComparison.Ordinal) ? Active : """{"active":false}""");
        using OAuthTokens tokens = Create();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(TokenStatus.Good, (await JudgeAsync(tokens, "good")).Status);
            Assert.Equal(TokenStatus.Invalid, (await JudgeAsync(tokens, "bad")).Status);
        }
        Assert.Equal(2, _server.Requests.Count);
        _server.Answer = _ => LoopbackHttpServer.Ok("""{"active":false}""");
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(TokenStatus.Invalid, (await JudgeAsync(tokens, "good")).Status);
        Assert.Equal(3, _server.Requests.Count);
    }

    [Fact]
    public async Task An_answer_counts_no_longer_than_its_token()
    {
        long expires = _clock.GetUtcNow().ToUnixTimeSeconds() + 10;
        _server.Answer = _ => LoopbackHttpServer.Ok($$"""{"active":true,"email":"alice@example.test","exp":{{expires}}}""");
        using OAuthTokens tokens = Create();
        Assert.Equal(TokenStatus.Good, (await JudgeAsync(tokens, "short")).Status);
        _clock.Advance(TimeSpan.FromSeconds(41)); // With its leeway of half a minute.
        Assert.Equal(TokenStatus.Invalid, (await JudgeAsync(tokens, "short")).Status);
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task No_more_answers_are_kept_than_allowed()
    {
        _server.Answer = _ => LoopbackHttpServer.Ok(Active);
        using OAuthTokens tokens = Create(o => o with { Limits = o.Limits with { CacheEntriesMax = 2 } });
        foreach (string token in new[] { "a", "b", "c", "c", "b", "a" })
        {
            await JudgeAsync(tokens, token);
        }
        Assert.Equal(4, _server.Requests.Count);
    }

    [Theory]
    [InlineData("401 Unauthorized", "{}", "", "it answers 401")]
    [InlineData("500 Oops", "{}", "", "it answers 500")]
    [InlineData("302 Found", "", "Location: http://127.0.0.1:1/\r\n", "it answers 302")]
    [InlineData("200 OK", "<html>", "", "its answer is no JSON object")]
    [InlineData("200 OK", "[]", "", "its answer is no JSON object")]
    [InlineData("200 OK", "LONG", "", "its answer has more than 1000 octets")]
    public async Task A_server_that_does_not_help_is_our_own_affair_and_is_asked_again(string status, string body, string fields, string problem)
    {
        _server.Answer = _ => LoopbackHttpServer.Response(status, body == "LONG" ? new string(' ', 1001) : body, fields);
        using OAuthTokens tokens = Create(o => o with { Limits = o.Limits with { ResponseOctetsMax = 1000 } });
        Assert.Equal(TokenStatus.Unavailable, (await JudgeAsync(tokens, "opaque-token")).Status);
        Assert.Equal(TokenStatus.Unavailable, (await JudgeAsync(tokens, "opaque-token")).Status);
        Assert.Equal(2, _server.Requests.Count);
        (LogLevel level, string text) = Assert.Single(_log.Lines, l => l.Level > LogLevel.Information);
        Assert.Equal(LogLevel.Warning, level);
        Assert.EndsWith($"/token does not tell about tokens: {problem}; this is not said again before it does", text, StringComparison.Ordinal);
        _server.Answer = _ => LoopbackHttpServer.Ok(Active);
        Assert.Equal(TokenStatus.Good, (await JudgeAsync(tokens, "opaque-token")).Status);
        Assert.All(_log.Texts, t => Assert.DoesNotContain("opaque-token", t, StringComparison.Ordinal));
        Assert.All(_log.Texts, t => Assert.DoesNotContain("s3cret", t, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        _server.Answer = _ => null;
        using OAuthTokens tokens = Create();
        Task<TokenVerdict> judging = JudgeAsync(tokens, "opaque").AsTask();
        await _server.Silent.Task;
        Assert.False(judging.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(TokenStatus.Unavailable, (await judging).Status);
        Assert.Contains(_log.Texts, t => t.Contains("no answer within 10 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        Uri gone = _server.Address;
        await _server.DisposeAsync();
        using OAuthTokens tokens = Create(o => o with { Introspection = o.Introspection! with { Endpoint = gone } });
        Assert.Equal(TokenStatus.Unavailable, (await JudgeAsync(tokens, "opaque")).Status);
    }

    [Fact]
    public async Task Tokens_of_the_issuer_are_checked_here_and_all_others_are_asked_about()
    {
        using TokenIssuer issuer = new();
        _server.Answer = _ => LoopbackHttpServer.Ok("""{"active":true,"email":"bob@example.test","aud":"other"}""");
        using Switch both = new(issuer, _http);
        using OAuthTokens tokens = new(Options() with
        {
            Jwt = new JwtOptions { Issuer = TokenIssuer.Name, KeySet = new Uri(TokenIssuer.Name + "/keys") },
            Audiences = ["mail.example.test", "other"],
        }, both, issuer.Clock, _log);
        Assert.Equal("alice@example.test", (await JudgeAsync(tokens, TokenIssuer.Sign(issuer.Claims()))).Name);
        Assert.Empty(_server.Requests);
        System.Text.Json.Nodes.JsonObject foreign = issuer.Claims();
        foreign["iss"] = "https://elsewhere.test";
        Assert.Equal("bob@example.test", (await JudgeAsync(tokens, TokenIssuer.Sign(foreign))).Name);
        foreign.Remove("iss");
        Assert.Equal("bob@example.test", (await JudgeAsync(tokens, TokenIssuer.Sign(foreign))).Name);
        Assert.Equal("bob@example.test", (await JudgeAsync(tokens, "opaque")).Name);
        Assert.Equal(3, _server.Requests.Count);
    }

    [Fact]
    public void Options_that_would_accept_anything_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Create(o => o with { Introspection = null }));
        Assert.Throws<ArgumentException>(() => Create(o => o with { Jwt = new JwtOptions { Issuer = "x", KeySet = new Uri("https://x.test") } }));
        Assert.DoesNotContain("s3cret", Options().ToString(), StringComparison.Ordinal);
    }

    private static ValueTask<TokenVerdict> JudgeAsync(OAuthTokens tokens, string token) => tokens.JudgeAsync(token, "c1", TestContext.Current.CancellationToken);

    private OAuthTokens Create(Func<OAuthOptions, OAuthOptions>? change = null) => new(change is null ? Options() : change(Options()), _http, _clock, _log);

    private OAuthOptions Options() => new()
    {
        Introspection = new IntrospectionOptions { Endpoint = _server.Address, ClientId = "mail:server", ClientSecret = "s3cret/%" },
    };

    /// <summary>What goes to the issuer goes to it, the rest over HTTP.</summary>
    private sealed class Switch(HttpMessageHandler issuer, HttpMessageHandler http) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker _issuer = new(issuer, disposeHandler: false);
        private readonly HttpMessageInvoker _http = new(http, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            (request.RequestUri!.IsLoopback ? _http : _issuer).SendAsync(request, cancellationToken);
    }
}
