using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailAccess.Auth.OAuth;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests.OAuth;

/// <summary>What a JSON Web Token must be: RFC 7519 §7.2, RFC 8725.</summary>
public sealed class JsonWebTokenTests : IDisposable
{
    private readonly TokenIssuer _issuer = new();

    public void Dispose() => _issuer.Dispose();

    [Theory]
    [InlineData("RS256", "r1")]
    [InlineData("RS384", "r1")]
    [InlineData("RS512", "r1")]
    [InlineData("PS256", "r1")]
    [InlineData("PS384", "r1")]
    [InlineData("PS512", "r1")]
    [InlineData("ES256", "e256")]
    [InlineData("ES384", "e384")]
    [InlineData("ES512", "e521")]
    public async Task A_token_of_the_issuer_opens_its_account(string algorithm, string key)
    {
        TokenVerdict verdict = await JudgeAsync(TokenIssuer.Sign(_issuer.Claims(), algorithm, key));
        Assert.Equal((TokenStatus.Good, "alice@example.test", ""), (verdict.Status, verdict.Name, verdict.Reason));
        Assert.Empty(_issuer.Log.Texts);
    }

    [Fact]
    public async Task A_token_that_names_no_key_is_tried_with_all_that_fit() =>
        Assert.Equal(TokenStatus.Good, (await JudgeAsync(TokenIssuer.Sign(_issuer.Claims(), "RS256", null))).Status);

    [Theory]
    [InlineData("iss", "\"https://login.example.test/\"", "it has another issuer")]
    [InlineData("iss", "[\"https://login.example.test\"]", "it has another issuer")]
    [InlineData("iss", null, "it has another issuer")]
    [InlineData("aud", "\"somebody else\"", "it is made for another audience")]
    [InlineData("aud", "[\"somebody\", 7]", "it is made for another audience")]
    [InlineData("aud", null, "it is made for another audience")]
    [InlineData("exp", null, "it never expires")]
    [InlineData("exp", "\"2099\"", "it has expired")]
    [InlineData("exp", "-1", "it has expired")]
    [InlineData("exp", "1e300", "it has expired")]
    [InlineData("nbf", "4000000000", "it is not valid yet")]
    [InlineData("nbf", "\"now\"", "it is not valid yet")]
    [InlineData("email", null, "it has no email")]
    [InlineData("email", "7", "it has no email")]
    [InlineData("email", "\"\"", "it has no email")]
    [InlineData("email_verified", "false", "its address is not verified")]
    public async Task What_it_claims_must_be_right(string claim, string? json, string reason)
    {
        JsonObject claims = _issuer.Claims();
        claims.Remove(claim);
        if (json is not null)
        {
            claims[claim] = JsonNode.Parse(json);
        }
        await AssertRefusedAsync(TokenIssuer.Sign(claims), reason);
    }

    [Theory]
    [InlineData("aud", "[\"x\", \"other\"]")]
    [InlineData("nbf", "0")]
    [InlineData("email_verified", "true")]
    [InlineData("exp", "4000000000.5")]
    public async Task What_else_it_may_claim(string claim, string json)
    {
        JsonObject claims = _issuer.Claims();
        claims[claim] = JsonNode.Parse(json);
        Assert.Equal(TokenStatus.Good, (await JudgeAsync(TokenIssuer.Sign(claims))).Status);
    }

