using FsCheck;
using FsCheck.Fluent;

namespace MailAccess.Queue.Tests;

public sealed class RetryPolicyTests
{
    private static readonly RetryPolicy Policy = new();

    [Fact]
    public void The_first_delay_is_five_minutes_and_it_doubles()
    {
        double[] minutes = [.. Enumerable.Range(1, 7).Select(n => Policy.DelayAfter(n).TotalMinutes)];
        Assert.Equal([5, 10, 20, 40, 80, 120, 120], minutes);
    }

    [Fact]
    public void Nobody_gives_up_before_four_days() // RFC 5321 §4.5.4.1
    {
        Assert.True(Policy.GiveUpAfter >= TimeSpan.FromDays(4));
        DateTimeOffset now = Samples.Start;
        int attempts = 0;
        while (Policy.Decide(DeliveryStatus.TemporaryFailure, ++attempts, Samples.Start, now) is NextStep.RetryAt retry)
        {
            now = retry.Due;
        }
        Assert.InRange(now - Samples.Start, TimeSpan.FromDays(4.5), TimeSpan.FromDays(5));
        Assert.InRange(attempts, 30, 100);
    }

    [Fact]
    public void Success_is_forgotten_and_refusal_bounces()
    {
        Assert.IsType<NextStep.Forget>(Policy.Decide(DeliveryStatus.Delivered, 1, Samples.Start, Samples.Start));
        Assert.False(Assert.IsType<NextStep.Bounce>(Policy.Decide(DeliveryStatus.PermanentFailure, 1, Samples.Start, Samples.Start)).Expired);
        Assert.True(Assert.IsType<NextStep.Bounce>(
            Policy.Decide(DeliveryStatus.TemporaryFailure, 1, Samples.Start, Samples.Start.AddDays(5))).Expired);
    }

    [Fact]
    public void Delays_never_shrink_and_stay_between_the_bounds() => Prop.ForAll<PositiveInt, PositiveInt, PositiveInt>((first, factor, attempts) =>
    {
        RetryPolicy policy = new() { FirstDelay = TimeSpan.FromSeconds(first.Get), LongestDelay = TimeSpan.FromSeconds((long)first.Get * factor.Get) };
        TimeSpan delay = policy.DelayAfter(attempts.Get);
        return delay >= policy.FirstDelay && delay <= policy.LongestDelay && policy.DelayAfter(attempts.Get + 1) >= delay;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_retry_lies_ahead_and_within_the_lifetime() => Prop.ForAll<PositiveInt, NonNegativeInt>((attempts, minutes) =>
    {
        DateTimeOffset now = Samples.Start.AddMinutes(minutes.Get);
        return Policy.Decide(DeliveryStatus.TemporaryFailure, attempts.Get, Samples.Start, now) switch
        {
            NextStep.RetryAt retry => retry.Due > now && retry.Due <= Samples.Start + Policy.GiveUpAfter,
            NextStep.Bounce bounce => bounce.Expired && now + Policy.LongestDelay > Samples.Start + Policy.GiveUpAfter,
            _ => false,
        };
    }).QuickCheckThrowOnFailure();
}
