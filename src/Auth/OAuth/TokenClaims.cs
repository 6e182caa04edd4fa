using System.Text.Json;

namespace MailAccess.Auth.OAuth;

/// <summary>
/// Judges the members that a JSON Web Token and an answer about a token (RFC 7662 §2.2) have in common. Pure: the time comes in.
/// </summary>
internal static class TokenClaims
{
    private const double LatestSecond = 253_402_300_799; // 9999-12-31

    /// <summary>A member that is there counts; <paramref name="mustBeWhole"/>: those that say for how long and for whom must be there.</summary>
    public static TokenVerdict Judge(JsonElement claims, OAuthOptions options, DateTimeOffset now, bool mustBeWhole)
    {
        DateTimeOffset ends = DateTimeOffset.MaxValue;
        if (claims.TryGetProperty("exp", out JsonElement expiry))
        {
            // "on or after which the JWT MUST NOT be accepted", RFC 7519 §4.1.4
            if (!TryReadTime(expiry, out DateTimeOffset expires) || now >= (ends = Later(expires, options.Leeway)))
            {
                return TokenVerdict.Invalid("it has expired");
            }
        }
        else if (mustBeWhole)
        {
            return TokenVerdict.Invalid("it never expires");
        }
        if (claims.TryGetProperty("nbf", out JsonElement start) && !(TryReadTime(start, out DateTimeOffset starts) && Later(now, options.Leeway) >= starts))
        {
            return TokenVerdict.Invalid("it is not valid yet");
        }
        if ((options.Audiences.Count > 0 || mustBeWhole)
            && !(claims.TryGetProperty("aud", out JsonElement audience) && Texts(audience).Any(a => options.Audiences.Contains(a, StringComparer.Ordinal))))
        {
            return TokenVerdict.Invalid("it is made for another audience");
        }
        if (options.Scope is { } scope && !Scopes(claims).Contains(scope, StringComparer.Ordinal))
        {
            return new TokenVerdict(TokenStatus.InsufficientScope, "", DateTimeOffset.MaxValue, $"its scope is not {scope}");
        }
        if (OAuthJson.TextOf(claims, options.AccountClaim) is not { Length: > 0 } login)
        {
            return TokenVerdict.Invalid($"it has no {options.AccountClaim}");
        }
        // An address that a user has entered himself and nobody has checked may be somebody else's.
        if (options.AccountClaim == "email" && claims.TryGetProperty("email_verified", out JsonElement verified) && !IsTrue(verified))
        {
            return TokenVerdict.Invalid("its address is not verified");
        }
        return TokenVerdict.Good(login, ends);
    }

    /// <summary>A text, or an array of texts: RFC 7519 §4.1.3.</summary>
    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!),
        _ => [],
    };

    /// <summary>scope, separated by blanks (RFC 7662 §2.2, RFC 9068 §2.2.3); some issuers say scp, and make an array of it.</summary>
    private static IEnumerable<string> Scopes(JsonElement claims) =>
        claims.TryGetProperty("scope", out JsonElement scope) || claims.TryGetProperty("scp", out scope) ? Texts(scope).SelectMany(s => s.Split(' ')) : [];

    /// <summary>NumericDate: seconds since 1970, possibly with a fraction. RFC 7519 §2.</summary>
    private static bool TryReadTime(JsonElement value, out DateTimeOffset time)
    {
        time = default;
        bool isTime = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds) && seconds is >= 0 and <= LatestSecond;
        if (isTime)
        {
            time = DateTimeOffset.UnixEpoch.AddSeconds(value.GetDouble());
        }
        return isTime;
    }

    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan by) => DateTimeOffset.MaxValue - time > by ? time + by : DateTimeOffset.MaxValue;

    private static bool IsTrue(JsonElement value) =>
        value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.String && value.GetString() == "true");
}
