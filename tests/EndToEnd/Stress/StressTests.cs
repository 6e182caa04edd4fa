using System.Globalization;

namespace MailAccess.EndToEnd.Stress;

/// <summary>
/// Many sessions on two mailboxes, and other programs on the files: every session's view, kept from what it was told alone, is right at
/// each response, and at checkpoints the same as everybody else's. Short here; <c>./test --stress 10</c> runs it for ten minutes.
/// </summary>
public sealed class StressTests
{
    private const int CommandsPerRound = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public Task All_sessions_see_the_same_mail(string format) => RunAsync(format, rounds => rounds < 3);

    [Theory(Explicit = true)]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public Task All_sessions_see_the_same_mail_for_minutes(string format)
    {
        double minutes = double.Parse(Environment.GetEnvironmentVariable("STRESS_MINUTES") ?? "10", CultureInfo.InvariantCulture);
        long start = TimeProvider.System.GetTimestamp();
        return RunAsync(format, _ => TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(minutes));
    }

    private static async Task RunAsync(string format, Func<int, bool> goesOn)
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        StressLedger ledger = new();
        await using DemoServer server = await DemoServer.StartAsync(environment: new() { ["MAILACCESS_MAIL__FORMAT"] = format });
        await CreateAsync(server);
        List<StressSession> sessions = [];
        for (int i = 0; i < 12; i++)
        {
            StressStyle style = (StressStyle)(i % 3);
            sessions.Add(await StressSession.StartAsync(server, ledger, new Random(random.Next()), style, StressSession.Mailboxes[i % 4 / 3]));
        }
        int rounds = 0;
        for (; goesOn(rounds); rounds++)
        {
            using CancellationTokenSource stop = new();
            StressNeighbour neighbour = new(ledger, new Random(random.Next()), Path.Combine(server.Data, "mail", "alice@example.test", "Maildir"));
            Task beside = format == "maildir" ? Task.Run(() => neighbour.RunAsync(stop.Token)) : Task.CompletedTask;
            try
            {
                await Task.WhenAll(sessions.Select(s => Task.Run(async () =>
                {
                    for (int i = 0; i < CommandsPerRound; i++)
                    {
                        await s.DoAsync();
                    }
                }))).WaitAsync(Patience);
            }
            finally
            {
                await stop.CancelAsync();
                await beside;
            }
            await CompareAsync(server, ledger, sessions, $"{format}, seed {seed}, round {rounds}");
        }
        IEnumerable<string> done = sessions.SelectMany(s => s.Done).GroupBy(d => d.Key).Select(g => $"{g.Sum(d => d.Value)} {g.Key}");
        TestContext.Current.TestOutputHelper?.WriteLine($"stress: {format}, seed {seed}, {rounds} rounds, {string.Join(", ", done)}");
        foreach (StressSession session in sessions)
        {
            await session.DisposeAsync();
        }
    }

    private static async Task CompareAsync(DemoServer server, StressLedger ledger, List<StressSession> sessions, string when)
    {
        foreach (StressSession session in sessions)
        {
            await session.CatchUpAsync();
        }
        List<int> tokens = [];
        foreach (string mailbox in StressSession.Mailboxes)
        {
            await using StressSession fresh = await StressSession.StartAsync(server, ledger, new Random(1), StressStyle.Plain, mailbox);
            tokens.AddRange(await fresh.TokensAsync());
            foreach (StressSession session in sessions.Where(s => s.Mailbox == mailbox))
            {
                session.Check(session.View.Text == fresh.View.Text, $"{when}: this is not what a new session sees, which is\n{fresh.View.Text}\nbut:");
            }
        }
        List<string> wrong = ledger.Compare(tokens);
        Assert.True(wrong.Count == 0, $"{when}: {string.Join('\n', wrong.Take(20))}\n{server.Said}");
        Assert.DoesNotContain("error:", server.Said, StringComparison.Ordinal);
    }

    private static async Task CreateAsync(DemoServer server)
    {
        await using LineClient client = await SoakLoad.LoginAsync(server, "alice");
        await client.SendAsync("c CREATE Other\r\n");
        await client.ExpectAsync("c OK");
    }
}
