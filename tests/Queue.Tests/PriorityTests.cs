using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Urgent mail. RFC 6710.</summary>
public sealed class PriorityTests : RemoteDeliveryFixture
{
    private static Envelope With(int priority, string to) => QueueHarness.Envelope("alice@example.test", to) with { Priority = priority };

    [Theory]
    [InlineData(4, "MT-PRIORITY MIXER", " MT-PRIORITY=4")]
    [InlineData(0, "MT-PRIORITY", " MT-PRIORITY=0")]
    [InlineData(-9, "MT-PRIORITY STANAG4406", " MT-PRIORITY=-9")]
    [InlineData(4, "PIPELINING", "")]
    public async Task The_next_server_hears_of_it_where_it_knows_priorities(int priority, string announced, string passed) // RFC 6710 §4.2, §4.3
    {
        await using ScriptedPeer peer = new() { Extensions = [announced] };
        Harness.Ports["far.test"] = peer.Port;
        await Harness.SendAsync(With(priority, "x@far.test"));
        Assert.Equal("MAIL FROM:<alice@example.test>" + passed, (await peer.NextMessageAsync(None)).Mail);
    }

    [Fact]
    public async Task Of_what_waits_for_one_server_the_urgent_goes_first_also_after_a_restart()
    {
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && Harness.Clock.GetUtcNow() < Samples.Start.AddMinutes(5) ? "450 4.2.0 busy" : null);
        await RestartWithAsync(o => o with { Limits = new QueueLimits { ConnectionsPerDestinationMax = 1, ActiveMessagesMax = 1 } });
        int[] priorities = [0, -4, 4, 0];
        foreach (int priority in priorities)
        {
            await Harness.SendAsync(With(priority, $"p{priority}@far.test"));
            await Harness.Logger.SawAsync($"to=<p{priority}@far.test>", "status=deferred");
        }
        while (Harness.Queue.WaitingCount < priorities.Length)
        {
            await Task.Yield();
        }
        await Harness.Queue.DisposeAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(10));
        await Harness.StartAsync();
        List<string> order = [];
        while (order.Count < priorities.Length)
        {
            order.AddRange((await peer.NextMessageAsync(None)).Recipients);
        }
        Assert.Equal(["RCPT TO:<p4@far.test>", "RCPT TO:<p0@far.test>", "RCPT TO:<p0@far.test>", "RCPT TO:<p-4@far.test>"], order);
    }

    [Fact]
    public async Task A_report_is_as_urgent_as_its_message() // RFC 6710 §4.6
    {
        await using ScriptedPeer far = Peer("far.test", c => c.Verb == "RCPT" ? "550 5.1.1 unknown" : null);
        await using ScriptedPeer home = new() { Extensions = ["MT-PRIORITY"] };
        Harness.Ports["home.test"] = home.Port;
        await Harness.SendAsync(QueueHarness.Envelope("sender@home.test", "x@far.test") with { Priority = 3 });
        Assert.Equal("MAIL FROM:<> MT-PRIORITY=3", (await home.NextMessageAsync(None)).Mail);
    }
}
