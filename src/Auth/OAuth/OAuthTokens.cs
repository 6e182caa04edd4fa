using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MailAccess.Auth.Passwords;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.OAuth;

/// <summary>
/// Says which account an access token opens. One for a process: what authorization servers answered is remembered in it. Thread-safe.
/// </summary>
/// <remarks>
/// A token is known by a keyed hash only and reaches no log. JSON Web Tokens of the configured issuer are checked here, all others by introspection.
/// </remarks>
public sealed class OAuthTokens : IDisposable
{
    private readonly OAuthOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly AuthorizationServer _server;
    private readonly IssuerKeys? _keys;
    private readonly ProcessSecret _secret = new();
    private readonly ExpiringCache<TokenVerdict> _answers;

    /// <summary>The handler stays the caller's; it should follow no redirection.</summary>
    /// <exception cref="ArgumentException">No way to check a token, or JSON Web Tokens without an audience.</exception>
    public OAuthTokens(OAuthOptions options, HttpMessageHandler handler, TimeProvider clock, ILogger logger)
    {
        if (options is { Jwt: null, Introspection: null } or { Jwt: not null, Audiences.Count: 0 })
        {
            throw new ArgumentException("a way to check tokens is needed, and an audience for JSON Web Tokens", nameof(options));
        }
        _options = options;
        _clock = clock;
        _logger = logger;
        _server = new AuthorizationServer(handler, options.Limits, clock, logger);
        _keys = options.Jwt is { } jwt ? new IssuerKeys(jwt.KeySet, _server, options.Limits, clock) : null;
        _answers = new ExpiringCache<TokenVerdict>(clock, options.CacheTime, options.Limits.CacheEntriesMax);
    }

    internal OAuthOptions Options => _options;

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();

    /// <summary>What the token is worth now.</summary>
    internal async ValueTask<TokenVerdict> JudgeAsync(string token, string connectionId, CancellationToken cancellationToken)
    {
        TokenVerdict verdict =
            token.Length > _options.Limits.TokenOctetsMax ? TokenVerdict.Invalid("it is too long")
            : _options.Jwt is { } own && JsonWebToken.TryParse(token, out JsonWebToken? jwt) && (_options.Introspection is null || jwt.Issuer == own.Issuer)
                ? await VerifyAsync(own, jwt)
            : _options.Introspection is { } introspection ? await IntrospectAsync(introspection, token, cancellationToken)
            : TokenVerdict.Invalid("it is no JSON Web Token");
        if (verdict.Status != TokenStatus.Good)
        {
            Log.TokenRefused(_logger, connectionId, verdict.Reason);
        }
        return verdict;
    }

    /// <summary>RFC 7519 §7.2, RFC 8725 §3.</summary>
    private async ValueTask<TokenVerdict> VerifyAsync(JwtOptions jwt, JsonWebToken token)
    {
        if (token.Issuer != jwt.Issuer)
        {
            return TokenVerdict.Invalid("it has another issuer");
        }
        if (token.FindAlgorithm(jwt.Algorithms) is not { } algorithm)
        {
            return TokenVerdict.Invalid("its algorithm or type is not accepted");
        }
        IReadOnlyList<JsonWebKey>? keys = await _keys!.FindAsync(token.KeyId, algorithm);
        return keys is null ? TokenVerdict.Unavailable("the issuer's keys cannot be had")
            : !keys.Any(k => token.IsSignedBy(k, algorithm)) ? TokenVerdict.Invalid("none of the issuer's keys has signed it")
            : TokenClaims.Judge(token.Claims, _options, _clock.GetUtcNow(), mustBeWhole: true);
    }

    /// <summary>RFC 7662 §2.</summary>
    private async ValueTask<TokenVerdict> IntrospectAsync(IntrospectionOptions introspection, string token, CancellationToken cancellationToken)
    {
        UInt128 key = _secret.Fingerprint("token", Encoding.UTF8.GetBytes(token));
        if (_answers.TryGet(key, out TokenVerdict? known) && _clock.GetUtcNow() < known!.Ends)
        {
            return known;
        }
        HttpRequestMessage request = new(HttpMethod.Post, introspection.Endpoint)
        {
            Content = new FormUrlEncodedContent([new("token", token), new("token_type_hint", "access_token")]),
        };
        request.Headers.Accept.ParseAdd("application/json");
        // RFC 6749 §2.3.1: both are form-encoded before they are joined.
        string credentials = $"{Uri.EscapeDataString(introspection.ClientId)}:{Uri.EscapeDataString(introspection.ClientSecret)}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials)));
        if (await _server.AskAsync(request, cancellationToken) is not { } answer)
        {
            return TokenVerdict.Unavailable("the authorization server cannot be asked");
        }
        // "active" is REQUIRED and a boolean; nothing else means yes.
        TokenVerdict verdict = answer.TryGetProperty("active", out JsonElement active) && active.ValueKind == JsonValueKind.True
            ? TokenClaims.Judge(answer, _options, _clock.GetUtcNow(), mustBeWhole: false)
            : TokenVerdict.Invalid("it is not active");
        _answers.Set(key, verdict);
        return verdict;
    }
}
