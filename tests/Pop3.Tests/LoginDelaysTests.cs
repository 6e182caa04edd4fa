using MailAccess.Testing;

namespace MailAccess.Pop3.Tests;

public sealed class LoginDelaysTests
{
    [Fact]
    public void What_no_longer_matters_is_forgotten()
    {
        ManualTimeProvider clock = new();
        LoginDelays delays = new(TimeSpan.FromMinutes(1), clock);
        for (int i = 0; i < 5_000; i++)
        {
            Assert.True(delays.TryLogin($"user{i}"));
            clock.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.InRange(delays.Count, 1, 1200);
        Assert.False(delays.TryLogin("user4999"));
    }

    [Fact]
    public void Without_a_delay_nothing_is_remembered()
    {
        LoginDelays delays = new(TimeSpan.Zero, new ManualTimeProvider());
        Assert.True(delays.TryLogin("alice"));
        Assert.True(delays.TryLogin("alice"));
        Assert.Equal(0, delays.Count);
    }
}
