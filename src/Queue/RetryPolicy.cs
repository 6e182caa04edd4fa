namespace MailAccess.Queue;

/// <summary>What came of one attempt for one recipient.</summary>
internal enum DeliveryStatus
{
    /// <summary>Somebody else is responsible now.</summary>
    Delivered,
    /// <summary>Not now.</summary>
    TemporaryFailure,
    /// <summary>Not ever.</summary>
    PermanentFailure,
}

/// <summary>What is to be done next.</summary>
internal abstract record NextStep
{
    /// <summary>Nothing.</summary>
    public sealed record Forget : NextStep;

    /// <summary>Try again then.</summary>
    public sealed record RetryAt(DateTimeOffset Due) : NextStep;

    /// <summary>The sender is told that it failed.</summary>
    public sealed record Bounce(bool Expired) : NextStep;
}

/// <summary>When to try again. Pure: time comes in, a decision goes out.</summary>
public sealed record RetryPolicy
{
    /// <summary>After the first attempt; doubled after each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The delay grows no further.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromHours(2);

    /// <summary>RFC 5321 §4.5.4.1: at least four to five days.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromDays(5);

    /// <summary>The same for messages without sender, whose failure helps nobody much. Zero: tried once.</summary>
    public TimeSpan GiveUpBouncesAfter { get; init; } = TimeSpan.FromDays(5);

    internal NextStep Decide(DeliveryStatus status, int attempts, DateTimeOffset arrived, DateTimeOffset now, bool isBounce = false)
    {
        switch (status)
        {
            case DeliveryStatus.Delivered:
                return new NextStep.Forget();
            case DeliveryStatus.PermanentFailure:
                return new NextStep.Bounce(Expired: false);
            default:
                DateTimeOffset due = now + DelayAfter(attempts);
                return due - arrived > (isBounce ? GiveUpBouncesAfter : GiveUpAfter) ? new NextStep.Bounce(Expired: true) : new NextStep.RetryAt(due);
        }
    }

    internal TimeSpan DelayAfter(int attempts)
    {
        TimeSpan delay = FirstDelay * Math.Pow(2, Math.Clamp(attempts - 1, 0, 16));
        return delay < LongestDelay ? delay : LongestDelay;
    }
}