    [Fact]
    public async Task It_ends_with_its_leeway_and_begins_with_it()
    {
        JsonObject claims = _issuer.Claims();
        claims["nbf"] = _issuer.Clock.GetUtcNow().ToUnixTimeSeconds() + 31;
        string token = TokenIssuer.Sign(claims);
        using OAuthTokens tokens = _issuer.CreateTokens();
        await AssertAsync(TokenStatus.Invalid);
        _issuer.Clock.Advance(TimeSpan.FromSeconds(2));
        await AssertAsync(TokenStatus.Good);
        _issuer.Clock.Advance(TimeSpan.FromSeconds(3600 + 29 - 3));
        await AssertAsync(TokenStatus.Good);
        _issuer.Clock.Advance(TimeSpan.FromSeconds(2));
        await AssertAsync(TokenStatus.Invalid);

        async Task AssertAsync(TokenStatus status) => Assert.Equal(status, (await tokens.JudgeAsync(token, "c1", default)).Status);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("rs256")]
    [InlineData("HS256")]
    [InlineData("")]
    public async Task Without_a_signature_of_a_key_of_the_issuer_it_is_nothing(string algorithm)
    {
        string signed = $"{TokenIssuer.Encode(Encoding.UTF8.GetBytes($"{{\"alg\":\"{algorithm}\",\"kid\":\"r1\"}}"))}.{TokenIssuer.Encode(Encoding.UTF8.GetBytes(_issuer.Claims().ToJsonString()))}";
        // With HMAC the public key, which everybody has, would be the secret: RFC 8725 §2.1.
        byte[] mac = HMACSHA256.HashData(TokenIssuer.RsaModulus, Encoding.ASCII.GetBytes(signed));
        await AssertRefusedAsync($"{signed}.{TokenIssuer.Encode(mac)}", "its algorithm or type is not accepted");
        using OAuthTokens tokens = _issuer.CreateTokens();
        Assert.Equal(TokenStatus.Invalid, (await tokens.JudgeAsync(signed + ".", "c1", default)).Status);
    }

    [Theory]
    [InlineData("crit", "[\"exp\"]")]
    [InlineData("typ", "\"logout+jwt\"")]
    [InlineData("typ", "7")]
    [InlineData("alg", "7")]
    [InlineData("alg", "[\"RS256\"]")]
    [InlineData("alg", null)]
    public async Task A_header_that_wants_something_else_is_refused(string member, string? json) =>
        await AssertRefusedAsync(
            TokenIssuer.Sign(_issuer.Claims(), change: h => h[member] = json is null ? null : JsonNode.Parse(json)), "its algorithm or type is not accepted");

    [Fact]
    public async Task Only_chosen_algorithms_are_accepted()
    {
        using OAuthTokens tokens = _issuer.CreateTokens(o => o with { Jwt = o.Jwt! with { Algorithms = ["ES256"] } });
        Assert.Equal(TokenStatus.Invalid, (await tokens.JudgeAsync(TokenIssuer.Sign(_issuer.Claims()), "c1", default)).Status);
        Assert.Equal(TokenStatus.Good, (await tokens.JudgeAsync(TokenIssuer.Sign(_issuer.Claims(), "ES256", "e256"), "c1", default)).Status);
    }

    [Theory]
    [InlineData("RS256", "e256")] // A key of another kind
    [InlineData("RS256", "unknown")]
    public async Task The_key_that_it_names_must_have_signed_it(string algorithm, string key) =>
        await AssertRefusedAsync(TokenIssuer.Sign(_issuer.Claims(), algorithm, key), "none of the issuer's keys has signed it");

    [Theory]
    [InlineData("use", "\"enc\"")]
    [InlineData("key_ops", "[\"encrypt\"]")]
    [InlineData("alg", "\"PS256\"")]
    [InlineData("kty", "\"oct\"")]
    [InlineData("n", "\"AQAB\"")]
    public async Task A_key_for_something_else_verifies_nothing(string member, string json)
    {
        _issuer.Keys[0][member] = JsonNode.Parse(json);
        await AssertRefusedAsync(TokenIssuer.Sign(_issuer.Claims()), "none of the issuer's keys has signed it");
    }

    [Fact]
    public async Task One_changed_octet_anywhere_makes_it_worthless()
    {
        string token = TokenIssuer.Sign(_issuer.Claims(), "ES256", "e256");
        using OAuthTokens tokens = _issuer.CreateTokens();
        for (int at = 0; at < token.Length - 1; at++) // The last letter has bits that count for nothing.
        {
            char other = token[at] == 'A' ? 'B' : 'A';
            string changed = token[..at] + other + token[(at + 1)..];
            Assert.NotEqual(TokenStatus.Good, (await tokens.JudgeAsync(changed, "c1", default)).Status);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("opaque")]
    [InlineData("a.b.c")]
    [InlineData("....")]
    [InlineData("e30.e30.e30")]
    [InlineData("e30=.e30=.AAAA")]
    [InlineData("W10.W10.AAAA")]
    public async Task What_is_no_token_is_refused(string token)
    {
        using OAuthTokens tokens = _issuer.CreateTokens();
        Assert.Equal(TokenStatus.Invalid, (await tokens.JudgeAsync(token, "c1", default)).Status);
    }

    [Theory]
    [InlineData("{\"alg\":\"RS256\",\"alg\":\"RS256\"}", null)]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"\\uD800\"}", null)]
    [InlineData("{\"alg\":\"RS256\",\"\\uD800\":1}", null)]
    [InlineData("{\"alg\":\"RS256\"}", "{\"iss\":\"https://login.example.test\",\"email\":\"alice@example.test\",\"email\":\"bob@example.test\"}")]
    public async Task Json_that_can_be_read_in_two_ways_is_refused(string header, string? claims) =>
        await AssertRefusedAsync(TokenIssuer.SignRaw(header, claims ?? _issuer.Claims().ToJsonString()), "it is no JSON Web Token");

    [Fact]
    public async Task A_token_without_end_is_refused_unread() => await AssertRefusedAsync(new string('a', 8193), "it is too long");

    [Theory]
    [InlineData("scope", "\"openid mail\"", TokenStatus.Good)]
    [InlineData("scp", "[\"openid\", \"mail\"]", TokenStatus.Good)]
    [InlineData("scope", "\"mailbox\"", TokenStatus.InsufficientScope)]
    [InlineData("x", "1", TokenStatus.InsufficientScope)]
    internal async Task A_wanted_scope_must_be_there(string claim, string json, TokenStatus status)
    {
        using OAuthTokens tokens = _issuer.CreateTokens(o => o with { Scope = "mail" });
        JsonObject claims = _issuer.Claims();
        claims[claim] = JsonNode.Parse(json);
        Assert.Equal(status, (await tokens.JudgeAsync(TokenIssuer.Sign(claims), "c1", default)).Status);
    }

    [Fact]
    public async Task Another_member_may_name_the_account()
    {
        using OAuthTokens tokens = _issuer.CreateTokens(o => o with { AccountClaim = "preferred_username" });
        JsonObject claims = _issuer.Claims();
        claims["preferred_username"] = "bob";
        Assert.Equal("bob", (await tokens.JudgeAsync(TokenIssuer.Sign(claims), "c1", default)).Name);
    }

    private async Task<TokenVerdict> JudgeAsync(string token)
    {
        using OAuthTokens tokens = _issuer.CreateTokens();
        return await tokens.JudgeAsync(token, "c1", TestContext.Current.CancellationToken);
    }

    private async Task AssertRefusedAsync(string token, string reason)
    {
        TokenVerdict verdict = await JudgeAsync(token);
        Assert.Equal((TokenStatus.Invalid, reason), (verdict.Status, verdict.Reason));
        Assert.Equal($"c1 the token is refused: {reason}", Assert.Single(_issuer.Log.Texts));
    }
}
