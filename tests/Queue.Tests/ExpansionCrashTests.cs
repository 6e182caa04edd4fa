using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Killed, or without power, at each step of a message's way from an alias to its members.</summary>
public sealed class ExpansionCrashTests
{
    private static readonly string[] _before = ["bob", "carol"];
    private static readonly string[] _after = ["dave", "erin"];

    public static TheoryData<Crash> Crashes => [Crash.Kill, Crash.PowerLossNothing, Crash.PowerLossAnything];

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_list_is_expanded_once_and_each_member_gets_its_copy(Crash crash)
    {
        int crashes = 0;
        bool isWhole = false;
        for (int n = 0; !isWhole; n++)
        {
            await using ScriptedPeer peer = new();
            await using QueueHarness harness = new();
            harness.Accounts.UnionWith([.. _before, .. _after]);
            ScriptedRouter router = harness.Script();
            router["list@example.test"] = [.. _before.Select(a => ScriptedRouter.Mailbox($"{a}@example.test")), ScriptedRouter.Relay("x@far.test", peer.Port)];
            router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
            await harness.StartAsync();
            harness.Disk.FailAfter(n);
            CommitOutcome outcome = await harness.SendAsync("alice@example.test", "list@example.test");
            if (!outcome.Overall.IsPositive)
            {
                continue; // Never promised.
            }
            while (!harness.Disk.IsDown && harness.Disk.Names.Count > 0)
            {
                await Task.Yield();
            }
            isWhole = !harness.Disk.IsDown;
            crashes += isWhole ? 0 : 1;
            SimulatedDisk old = harness.Disk;
            await harness.Queue.DisposeAsync();
            harness.Disk = old.After(crash, new Random(n));
            // The list is another one meanwhile. Whoever it was expanded for stays: nobody of both.
            router["list@example.test"] = [.. _after.Select(a => ScriptedRouter.Mailbox($"{a}@example.test"))];
            await harness.StartAsync();
            harness.Clock.Advance(TimeSpan.FromMinutes(5));
            await harness.EmptyAsync();

            int[] first = [.. await Task.WhenAll(_before.Select(async a => (await harness.InboxAsync(a)).Length)), peer.Messages.Count];
            int[] second = await Task.WhenAll(_after.Select(async a => (await harness.InboxAsync(a)).Length));
            string all = $"step {n}: {string.Join(' ', first)}, {string.Join(' ', second)}";
            Assert.True(first.All(c => c == 0) != second.All(c => c == 0), all);
            Assert.All(first.Any(c => c > 0) ? first : second, copies => Assert.True(copies is 1 or 2, all));
            if (crash == Crash.Kill)
            {
                Assert.True(first[..2].Sum() <= 3 && second.Sum() <= 3, $"{all}: only the copy whose result was being written may come twice");
            }
            Assert.True(n < 80, all);
        }
        Assert.True(crashes > 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // What was not written is remembered until it is, whatever else goes wrong.
    public async Task While_we_live_a_spool_that_fails_once_at_any_step_doubles_nothing(bool doesRoutingFailThen)
    {
        int failures = 0;
        bool hasFailed = true;
        for (int n = 0; hasFailed; n++)
        {
            await using ScriptedPeer peer = new();
            await using QueueHarness harness = new() { Disk = new SimulatedDisk { FailsOnce = true } };
            harness.Accounts.UnionWith([.. _before, .. _after]);
            ScriptedRouter router = harness.Script();
            router["list@example.test"] = [.. _before.Select(a => ScriptedRouter.Mailbox($"{a}@example.test")), ScriptedRouter.Relay("x@far.test", peer.Port)];
            router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
            await harness.StartAsync();
            harness.Disk.FailAfter(n);
            bool isToFail = doesRoutingFailThen;
            CommitOutcome outcome = await harness.SendAsync("alice@example.test", "list@example.test");
            if (!outcome.Overall.IsPositive)
            {
                continue; // Never promised.
            }
            while (harness.Disk.Names.Any(f => f.EndsWith(".ctl", StringComparison.Ordinal)))
            {
                if (HasFailed() && harness.Queue.WaitingCount > 0)
                {
                    router["list@example.test"] = [.. _after.Select(a => ScriptedRouter.Mailbox($"{a}@example.test"))];
                    router.FaultsNext = isToFail ? new InvalidOperationException("routing failed") : router.FaultsNext;
                    isToFail = false;
                    harness.Clock.Advance(TimeSpan.FromMinutes(5));
                }
                await Task.Yield();
            }
            hasFailed = HasFailed();
            failures += hasFailed ? 1 : 0;
            int[] copies = [.. await Task.WhenAll(_before.Select(async a => (await harness.InboxAsync(a)).Length)), peer.Messages.Count];
            Assert.All(copies, c => Assert.Equal(1, c)); // Also by the old list: what was not written was remembered.
            Assert.All(await Task.WhenAll(_after.Select(harness.InboxAsync)), Assert.Empty);

            bool HasFailed() => harness.Logger.Lines.Any(l => l.Contains("could not be worked on", StringComparison.Ordinal));
        }
        Assert.True(failures > 3);
    }
}
