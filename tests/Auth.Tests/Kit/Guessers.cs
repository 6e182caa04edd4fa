using System.Net;
using MailAccess.Auth.Throttling;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>A throttle and those who try to log in through it, to be run by <see cref="Simulation"/>.</summary>
internal sealed class Guessers
{
    private uint _guesses;

    public Guessers(AuthLimits? limits = null, ThrottleOptions? options = null)
    {
        Limits = limits ?? new AuthLimits();
        Places = new KnownPlaces((options ?? new ThrottleOptions()).KnownPlaceTime, Clock);
        Throttle = new LoginThrottle(Limits, options ?? new ThrottleOptions(), Places, Clock);
    }

    public AuthLimits Limits { get; }

    public ManualTimeProvider Clock { get; } = new();

    public KnownPlaces Places { get; }

    public LoginThrottle Throttle { get; }

    /// <summary>Passwords that were checked and wrong.</summary>
    public int Checked { get; private set; }

    public static IPAddress Address(string text) => IPAddress.Parse(text);

    /// <summary>An IPv4 address in the n-th /24 of 10.0.0.0/8.</summary>
    public static IPAddress InNetwork(int n) => new([10, (byte)(n >> 8), (byte)n, 1]);

    /// <summary>Tries a wrong password, a new one unless one is named; false: refused.</summary>
    public async Task<bool> GuessAsync(IPAddress from, string account, UInt128? fingerprint = null, CancellationToken cancellationToken = default)
    {
        using LoginTurn? turn = await Throttle.EnterAsync(from, account, true, cancellationToken);
        if (turn is null)
        {
            return false;
        }
        Checked++;
        turn.AddFailure(fingerprint ?? ++_guesses + 1000);
        return true;
    }

    /// <summary>The right password; null: refused; else how long it took.</summary>
    public async Task<TimeSpan?> LogInAsync(IPAddress from, string account, CancellationToken cancellationToken = default)
    {
        DateTimeOffset began = Clock.GetUtcNow();
        using LoginTurn? turn = await Throttle.EnterAsync(from, account, true, cancellationToken);
        if (turn is null)
        {
            return null;
        }
        Places.Add(account, from, Clock.GetUtcNow());
        Throttle.TakeNotice(account, from);
        return Clock.GetUtcNow() - began;
    }

    /// <summary>Wrong passwords from there, on so many connections at once, one after the other as fast as they are answered, until then.</summary>
    public Task AttackAsync(IPAddress from, Func<string> account, int connections, DateTimeOffset until) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            while (Clock.GetUtcNow() < until)
            {
                bool wasChecked = await GuessAsync(from, account());
                await Task.Delay(wasChecked ? Limits.FailureFloor : TimeSpan.FromSeconds(30), Clock);
            }
        }));
}
