using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Fairness, and how much a destination is asked to bear.</summary>
public sealed class ConcurrencyTests : RemoteDeliveryFixture
{
    private async Task SendManyAsync(int count, string domain) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Harness.SendAsync("alice@example.test", $"u{i}@{domain}")));

    [Fact]
    public async Task A_server_that_takes_two_connections_gets_two_and_all_its_mail_without_delay()
    {
        int tried = 0;
        using ManualResetEventSlim third = new();
        await using ScriptedPeer peer = Peer("far.test", c =>
        {
            if (c.Verb == "CONNECT" && Interlocked.Increment(ref tried) > 2)
            {
                third.Set();
                return new PeerAnswer("421 4.7.0 too many connections from you", Drops: true);
            }
            if (c.Verb == "MAIL")
            {
                third.Wait(TimeSpan.FromMinutes(1)); // Else the first two may have sent everything.
            }
            return null;
        });
        await SendManyAsync(60, "far.test");
        for (int i = 0; i < 60; i++)
        {
            await Harness.Logger.SawAsync("removed");
        }
        Assert.Equal(60, peer.Messages.Count);
        Assert.Equal(2, peer.Heard.Where(c => c.Verb == "MAIL").DistinctBy(c => c.Connection).Count());
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("status=deferred", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_destination_gets_few_connections_until_it_has_answered()
    {
        await using ScriptedPeer tarpit = Peer("tarpit.test", c => c.Verb == "MAIL" ? PeerAnswer.Silence : null);
        await SendManyAsync(50, "tarpit.test");
        for (int i = 0; i < 5; i++)
        {
            await tarpit.SawAsync("MAIL", None);
        }
        await using ScriptedPeer good = Peer("good.test");
        await Harness.SendAsync("alice@example.test", "x@good.test");
        await good.NextMessageAsync(None);
        Assert.Equal(5, tarpit.Connections);
    }

    [Fact]
    public async Task However_many_destinations_are_slow_the_next_finds_a_connection_and_a_place()
    {
        await RestartWithAsync(o => o with { Limits = o.Limits with { ActiveMessagesMax = 200, ConnectionsMax = 20 } });
        ScriptedPeer[] tarpits = [.. Enumerable.Range(0, 6).Select(i => Peer($"tarpit{i}.test", c => c.Verb == "MAIL" ? PeerAnswer.Silence : null))];
        foreach (int i in Enumerable.Range(0, tarpits.Length))
        {
            await SendManyAsync(50, $"tarpit{i}.test");
            await tarpits[i].SawAsync("MAIL", None);
        }
        await using ScriptedPeer good = Peer("good.test");
        await SendManyAsync(20, "good.test");
        for (int i = 0; i < 20; i++)
        {
            await good.NextMessageAsync(None);
        }
        Assert.InRange(tarpits.Sum(t => t.Connections), 6, 19);
        foreach (ScriptedPeer tarpit in tarpits)
        {
            await tarpit.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_destination_with_much_mail_makes_room_for_one_that_has_no_connection()
    {
        await RestartWithAsync(o => o with { Limits = o.Limits with { ConnectionsMax = 1 } });
        using ManualResetEventSlim gate = new();
        int before = -1;
        await using ScriptedPeer busy = Peer("busy.test", c =>
        {
            gate.Wait(None);
            return null;
        });
        await using ScriptedPeer good = Peer("good.test", c =>
        {
            before = c.Verb == "MAIL" ? busy.Messages.Count : before;
            return null;
        });
        await SendManyAsync(80, "busy.test");
        await Harness.SendAsync("alice@example.test", "x@good.test");
        while (!await Harness.Queue.ListAsync(None).AnyAsync(e => e.Attempts == 1 && e.Recipients[0].Address == "x@good.test", None))
        {
            await Task.Yield(); // Until it stands in line.
        }
        gate.Set();
        for (int i = 0; i < 81; i++)
        {
            await Harness.Logger.SawAsync("removed");
        }
        Assert.Equal(80, busy.Messages.Count);
        Assert.InRange(before, 1, 40);
    }

    [Fact]
    public async Task Mail_for_a_dead_destination_is_put_off_without_dialling_and_one_probe_revives_it()
    {
        bool up = false;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "CONNECT" && !up ? PeerAnswer.Drop : null);
        await Harness.SendAsync("alice@example.test", "first@far.test");
        await Harness.Logger.SawAsync("to=<first@far.test>", "status=deferred");
        await SendManyAsync(50, "far.test");
        for (int i = 0; i < 50; i++)
        {
            await Harness.Logger.SawAsync("to=<u", "status=deferred");
        }
        Assert.Equal(1, peer.Connections);
        Harness.Clock.Advance(TimeSpan.FromMinutes(1));
        await SendManyAsync(50, "far.test");
        for (int i = 0; i < 50; i++)
        {
            await Harness.Logger.SawAsync("to=<u", "status=deferred");
        }
        Assert.Equal(2, peer.Connections);
        up = true;
        Harness.Clock.Advance(TimeSpan.FromMinutes(2));
        await Harness.SendAsync("alice@example.test", "probe@far.test");
        await Harness.Logger.SawAsync("to=<probe@far.test>", "status=sent");
    }

    [Fact]
    public async Task A_flush_also_dials_what_was_found_dead()
    {
        bool up = false;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "CONNECT" && !up ? PeerAnswer.Drop : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("status=deferred");
        await WaitingAsync();
        up = true;
        Harness.Queue.Flush();
        await Harness.Logger.SawAsync("status=sent");
    }

    [Fact]
    public async Task A_server_that_goes_in_the_middle_is_not_dead()
    {
        int mails = 0;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && Interlocked.Increment(ref mails) == 1 ? new PeerAnswer("421 4.3.2 restarting", Drops: true) : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        await Harness.SendAsync("alice@example.test", "y@far.test");
        await Harness.Logger.SawAsync("to=<y@far.test>", "status=sent");
    }

    [Fact]
    public async Task New_mail_and_retried_mail_take_turns_though_much_of_both_waits()
    {
        bool up = false;
        using ManualResetEventSlim opens = new();
        await RestartWithAsync(o => o with
        {
            Retry = o.Retry with { FirstDelay = TimeSpan.FromMinutes(1) },
            Limits = o.Limits with { ActiveMessagesMax = 1, ConnectionsPerDestinationMax = 1 },
        });
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && !up ? "450 4.2.0 later" : null);
        await using ScriptedPeer gate = Peer("gate.test", c =>
        {
            if (c.Verb == "RCPT")
            {
                opens.Wait(None);
            }
            return null;
        });
        for (int i = 0; i < 10; i++)
        {
            await Harness.SendAsync("alice@example.test", $"old{i}@far.test");
            await Harness.Logger.SawAsync("status=deferred");
        }
        up = true;
        await Harness.SendAsync("alice@example.test", "x@gate.test"); // Takes the only place until all others are in the schedule.
        await gate.SawAsync("MAIL", None);
        for (int i = 0; i < 10; i++)
        {
            await Harness.SendAsync("alice@example.test", $"new{i}@far.test");
        }
        Harness.Clock.Advance(TimeSpan.FromMinutes(2));
        opens.Set();
        List<bool> isNew = [];
        for (int i = 0; i < 20; i++)
        {
            isNew.Add((await peer.NextMessageAsync(None)).Recipients[0].Contains("new", StringComparison.Ordinal));
        }
        Assert.Equal(19, isNew.Zip(isNew.Skip(1)).Count(p => p.First != p.Second));
    }
}
