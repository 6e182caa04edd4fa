namespace MailAccess.Auth.OAuth;

/// <summary>An issuer's keys, fetched when they are needed and kept for a while — RFC 7517 §5. Thread-safe.</summary>
/// <remarks>
/// One fetch at a time, all who need it wait for the same one; and no two within <see cref="OAuthLimits.KeyFetchInterval"/>, whatever tokens name.
/// Keys that cannot be fetched anew stay for <see cref="OAuthLimits.KeyLifetimeMax"/>.
/// </remarks>
internal sealed class IssuerKeys(Uri address, AuthorizationServer server, OAuthLimits limits, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private IReadOnlyList<JsonWebKey>? _keys;
    private long _fetchedAt;
    private long? _triedAt;
    private Task? _fetching;

    /// <summary>The keys that may have signed a token; empty: none has; null: the issuer cannot be asked.</summary>
    public async ValueTask<IReadOnlyList<JsonWebKey>?> FindAsync(string? keyId, string algorithm)
    {
        IReadOnlyList<JsonWebKey>? keys = Current(limits.KeyLifetime);
        if (keys is null)
        {
            await FetchAsync();
            keys = Current(limits.KeyLifetimeMax);
        }
        IReadOnlyList<JsonWebKey>? fitting = Fitting(keys);
        if (fitting is { Count: 0 })
        {
            await FetchAsync(); // The issuer may have a new key.
            fitting = Fitting(Current(limits.KeyLifetimeMax));
        }
        return fitting;

        IReadOnlyList<JsonWebKey>? Fitting(IReadOnlyList<JsonWebKey>? among) =>
            among is null ? null : [.. among.Where(k => k.Serves(algorithm) && (keyId is null || k.Id is null || k.Id == keyId))];
    }

    private IReadOnlyList<JsonWebKey>? Current(TimeSpan lifetime)
    {
        lock (_gate)
        {
            return _keys is not null && clock.GetElapsedTime(_fetchedAt) < lifetime ? _keys : null;
        }
    }

    private Task FetchAsync()
    {
        lock (_gate)
        {
            if (_fetching is not null)
            {
                return _fetching;
            }
            if (_triedAt is { } tried && clock.GetElapsedTime(tried) < limits.KeyFetchInterval)
            {
                return Task.CompletedTask;
            }
            _triedAt = clock.GetTimestamp();
            return _fetching = FetchOnceAsync();
        }
    }

    /// <summary>Belongs to nobody's session: it is not cancelled with one.</summary>
    private async Task FetchOnceAsync()
    {
        await Task.Yield(); // Not within the lock.
        HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("application/jwk-set+json");
        request.Headers.Accept.ParseAdd("application/json");
        IReadOnlyList<JsonWebKey>? keys = null;
        try
        {
            keys = await server.AskAsync(request, CancellationToken.None) is { } set ? JsonWebKey.ReadSet(set, limits.KeysMax) : null;
        }
        finally
        {
            lock (_gate)
            {
                _fetching = null;
                if (keys is not null)
                {
                    _keys = keys;
                    _fetchedAt = clock.GetTimestamp();
                }
            }
        }
    }
}
