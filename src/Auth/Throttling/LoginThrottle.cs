using System.Net;
using System.Security.Cryptography;

namespace MailAccess.Auth.Throttling;

/// <summary>
/// Makes guessing passwords slow without locking anybody out: who tries is let in to the check by turns, later the more has failed before.
/// </summary>
/// <remarks>
/// <para>Where the account has logged in of late it has a lane of its own, in which nobody is ever refused: what others do elsewhere, and what
/// others of the same address do with other accounts, does not count there.</para>
/// <para>All others go through three lanes: of their address, of its network, of the account. The first two refuse when they are full. The third,
/// which all the world fills together, then refuses only addresses that have failed before; who comes from a clean one waits at the worst for
/// those of his kind.</para>
/// <para>Only distinct failures count: a phone that repeats one old password every minute is no guesser. Thunderbird's tries of one
/// wrong password are one failure too.</para>
/// Names that nobody has are treated as those of accounts are, in a table of their own. Thread-safe.
/// </remarks>
internal sealed class LoginThrottle
{
    private readonly Lock _gate = new();
    private readonly AuthLimits _limits;
    private readonly ThrottleOptions _options;
    private readonly KnownPlaces _places;
    private readonly TimeProvider _clock;
    private readonly LaneTable<AddressPrefix> _addresses;
    private readonly LaneTable<AddressPrefix> _networks;
    private readonly LaneTable<string> _accounts;
    private readonly LaneTable<string> _strangers;
    private readonly LaneTable<(string Account, AddressPrefix Place)> _knownPlaces;
    private readonly int _salt = RandomNumberGenerator.GetInt32(int.MaxValue);

    public LoginThrottle(AuthLimits limits, ThrottleOptions options, KnownPlaces places, TimeProvider clock)
    {
        _limits = limits;
        _options = options;
        _places = places;
        _clock = clock;
        _addresses = Table<AddressPrefix>(limits.AddressLane);
        _networks = Table<AddressPrefix>(limits.NetworkLane);
        _accounts = Table<string>(limits.AccountLane);
        _strangers = Table<string>(limits.AccountLane);
        _knownPlaces = Table<(string Account, AddressPrefix Place)>(limits.KnownPlaceLane);
    }

    /// <summary>Lanes in memory.</summary>
    internal int Lanes
    {
        get
        {
            lock (_gate)
            {
                return _addresses.Count + _networks.Count + _accounts.Count + _strangers.Count + _knownPlaces.Count;
            }
        }
    }

    /// <summary>Failures of an address that are not forgotten.</summary>
    internal int FailuresOf(IPAddress address)
    {
        lock (_gate)
        {
            return _addresses.Find(AddressPrefix.Narrow(address), PartOf(AddressPrefix.Provider(address)))?.FailuresAt(_clock.GetUtcNow()) ?? 0;
        }
    }

    /// <summary>
    /// Waits for the turn to check something; null: refused, nothing may be checked. The turn ends with its disposal.
    /// </summary>
    /// <param name="remote">Who tries.</param>
    /// <param name="account">Whose account; null: known only after the check, of something that cannot be guessed: delayed, never refused.</param>
    /// <param name="exists">Whether there is this account.</param>
    /// <param name="cancellationToken">Given up: the turn goes to the next, and nothing was checked.</param>
    public async ValueTask<LoginTurn?> EnterAsync(IPAddress remote, string? account, bool exists, CancellationToken cancellationToken)
    {
        IPAddress address = remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
        LoginTurn turn = new(this);
        if (!_options.Enabled || _limits.LongestPenalty <= TimeSpan.Zero || _options.TrustedNetworks.Any(n => n.Contains(address)))
        {
            return turn;
        }
        var place = AddressPrefix.Wide(address);
        bool entered = false;
        try
        {
            entered = exists && _places.Contains(account!, address)
                ? await EnterAsync(turn, _knownPlaces, (account!, place), place, PartOf(account!), 0, mayRefuse: false, cancellationToken)
                : await EnterAsStrangerAsync(turn, address, account, exists, place, cancellationToken);
            return entered ? turn : null;
        }
        finally
        {
            if (!entered)
            {
                turn.Dispose();
            }
        }
    }

