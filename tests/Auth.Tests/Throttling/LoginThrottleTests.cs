using System.Net;
using MailAccess.Auth.Tests.Kit;
using MailAccess.Auth.Throttling;

namespace MailAccess.Auth.Tests.Throttling;

public sealed class LoginThrottleTests
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(3);
    private readonly Guessers _guessers = new();

    [Fact]
    public void Delays_grow_by_doubling_and_then_nothing_is_checked() => Run(async () =>
    {
        List<double> waits = [];
        for (int i = 0; i < 20; i++)
        {
            DateTimeOffset before = _guessers.Clock.GetUtcNow();
            Assert.True(await _guessers.GuessAsync(Client, $"account{i}"));
            waits.Add((_guessers.Clock.GetUtcNow() - before).TotalSeconds);
        }
        Assert.Equal([0, 0, 0, 2, 4, 8, 15, 15], waits.Take(8));
        Assert.Equal(15, waits.Max());
        Assert.False(await _guessers.GuessAsync(Client, "another"));
        Assert.Null(await _guessers.LogInAsync(Client, "another"));
        await Task.Delay(_guessers.Limits.AddressLane.Decay, _guessers.Clock);
        Assert.NotNull(await _guessers.LogInAsync(Client, "another"));
    });

    [Fact]
    public void One_wrong_password_tried_again_and_again_is_one_failure() => Run(async () =>
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.True(await _guessers.GuessAsync(Client, "alice", fingerprint: 7));
        }
        Assert.Equal(1, _guessers.Throttle.FailuresOf(Client));
        Assert.Equal(TimeSpan.Zero, await _guessers.LogInAsync(Client, "alice"));
    });

    [Fact]
    public void Failures_are_forgotten_one_after_the_other_even_while_others_come() => Run(async () =>
    {
        TimeSpan decay = _guessers.Limits.AddressLane.Decay;
        for (int i = 0; i < 3; i++)
        {
            await _guessers.GuessAsync(Client, "alice");
        }
        await Task.Delay(decay - Step, _guessers.Clock);
        Assert.Equal(3, _guessers.Throttle.FailuresOf(Client));
        await _guessers.GuessAsync(Client, "alice");
        Assert.Equal(4 - 1, _guessers.Throttle.FailuresOf(Client)); // Its delay went past the first one's end.
        await Task.Delay(3 * decay, _guessers.Clock);
        Assert.Equal(0, _guessers.Throttle.FailuresOf(Client));
    });

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void An_address_answers_for_its_host_or_its_64_bit_prefix(string failed, string asked, bool isSame) => Run(async () =>
    {
        await _guessers.GuessAsync(IPAddress.Parse(failed), "alice");
        Assert.Equal(isSame ? 1 : 0, _guessers.Throttle.FailuresOf(IPAddress.Parse(asked)));
    });

    [Theory]
    [InlineData("198.51.100.{0}", "198.51.100.250", "198.51.101.1")]
    [InlineData("2001:db8:7:{0}::1", "2001:db8:7:ffff::1", "2001:db8:8::1")]
    public void Many_addresses_of_one_network_are_refused_together_and_no_other(string pattern, string within, string outside) => Run(async () =>
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.True(await _guessers.GuessAsync(IPAddress.Parse(string.Format(null, pattern, i)), $"account{i}"));
        }
        // A failure is forgotten each minute, and it took longer than that.
        while (await _guessers.GuessAsync(IPAddress.Parse(string.Format(null, pattern, _guessers.Checked)), $"account{_guessers.Checked}"))
        {
        }
        Assert.Null(await _guessers.LogInAsync(IPAddress.Parse(within), "zoe"));
        Assert.Equal(TimeSpan.Zero, await _guessers.LogInAsync(IPAddress.Parse(outside), "zoe"));
    });

    [Fact]
    public void Who_hangs_up_while_he_waits_guesses_nothing_and_leaves_no_trace() => Run(async () =>
    {
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            using CancellationTokenSource hangUp = new(TimeSpan.FromSeconds(1), _guessers.Clock);
            try
            {
                await _guessers.GuessAsync(Client, $"account{i}", cancellationToken: hangUp.Token);
            }
            catch (OperationCanceledException)
            {
                // As intended.
            }
        }));
        Assert.InRange(_guessers.Checked, 3, 8); // Those of before the first delay, and not more in parallel.
        await Task.Delay(TimeSpan.FromHours(2), _guessers.Clock);
        Assert.Equal(TimeSpan.Zero, await _guessers.LogInAsync(Client, "alice"));
    });

    [Fact]
    public void An_owner_at_a_known_place_is_not_refused_however_much_fails_beside_him() => Run(async () =>
    {
        Assert.Equal(TimeSpan.Zero, await _guessers.LogInAsync(Client, "alice"));
        await _guessers.AttackAsync(Client, () => "bob", 5, _guessers.Clock.GetUtcNow() + TimeSpan.FromMinutes(10));
        Assert.Null(await _guessers.LogInAsync(Client, "bob")); // Who has never been here.
        Assert.Equal(TimeSpan.Zero, await _guessers.LogInAsync(Client, "alice"));
        Assert.Equal(TimeSpan.Zero, await _guessers.LogInAsync(IPAddress.Parse("192.0.2.77"), "alice")); // A new address of the same network.
    });

    [Fact]
    public void Guesses_at_the_owners_own_place_slow_him_but_never_refuse_him() => Run(async () =>
    {
        await _guessers.LogInAsync(Client, "alice");
        int before = _guessers.Checked;
        DateTimeOffset end = _guessers.Clock.GetUtcNow() + TimeSpan.FromHours(1);
        Task attack = _guessers.AttackAsync(Client, () => "alice", 2, end);
        await Task.Delay(TimeSpan.FromMinutes(30), _guessers.Clock);
        TimeSpan? wait = await _guessers.LogInAsync(Client, "alice");
        Assert.InRange(wait!.Value.TotalSeconds, 1, 15 * 4);
        await attack;
        Assert.InRange(_guessers.Checked - before, 10, 3600 / 15 + 20);
    });

    [Fact]
    public void A_place_is_known_no_longer_than_its_time() => Run(async () =>
    {
        await _guessers.LogInAsync(Client, "alice");
        Assert.True(_guessers.Places.Contains("alice", Client));
        Assert.False(_guessers.Places.Contains("bob", Client));
        _guessers.Clock.Advance(TimeSpan.FromDays(30));
        Assert.True(_guessers.Places.Contains("alice", Client));
        _guessers.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_guessers.Places.Contains("alice", Client));
        Assert.True(_guessers.Places.Add("alice", Client, _guessers.Clock.GetUtcNow()));
        Assert.False(_guessers.Places.Add("alice", Client, _guessers.Clock.GetUtcNow()));
    });

    [Fact]
    public void The_first_success_at_a_new_place_lets_the_other_connections_through() => Run(async () =>
    {
        for (int i = 0; i < 30; i++)
        {
            await _guessers.GuessAsync(Guessers.InNetwork(i), "alice");
        }
        DateTimeOffset began = _guessers.Clock.GetUtcNow();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ => Assert.NotNull(await _guessers.LogInAsync(Client, "alice"))));
        Assert.InRange((_guessers.Clock.GetUtcNow() - began).TotalSeconds, 1, 16);
    });

    [Fact]
    public void Trusted_networks_and_a_throttle_that_is_off_never_wait()
    {
        foreach (ThrottleOptions options in new[]
        {
            new ThrottleOptions { Enabled = false }, new ThrottleOptions { TrustedNetworks = [IPNetwork.Parse("192.0.2.0/24")] },
        })
        {
            Guessers guessers = new(options: options);
            Simulation.Run(guessers.Clock, Step, Longest, async () =>
            {
                for (int i = 0; i < 200; i++)
                {
                    Assert.True(await guessers.GuessAsync(IPAddress.Parse("::ffff:192.0.2.1"), "alice"));
                }
                Assert.Equal(TimeSpan.Zero, await guessers.LogInAsync(Client, "alice"));
            });
            Assert.Equal(0, guessers.Throttle.Lanes);
        }
    }

    [Fact]
    public void What_cannot_be_guessed_is_slowed_and_never_refused() => Run(async () =>
    {
        await _guessers.AttackAsync(Client, () => "bob", 2, _guessers.Clock.GetUtcNow() + TimeSpan.FromMinutes(10));
        DateTimeOffset before = _guessers.Clock.GetUtcNow();
        using LoginTurn? turn = await _guessers.Throttle.EnterAsync(Client, null, false, CancellationToken.None);
        Assert.NotNull(turn);
        Assert.Equal(15, (_guessers.Clock.GetUtcNow() - before).TotalSeconds);
    });

    [Fact]
    public void Successes_leave_nothing_in_memory() => Run(async () =>
    {
        for (int i = 0; i < 50; i++)
        {
            await _guessers.LogInAsync(Guessers.InNetwork(i), "alice");
        }
        Assert.Equal(0, _guessers.Throttle.Lanes);
    });

    [Fact]
    public void Who_fails_from_a_whole_provider_makes_few_others_be_forgotten()
    {
        Guessers guessers = new(new AuthLimits { ThrottleEntriesMax = 6400 });
        Simulation.Run(guessers.Clock, Step, Longest, async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                await guessers.GuessAsync(new IPAddress([(byte)(i + 1), 1, 2, 3]), $"account{i}");
            }
            byte[] octets = IPAddress.Parse("2001:db8::1").GetAddressBytes();
            for (int i = 0; i < 20_000; i++)
            {
                octets[4] = (byte)(i >> 8);
                octets[5] = (byte)i;
                await guessers.GuessAsync(new IPAddress(octets), $"other{i}");
            }
        });
        int remembered = Enumerable.Range(0, 200).Count(i => guessers.Throttle.FailuresOf(new IPAddress([(byte)(i + 1), 1, 2, 3])) > 0);
        Assert.InRange(remembered, 170, 200);
        Assert.InRange(guessers.Throttle.Lanes, 1, 4 * 6400);
    }

    [Fact]
    public void Default_limits_keep_what_the_standards_ask()
    {
        AuthLimits limits = new();
        Assert.True(PasswordHasher.DefaultIterations >= 4096); // RFC 7677 §4
        Assert.True(limits.LoginNameOctetsMax >= 255);
        Assert.True(limits.ScramMessageOctetsMax > limits.LoginNameOctetsMax * 2 * 3);
        Assert.True(2 * limits.LongestPenalty + limits.FailureFloor < TimeSpan.FromSeconds(60)); // Clients give up after a minute or more.
    }

    private void Run(Func<Task> story) => Simulation.Run(_guessers.Clock, Step, Longest, story);
}
