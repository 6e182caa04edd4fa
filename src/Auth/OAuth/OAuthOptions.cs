namespace MailAccess.Auth.OAuth;

/// <summary>Whose access tokens open accounts, and what must stand in them. At least one of the two ways to check a token is set.</summary>
public sealed record OAuthOptions
{
    /// <summary>Tokens that are JSON Web Tokens are checked here, by the issuer's keys; null: none are.</summary>
    public JwtOptions? Jwt { get; init; }

    /// <summary>Tokens that are not the issuer's JSON Web Tokens are asked about there; null: they are refused.</summary>
    public IntrospectionOptions? Introspection { get; init; }

    /// <summary>
    /// A token must be made for one of these (<c>aud</c>, RFC 7519 §4.1.3). Needed for JSON Web Tokens; with introspection alone it may be empty: then the
    /// authorization server alone decides whether a token is meant for us.
    /// </summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>A scope that a token must have, also told to clients whose token fails; null: none.</summary>
    public string? Scope { get; init; }

    /// <summary>The member of a token (or of the answer about it) that holds the account's login name.</summary>
    public string AccountClaim { get; init; } = "email";

    /// <summary>Told to clients whose token fails, so that they find out where to get one: RFC 7628 §3.2.2.</summary>
    public Uri? OpenIdConfiguration { get; init; }

    /// <summary>How far the issuer's clock may be from ours.</summary>
    public TimeSpan Leeway { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the answer about a token counts, and at most until the token ends; zero: not at all.</summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Sizes, counts and durations.</summary>
    public OAuthLimits Limits { get; init; } = new();
}

/// <summary>RFC 7519, RFC 7517.</summary>
public sealed record JwtOptions
{
    /// <summary>The exact <c>iss</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>Where its keys are.</summary>
    public required Uri KeySet { get; init; }

    /// <summary>Signature algorithms that are accepted, of <see cref="JwtAlgorithms.All"/>.</summary>
    public IReadOnlyList<string> Algorithms { get; init; } = JwtAlgorithms.All;
}

/// <summary>RFC 7662.</summary>
public sealed record IntrospectionOptions
{
    /// <summary>Where to ask.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>As whom we ask.</summary>
    public required string ClientId { get; init; }

    /// <summary>Proves it.</summary>
    public required string ClientSecret { get; init; }

    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"{Endpoint} as {ClientId}";
}

/// <summary>Every size, count and duration of OAuth.</summary>
public sealed record OAuthLimits
{
    /// <summary>Octets of a token; what fits into a SASL message, RFC 4954 §4.</summary>
    public int TokenOctetsMax { get; init; } = 8192;

    /// <summary>Answers about tokens that are remembered.</summary>
    public int CacheEntriesMax { get; init; } = 10_000;

    /// <summary>Octets of an answer of the authorization server.</summary>
    public int ResponseOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Keys of an issuer that are looked at.</summary>
    public int KeysMax { get; init; } = 64;

    /// <summary>The longest wait for the authorization server.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The issuer's keys are fetched anew after so long.</summary>
    public TimeSpan KeyLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>…and sooner where a token names one that is not known, but no two times within so long: tokens are made up easily.</summary>
    public TimeSpan KeyFetchInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Keys that cannot be fetched anew are used no longer than this: a key that was withdrawn must end.</summary>
    public TimeSpan KeyLifetimeMax { get; init; } = TimeSpan.FromHours(24);
}
