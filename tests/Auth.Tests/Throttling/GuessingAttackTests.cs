using System.Net;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests.Throttling;

/// <summary>A day of guessing, simulated: what attackers get, and what becomes of the owner meanwhile.</summary>
public sealed class GuessingAttackTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(26);

    /// <summary>What leaks out of a lane in a day, and what fits into it at the beginning.</summary>
    private const int PerAddress = 20 + 288;
    private const int PerNetwork = 100 + 1440;

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(1, 10, false)]
    [InlineData(1, 10, true)]
    [InlineData(5, 4, true)]
    public void An_address_guesses_three_hundred_times_a_day_at_the_most(int addresses, int connections, bool atAllAccounts)
    {
        Guessers guessers = new();
        int named = 0;
        Simulation.Run(guessers.Clock, Step, Longest, () => Task.WhenAll(Enumerable.Range(0, addresses).Select(i => guessers.AttackAsync(
            Guessers.InNetwork(i), () => atAllAccounts ? $"account{named++ % 500}" : "alice", connections, guessers.Clock.GetUtcNow() + Day))));
        Assert.InRange(guessers.Checked, addresses * 100, addresses * PerAddress);
    }

    [Fact]
    public void A_network_of_256_addresses_guesses_little_more_than_five_of_them()
    {
        Guessers guessers = new();
        int named = 0;
        Simulation.Run(guessers.Clock, Step, Longest, () => Task.WhenAll(Enumerable.Range(0, 256).Select(i => guessers.AttackAsync(
            new IPAddress([10, 0, 0, (byte)i]), () => $"account{named++ % 500}", 1, guessers.Clock.GetUtcNow() + Day))));
        Assert.InRange(guessers.Checked, 500, PerNetwork);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(300)]
    public void A_botnet_gets_little_of_one_account_and_the_owner_gets_in(int networks)
    {
        Guessers guessers = new();
        DateTimeOffset end = guessers.Clock.GetUtcNow() + Day;
        IPAddress home = IPAddress.Parse("192.0.2.1");
        List<TimeSpan?> atHome = [];
        List<TimeSpan?> elsewhere = [];
        Simulation.Run(guessers.Clock, Step, Longest, async () =>
        {
            await guessers.LogInAsync(home, "alice");
            Task attack = Task.WhenAll(Enumerable.Range(0, networks).Select(i => guessers.AttackAsync(Guessers.InNetwork(i), () => "alice", 1, end)));
            // As long as each bot is new: one in fifteen seconds. Then a new place of the owner stands before them.
            await Task.Delay(networks * TimeSpan.FromSeconds(16), guessers.Clock);
            for (int hour = 0; hour < 20; hour++)
            {
                atHome.Add(await guessers.LogInAsync(home, "alice"));
                elsewhere.Add(await guessers.LogInAsync(new IPAddress([172, 16, (byte)hour, 9]), "alice"));
                await Task.Delay(TimeSpan.FromHours(1), guessers.Clock);
            }
            await attack;
        });
        // From clean addresses three each, and not more than one in fifteen seconds; from the others what leaks.
        Assert.InRange(guessers.Checked, 100, 10 + 288 + Math.Min(3 * networks, 86_400 / 15));
        Assert.All(atHome, t => Assert.Equal(TimeSpan.Zero, t));
        Assert.All(elsewhere, t => Assert.InRange(t!.Value.TotalSeconds, 0, 31));
    }
}
