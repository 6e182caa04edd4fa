using System.Net;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>How many connections a destination gets, and who is dead for how long.</summary>
public sealed class DestinationHealthTests
{
    private static readonly SmtpReply Down = new(451, new(4, 4, 2), "nobody there");
    private static readonly QueueLimits Limits = new();

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Concurrency_starts_small_grows_with_success_to_its_cap_and_shrinks_with_each_break()
    {
        DestinationHealth health = new(Limits);
        Assert.Equal(5, health.Window);
        for (int i = 0; i < 100; i++)
        {
            health.Succeeded();
        }
        Assert.Equal(20, health.Window);
        health.Broke(Down, _clock.GetUtcNow());
        Assert.Equal(19, health.Window);
        health.Refused(live: 7);
        Assert.Equal(7, health.Window);
        Assert.True(health.AllowsAnother(6));
        Assert.False(health.AllowsAnother(7));
        Assert.False(health.IsDead(_clock.GetUtcNow()));
    }

    [Fact]
    public void Breaks_without_a_success_between_them_kill_and_a_server_that_says_it_goes_does_not()
    {
        DestinationHealth health = new(Limits);
        for (int i = 0; i < 50; i++)
        {
            health.Broke(new SmtpReply(421, new(4, 3, 2), "going down"), _clock.GetUtcNow());
            Assert.False(health.IsDead(_clock.GetUtcNow()));
        }
        for (int i = 0; i < 50; i++)
        {
            health.Broke(Down, _clock.GetUtcNow());
            health.Broke(Down, _clock.GetUtcNow());
            Assert.False(health.IsDead(_clock.GetUtcNow()));
            health.Succeeded();
        }
        DestinationHealth fresh = new(Limits);
        int breaks = 0;
        for (; !fresh.IsDead(_clock.GetUtcNow()); breaks++)
        {
            fresh.Broke(Down, _clock.GetUtcNow());
        }
        Assert.InRange(breaks, 3, 5);
    }

    [Fact]
    public void A_dead_destination_rests_longer_after_each_probe_in_vain_and_a_success_forgets_that()
    {
        DestinationHealth health = new(Limits);
        List<double> minutes = [];
        for (int i = 0; i < 8; i++)
        {
            health.Dials();
            health.Died(Down, _clock.GetUtcNow());
            health.Died(Down, _clock.GetUtcNow()); // Another one that was under way.
            minutes.Add((health.DeadUntil - _clock.GetUtcNow()).TotalMinutes);
            Assert.True(health.IsDead(_clock.GetUtcNow()));
            Assert.False(health.AllowsAnother(1));
            _clock.Advance(health.DeadUntil - _clock.GetUtcNow());
            Assert.False(health.IsDead(_clock.GetUtcNow()));
            Assert.False(health.AllowsAnother(1)); // One probe.
        }
        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], minutes);
        health.Connected();
        Assert.Equal(5, health.Window);
        health.Succeeded();
        health.Died(Down, _clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(1), health.DeadUntil - _clock.GetUtcNow());
    }

    [Fact]
    public void A_dead_address_is_dialled_by_one_when_its_time_is_up_and_by_all_once_it_answers()
    {
        DeadHosts hosts = new(Limits, _clock);
        IPEndPoint address = new(IPAddress.Loopback, 25);
        Assert.True(hosts.MayDial(address, out _));
        Assert.True(hosts.MayDial(address, out _)); // Nothing is known: all may.
        hosts.Failed(address, Down);
        hosts.Failed(address, Down);
        Assert.False(hosts.MayDial(address, out SmtpReply? known));
        Assert.Equal(Down, known);
        Assert.True(hosts.MayDial(new IPEndPoint(IPAddress.Loopback, 26), out _));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(hosts.MayDial(address, out _));
        Assert.False(hosts.MayDial(address, out _)); // Somebody is at it.
        hosts.Release(address);
        Assert.True(hosts.MayDial(address, out _));
        hosts.Failed(address, Down);
        _clock.Advance(TimeSpan.FromMinutes(1.9));
        Assert.False(hosts.MayDial(address, out _));
        _clock.Advance(TimeSpan.FromMinutes(0.1));
        Assert.True(hosts.MayDial(address, out _));
        hosts.Answered(address);
        Assert.True(hosts.MayDial(address, out _));
        Assert.True(hosts.MayDial(address, out _));
    }

    [Fact]
    public void However_many_addresses_are_dead_so_many_are_remembered()
    {
        DeadHosts hosts = new(Limits with { DeadHostsMax = 100 }, _clock);
        for (int i = 1; i <= 1_000; i++)
        {
            hosts.Failed(new IPEndPoint(IPAddress.Loopback, i), Down);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        int remembered = Enumerable.Range(1, 1_000).Count(i => !hosts.MayDial(new IPEndPoint(IPAddress.Loopback, i), out _));
        Assert.InRange(remembered, 80, 100);
        Assert.False(hosts.MayDial(new IPEndPoint(IPAddress.Loopback, 1_000), out _));
    }
}
