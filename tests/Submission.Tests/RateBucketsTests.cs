using MailAccess.Submission.Policy;
using MailAccess.Testing;

namespace MailAccess.Submission.Tests;

/// <summary>What must hold of every rate, whoever asks when.</summary>
public sealed class RateBucketsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nobody_gets_more_than_the_burst_and_what_time_has_filled_up(int seed)
    {
        Random random = new(seed);
        ManualTimeProvider clock = new();
        Rate rate = new(random.Next(1, 20), TimeSpan.FromSeconds(random.Next(1, 600)));
        RateBuckets buckets = new(rate, 100, clock);
        DateTimeOffset start = clock.GetUtcNow();
        int taken = 0;
        for (int i = 0; i < 2000; i++)
        {
            clock.Advance(rate.Period * (random.NextDouble() / rate.Count));
            if (buckets.TryTake("a", out TimeSpan wait))
            {
                taken++;
            }
            else
            {
                Assert.True(wait > TimeSpan.Zero && wait <= rate.Period / rate.Count * 1.001);
                if (random.Next(4) == 0)
                {
                    clock.Advance(wait + TimeSpan.FromMilliseconds(1));
                    Assert.True(buckets.TryTake("a", out _)); // The promise is kept.
                    taken++;
                }
            }
            double elapsed = (clock.GetUtcNow() - start) / rate.Period;
            Assert.True(taken <= rate.Count + (elapsed * rate.Count) + 0.001);
        }
        Assert.True(taken > 900); // It gives what it may.
    }

    [Fact]
    public void Without_a_rate_there_is_no_bound_and_nothing_is_remembered()
    {
        RateBuckets buckets = new(default, 1, new ManualTimeProvider());
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(buckets.TryTake("a", out _));
        }
    }
}
