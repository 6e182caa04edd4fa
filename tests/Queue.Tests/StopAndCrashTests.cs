using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>What a stop or a failing spool in the middle of a delivery leaves.</summary>
public sealed class StopAndCrashTests : RemoteDeliveryFixture
{
    [Fact]
    public async Task A_stop_lets_the_running_transaction_finish()
    {
        TaskCompletionSource slow = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedPeer peer = Peer("far.test", c =>
        {
            if (c.Verb == ".")
            {
                slow.Task.GetAwaiter().GetResult();
            }
            return null;
        });
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await peer.SawAsync("DATA", None);
        Task stopping = Harness.Queue.StopAsync(TimeSpan.FromSeconds(30));
        slow.SetResult();
        await stopping;
        await Harness.Logger.SawAsync("status=sent");
        Assert.Empty(Harness.Disk.Names);
    }

    [Fact]
    public async Task What_a_stop_cuts_off_is_tried_again_at_the_next_start()
    {
        await using ScriptedPeer peer = Peer("far.test", c => c is { Verb: "MAIL", Connection: 1 } ? PeerAnswer.Silence : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await peer.SawAsync("MAIL", None);
        Task stopping = Harness.Queue.StopAsync(TimeSpan.FromSeconds(30));
        Harness.Clock.Advance(TimeSpan.FromSeconds(30));
        await stopping;
        Assert.Equal(2, Harness.Disk.Names.Count);
        await Harness.RestartAsync();
        await Harness.Logger.SawAsync("status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Single(peer.Messages);
    }

    [Fact]
    public async Task Killed_between_the_servers_250_and_our_record_the_message_is_sent_again() // At least once: RFC 1047.
    {
        await using ScriptedPeer peer = Peer("far.test");
        Harness.Disk.FailAfter(8); // Two files made, written and synced, the folder synced, the note before dialling; then the removal.
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await peer.NextMessageAsync(None);
        await Harness.Logger.SawAsync("could not be worked on");
        Harness.Disk = Harness.Disk.After(Crash.Kill, new Random(1));
        await Harness.RestartAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(2, peer.Messages.Count);
        Assert.Empty(Harness.Disk.Names);
    }

    [Fact]
    public async Task While_we_live_a_spool_that_fails_after_the_250_does_not_double_the_message()
    {
        Harness.Disk = new SimulatedDisk { FailsOnce = true };
        await Harness.RestartAsync();
        await using ScriptedPeer peer = Peer("far.test");
        Harness.Disk.FailAfter(8);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("could not be worked on");
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("status=sent", StringComparison.Ordinal)); // The log says what the spool knows.
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Single(peer.Messages);
        Assert.Empty(Harness.Disk.Names);
        Assert.Single(Harness.Logger.Lines, l => l.Contains("status=sent", StringComparison.Ordinal));
    }
}
