using MailAccess.Auth.OAuth;

namespace MailAccess.Server.Configuration;

/// <summary>The keys of logging in by access token.</summary>
internal static class OAuthSettings
{
    public static readonly Setting<string?> Issuer = new("issuer", Settings.Optional(ScalarTypes.Text), null, "#\"https://login.example.org/realms/example\"",
        "Tokens that are JSON Web Tokens of this issuer (iss, to the letter) are accepted. Needs keySet and audiences.");

    public static readonly Setting<Uri?> KeySet = new("keySet", Settings.Nullable(ScalarTypes.WebAddress), null, "#\"https://login.example.org/realms/example/protocol/openid-connect/certs\"",
        "Where the issuer's public keys are (jwks_uri of its OpenID configuration).");

    public static readonly ListSetting<string> Algorithms = new("algorithms", ScalarTypes.Choice([.. JwtAlgorithms.All.Select(a => (a, a))]), JwtAlgorithms.All, null,
        "Signature algorithms that are accepted. Default: all of these.");

    public static readonly Setting<Uri?> Introspection = new("introspection", Settings.Nullable(ScalarTypes.WebAddress), null, "#\"https://login.example.org/introspect\"",
        "Tokens that are not the issuer's JSON Web Tokens are asked about there (RFC 7662). Needs clientId and clientSecretFile.");

    public static readonly Setting<string?> ClientId = new("clientId", Settings.Optional(ScalarTypes.Text), null, "#\"mailaccess\"", "As whom this server asks there.");

    public static readonly Setting<string?> ClientSecretFile = new("clientSecretFile", Settings.Optional(ScalarTypes.Text), null, "#\"oauth-secret\"", "File with the secret of that client, on its first line.");

    public static readonly ListSetting<string> Audiences = new("audiences", ScalarTypes.Text, [], "#[\"mailaccess\"]",
        "A token must be made for one of these (aud). Without any, introspection alone decides whether a token is meant for this server.");

    public static readonly Setting<string?> Scope = new("scope", Settings.Optional(ScalarTypes.Text), null, null, "A scope that a token must have. Also told to clients whose token fails.");

    public static readonly Setting<string> AccountClaim = new("accountClaim", ScalarTypes.Text, "email", "\"email\"",
        "The member of a token, or of the answer about it, that holds the account's login name. An email that the issuer calls unverified does not count.");

    public static readonly Setting<Uri?> OpenIdConfiguration = new("openidConfiguration", Settings.Nullable(ScalarTypes.WebAddress), null, null,
        "Told to clients whose token fails, so that they find out where to get one: the address of the issuer's OpenID configuration.");

    public static readonly Setting<TimeSpan> Leeway = new("leeway", ScalarTypes.Duration, TimeSpan.FromSeconds(30), "\"30s\"",
        "How far the issuer's clock may be from this one; at most 5m.");

    public static readonly Setting<TimeSpan> CacheTime = new("cacheTime", ScalarTypes.Duration, TimeSpan.FromMinutes(1), "\"1m\"",
        "How long an answer of introspection counts; at most 1h. A token that is revoked opens its account for so long.");

    public static readonly SectionSetting OAuth = new("oauth", "Logging in by access token (SASL OAUTHBEARER and XOAUTH2). Off unless issuer or introspection is there.",
        [Issuer, KeySet, Algorithms, Introspection, ClientId, ClientSecretFile, Audiences, Scope, AccountClaim, OpenIdConfiguration, Leeway, CacheTime]);
}
