using MailAccess.Testing;

namespace MailAccess.Wire.Tests;

public sealed class ManualTimeProviderTests
{
    [Fact]
    public void A_clock_that_is_moved_on_by_what_it_rings_for_does_not_go_back()
    {
        ManualTimeProvider clock = new();
        DateTimeOffset start = clock.GetUtcNow();
        using ITimer timer = clock.CreateTimer(_ => clock.Advance(TimeSpan.FromMinutes(1)), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(start.AddSeconds(61), clock.GetUtcNow());
    }
}
