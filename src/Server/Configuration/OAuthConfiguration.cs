using MailAccess.Auth.OAuth;

namespace MailAccess.Server.Configuration;

/// <summary>oauth</summary>
/// <param name="Options">All but the secret of <see cref="OAuthOptions.Introspection"/>.</param>
/// <param name="ClientSecretFile">Where that secret is; null without introspection.</param>
internal sealed record OAuthConfiguration(OAuthOptions Options, string? ClientSecretFile)
{
    private static readonly TimeSpan LeewayMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CacheTimeMax = TimeSpan.FromHours(1);

    /// <summary>Null where no tokens are accepted.</summary>
    public static OAuthConfiguration? From(ConfigurationView oauth, string file, List<ConfigurationError> errors)
    {
        string? issuer = oauth.Get(OAuthSettings.Issuer);
        Uri? keySet = oauth.Get(OAuthSettings.KeySet);
        Uri? introspection = oauth.Get(OAuthSettings.Introspection);
        string? client = oauth.Get(OAuthSettings.ClientId);
        string? secretFile = oauth.Get(OAuthSettings.ClientSecretFile);
        IReadOnlyList<string> audiences = oauth.Get(OAuthSettings.Audiences);
        if (issuer is null != keySet is null)
        {
            errors.Add(oauth.Error(file, OAuthSettings.Issuer, "issuer and keySet go together"));
        }
        if (issuer is not null && audiences.Count == 0)
        {
            errors.Add(oauth.Error(file, OAuthSettings.Issuer, "needs audiences: else tokens that the issuer has made for others would open accounts here"));
        }
        if (introspection is null != client is null || introspection is null != secretFile is null)
        {
            errors.Add(oauth.Error(file, OAuthSettings.Introspection, "introspection, clientId and clientSecretFile go together"));
        }
        if (oauth.Get(OAuthSettings.Algorithms).Count == 0)
        {
            errors.Add(oauth.Error(file, OAuthSettings.Algorithms, "an empty list: no token could be accepted"));
        }
        CheckAtMost(OAuthSettings.Leeway, LeewayMax, "5m");
        CheckAtMost(OAuthSettings.CacheTime, CacheTimeMax, "1h");
        if (issuer is null && introspection is null)
        {
            return null;
        }
        return new OAuthConfiguration(
            new OAuthOptions
            {
                Jwt = issuer is null || keySet is null ? null : new JwtOptions { Issuer = issuer, KeySet = keySet, Algorithms = oauth.Get(OAuthSettings.Algorithms) },
                Introspection = introspection is null || client is null ? null : new IntrospectionOptions { Endpoint = introspection, ClientId = client, ClientSecret = "" },
                Audiences = audiences,
                Scope = oauth.Get(OAuthSettings.Scope),
                AccountClaim = oauth.Get(OAuthSettings.AccountClaim),
                OpenIdConfiguration = oauth.Get(OAuthSettings.OpenIdConfiguration),
                Leeway = oauth.Get(OAuthSettings.Leeway),
                CacheTime = oauth.Get(OAuthSettings.CacheTime),
            },
            introspection is null || secretFile is null ? null : oauth.FullPath(secretFile));

        void CheckAtMost(Setting<TimeSpan> setting, TimeSpan most, string shown)
        {
            if (oauth.Get(setting) > most)
            {
                errors.Add(oauth.Error(file, setting, $"must be at most {shown}"));
            }
        }
    }
}
