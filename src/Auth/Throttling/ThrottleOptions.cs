using System.Net;

namespace MailAccess.Auth.Throttling;

/// <summary>What an administrator decides about the guessing of passwords.</summary>
public sealed record ThrottleOptions
{
    /// <summary>Off: no failure slows anybody, but for <see cref="AuthLimits.FailureFloor"/>.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whose failures never count: hosts that log in for many people and slow down guessers themselves, as a webmail does.</summary>
    public IReadOnlyList<IPNetwork> TrustedNetworks { get; init; } = [];

    /// <summary>How long a place stays known from which an account has logged in.</summary>
    public TimeSpan KnownPlaceTime { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>How failures in one lane are answered. A lane is all that one address, network or account does.</summary>
/// <remarks>
/// A lane is a leaky bucket: in a time T no more than <see cref="RefuseAt"/> + T / <see cref="Decay"/> different passwords are checked in it.
/// </remarks>
public sealed record LaneLimits
{
    /// <summary>Failures without delay; from here on one attempt after the other, each after its delay.</summary>
    public required int FreeFailures { get; init; }

    /// <summary>From so many failures on nothing is checked until one is forgotten. <see cref="int.MaxValue"/>: never.</summary>
    public int RefuseAt { get; init; } = int.MaxValue;

    /// <summary>Failures that are counted at most: what more there are would only take longer to be forgotten.</summary>
    public required int FailuresMax { get; init; }

    /// <summary>One failure is forgotten after each such time.</summary>
    public required TimeSpan Decay { get; init; }

    /// <summary>The delay at <see cref="FreeFailures"/>; doubles with each further failure up to <see cref="AuthLimits.LongestPenalty"/>.</summary>
    public required TimeSpan FirstPenalty { get; init; }

    /// <summary>Attempts that wait for their turn; more are refused.</summary>
    public required int WaitersMax { get; init; }
}
