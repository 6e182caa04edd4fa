using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>Run on request: <c>./test --soak 10</c>.</summary>
public sealed class SoakTests
{
    [Fact(Explicit = true)]
    public async Task Under_load_and_killed_at_random_nothing_acknowledged_is_lost_or_doubled()
    {
        double minutes = double.Parse(Environment.GetEnvironmentVariable("MAILACCESS_SOAK_MINUTES") ?? "10", CultureInfo.InvariantCulture);
        int seed = Environment.TickCount;
        Random random = new(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        long start = TimeProvider.System.GetTimestamp();
        CrashTests round = new();
        int rounds = 0;
        do
        {
            await round.Every_acknowledged_message_is_there_exactly_once_after_kill(random.Next(1, 950));
            rounds++;
        }
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(minutes));
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds");
    }
}
