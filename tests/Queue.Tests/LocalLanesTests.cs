using System.Collections.Concurrent;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue.Tests;

/// <summary>What hangs keeps only those waiting who wait for the same.</summary>
public sealed class LocalLanesTests : IAsyncLifetime, IDeliveryAgents
{
    private readonly TaskCompletionSource _hangs = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<Target, int> _running = [];
    private int _handedOver;

    private QueueHarness Harness { get; } = new();

    private ScriptedRouter Router { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Router = Harness.Script();
        Harness.Agents = this;
        Harness.Options = Harness.Options with { Limits = new QueueLimits { ActiveMessagesMax = 40 }, Agents = new DeliveryAgentOptions { Agents = [Program("slow"), Program("quick")] } };
        await Harness.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _hangs.TrySetResult();
        await Harness.DisposeAsync();
    }

    async Task<IReadOnlyList<SmtpReply>> IDeliveryAgents.DeliverAsync(AgentTransaction transaction, IMessageContent content, CancellationToken cancellationToken)
    {
        Assert.InRange(_running.AddOrUpdate(transaction.Target, 1, (_, n) => n + 1), 1, transaction.Target is Target.Agent ? 3 : 2);
        if (transaction.Target is Target.Agent { Name: "slow" } or Target.Command { User: "mallory" } or Target.File { Path: "/slow" })
        {
            await _hangs.Task.WaitAsync(cancellationToken);
        }
        _running.AddOrUpdate(transaction.Target, 0, (_, n) => n - 1);
        Interlocked.Increment(ref _handedOver);
        return [.. transaction.Recipients.Select(_ => new SmtpReply(250, new(2, 0, 0), "taken"))];
    }

    [Fact]
    public async Task However_much_mail_waits_for_programs_that_hang_all_other_mail_goes_on()
    {
        Route("hangs@example.test", new Target.Agent("slow", ""));
        Route("mallory@example.test", new Target.Command("sleep 1000", "mallory"));
        Route("archive@example.test", new Target.File("/slow", null));
        Route("program@example.test", new Target.Agent("quick", ""));
        Route("command@example.test", new Target.Command("vacation", "bob"));
        Route("file@example.test", new Target.File("/quick", null));
        Router["two@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Mailbox("carol@example.test")];
        foreach (string name in new[] { "hangs", "mallory", "archive" })
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Harness.SendAsync("alice@example.test", $"{name}@example.test")));
        }
        foreach (string name in new[] { "program", "command", "file", "two" })
        {
            await Harness.SendAsync("alice@example.test", $"{name}@example.test");
            await Harness.Logger.SawAsync("removed");
        }
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Equal(3, _handedOver);
        _hangs.SetResult();
        await Harness.EmptyAsync(); // Also what had to wait in the spool.
        Assert.Equal(153, _handedOver);
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("status=deferred", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(QueueAction.Delete)]
    [InlineData(QueueAction.Hold)]
    public async Task What_an_administrator_takes_out_of_those_that_wait_makes_room_for_those_behind(QueueAction action)
    {
        const int Waiting = 200;
        const int Kept = 5;
        Route("hangs@example.test", new Target.Agent("slow", ""));
        for (int i = 0; i < Waiting; i++)
        {
            await Harness.SendAsync("alice@example.test", "hangs@example.test");
        }
        QueueEntry[] all = await Harness.Queue.ListAsync(default).ToArrayAsync(TestContext.Current.CancellationToken);
        int taken = 0;
        foreach (QueueEntry entry in all[..^Kept])
        {
            taken += (await Harness.Queue.Admin.ActAsync(entry.Id, action, null, TimeSpan.Zero, default)).Result == QueueActionResult.Done ? 1 : 0;
        }
        Assert.InRange(taken, 100, Waiting);

        _hangs.SetResult();

        while (Volatile.Read(ref _handedOver) < Waiting - taken)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Each_mailbox_has_few_turns_and_every_mailbox_its_own()
    {
        LocalLanes lanes = new(Harness.Options with { Limits = new QueueLimits { DeliveriesPerMailboxMax = 2 } }, _ => false, Harness.Clock);
        Target busy = new Target.Mailbox("busy");
        IDisposable first = await lanes.EnterAsync(busy, default);
        using IDisposable second = await lanes.EnterAsync(busy, default);
        Task<IDisposable> third = lanes.EnterAsync(busy, default);
        using CancellationTokenSource stop = new();
        Task<IDisposable> stopped = lanes.EnterAsync(busy, stop.Token);
        using IDisposable other = await lanes.EnterAsync(new Target.Mailbox("other"), default);
        Assert.False(third.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        first.Dispose();
        (await third).Dispose();
    }

    private static AgentOptions Program(string name)
    {
        Assert.True(AgentCommandLine.TryParse(["/bin/cat"], out AgentCommandLine? line, out string? problem), problem);
        return new AgentOptions { Name = name, Command = line, ConcurrencyMax = 3 };
    }

    private void Route(string address, Target target) => Router[address] = [ScriptedRouter.To(address, target)];
}
