using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>When the queue wakes.</summary>
public sealed class DispatcherTests : RemoteDeliveryFixture
{
    [Theory]
    [InlineData(7)] // Its time comes.
    [InlineData(5)] // The timer is set anew for the rest.
    public async Task A_clock_that_goes_on_while_the_timer_is_being_set_makes_nothing_late(int minutes)
    {
        TimeSpan delay = TimeSpan.FromMinutes(7); // No other timer has it.
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int failures = 1;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && Interlocked.Decrement(ref failures) >= 0 ? "450 4.2.0 later" : null);
        await RestartWithAsync(o => o with { Retry = o.Retry with { FirstDelay = delay } });
        Harness.Clock.Setting = due =>
        {
            if (due == delay)
            {
                Harness.Clock.Setting = null;
                Harness.Clock.Advance(TimeSpan.FromMinutes(minutes));
                gone.SetResult();
            }
        };
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await gone.Task;
        Harness.Clock.Advance(delay - TimeSpan.FromMinutes(minutes));
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=sent");
    }
}
