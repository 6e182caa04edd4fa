using MailAccess.Auth.OAuth;
using MailAccess.Auth.Tests.Kit;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Tests.OAuth;

/// <summary>When an issuer's keys are fetched, and how long they count.</summary>
public sealed class IssuerKeysTests : IDisposable
{
    private readonly TokenIssuer _issuer = new();
    private readonly OAuthTokens _tokens;

    public IssuerKeysTests() => _tokens = _issuer.CreateTokens();

    public void Dispose()
    {
        _tokens.Dispose();
        _issuer.Dispose();
    }

    [Fact]
    public async Task Keys_are_fetched_once_an_hour()
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
        }
        Assert.Equal(1, _issuer.Fetches);
        _issuer.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
        Assert.Equal(2, _issuer.Fetches);
    }

    [Fact]
    public async Task A_key_that_is_not_known_is_fetched_but_not_as_often_as_tokens_name_one()
    {
        Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
        _issuer.Clock.Advance(TimeSpan.FromSeconds(31));
        _issuer.Keys.Add(TokenIssuer.RsaKey("r2"));
        Assert.Equal(TokenStatus.Good, await JudgeAsync("r2"));
        Assert.Equal(2, _issuer.Fetches);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(TokenStatus.Invalid, await JudgeAsync($"made-up-{i}"));
        }
        Assert.Equal(2, _issuer.Fetches);
    }

    [Fact]
    public async Task A_withdrawn_key_counts_no_more_after_the_next_fetch()
    {
        Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
        _issuer.Keys.RemoveAt(0);
        _issuer.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(TokenStatus.Invalid, await JudgeAsync("r1"));
    }

    [Fact]
    public async Task An_issuer_that_is_away_leaves_its_keys_for_a_day_and_is_logged_once()
    {
        Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
        _issuer.IsAway = true;
        for (int hour = 0; hour < 23; hour++)
        {
            _issuer.Clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
        }
        _issuer.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TokenStatus.Unavailable, await JudgeAsync("r1"));
        Assert.Equal(
            ["https://login.example.test/keys does not tell about tokens: it answers 503; this is not said again before it does"],
            _issuer.Log.Lines.Where(l => l.Level == LogLevel.Warning).Select(l => l.Text));
        _issuer.IsAway = false;
        Assert.Equal(TokenStatus.Unavailable, await JudgeAsync("r1")); // Asked just now.
        _issuer.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(TokenStatus.Good, await JudgeAsync("r1"));
    }

    private async Task<TokenStatus> JudgeAsync(string key)
    {
        System.Text.Json.Nodes.JsonObject claims = _issuer.Claims();
        return (await _tokens.JudgeAsync(TokenIssuer.Sign(claims, key: key), "c1", TestContext.Current.CancellationToken)).Status;
    }
}