    /// <summary>An account has logged in from there: who waits for it at the same place need not any longer.</summary>
    public void TakeNotice(string account, IPAddress remote)
    {
        lock (_gate)
        {
            _accounts.Find(account, PartOf(account))?.Release(AddressPrefix.Wide(remote));
        }
    }

    private async ValueTask<bool> EnterAsStrangerAsync(
        LoginTurn turn, IPAddress address, string? account, bool exists, AddressPrefix place, CancellationToken cancellationToken)
    {
        int part = PartOf(AddressPrefix.Provider(address));
        bool mayRefuse = account is not null;
        if (!await EnterAsync(turn, _addresses, AddressPrefix.Narrow(address), place, part, 0, mayRefuse, cancellationToken)
            || !await EnterAsync(turn, _networks, place, place, part, 0, mayRefuse, cancellationToken))
        {
            return false;
        }
        if (account is null || (exists && _places.Contains(account, address)))
        {
            return true; // Logged in from here while this one waited.
        }
        int rank;
        lock (_gate)
        {
            rank = _addresses.Find(AddressPrefix.Narrow(address), part)?.FailuresEver ?? 0;
        }
        return await EnterAsync(
            turn, exists ? _accounts : _strangers, account, place, PartOf(account), rank, rank >= _limits.CleanFailuresMax, cancellationToken);
    }

    /// <summary>Waits in one lane and then its delay; false: refused.</summary>
    private async ValueTask<bool> EnterAsync<TKey>(
        LoginTurn turn, LaneTable<TKey> table, TKey key, AddressPrefix place, int part, int rank, bool mayRefuse, CancellationToken cancellationToken)
        where TKey : notnull
    {
        LaneWaiter waiter = new(rank, place, !mayRefuse);
        PenaltyLane lane;
        lock (_gate)
        {
            lane = table.Open(key, part);
            lane.Enter(waiter, _clock.GetUtcNow());
        }
        try
        {
            await waiter.Ended.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                lane.Abandon(waiter, _clock.GetUtcNow());
                table.Close(key, part);
            }
            throw;
        }
        if (waiter.Verdict == LaneVerdict.Entered)
        {
            turn.Hold(lane, () => table.Close(key, part));
            if (waiter.Delay > TimeSpan.Zero)
            {
                await Task.Delay(waiter.Delay, _clock, cancellationToken);
            }
        }
        return waiter.Verdict != LaneVerdict.Refused;
    }

    internal void AddFailure(IEnumerable<PenaltyLane> lanes, UInt128 fingerprint)
    {
        lock (_gate)
        {
            foreach (PenaltyLane lane in lanes)
            {
                lane.AddFailure(fingerprint, _clock.GetUtcNow());
            }
        }
    }

    internal void Leave(IEnumerable<(PenaltyLane Lane, Action Close)> held)
    {
        lock (_gate)
        {
            foreach ((PenaltyLane lane, Action close) in held)
            {
                lane.Leave(_clock.GetUtcNow());
                close();
            }
        }
    }

    private LaneTable<TKey> Table<TKey>(LaneLimits lane) where TKey : notnull =>
        new(lane, _limits.LongestPenalty, _limits.ThrottleEntriesMax, _limits.ThrottleKeepTime, _clock);

    private int PartOf<T>(T key) => HashCode.Combine(_salt, key);
}

/// <summary>The right to check one thing. Ends with its disposal; a failure is counted before.</summary>
internal sealed class LoginTurn(LoginThrottle throttle) : IDisposable
{
    private readonly List<(PenaltyLane Lane, Action Close)> _held = [];

    public void Hold(PenaltyLane lane, Action close) => _held.Add((lane, close));

    /// <summary>What was tried was wrong; the fingerprint names it, so that the same tried again does not count.</summary>
    public void AddFailure(UInt128 fingerprint) => throttle.AddFailure(_held.Select(h => h.Lane), fingerprint);

    public void Dispose()
    {
        throttle.Leave(_held);
        _held.Clear();
    }
}
