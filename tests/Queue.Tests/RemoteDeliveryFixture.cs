using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>A queue with scripted servers for its destinations.</summary>
public abstract class RemoteDeliveryFixture : IAsyncLifetime
{
    private protected QueueHarness Harness { get; } = new();

    private protected static CancellationToken None => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Harness.Options = Harness.Options with { DelayWarningAfter = null };
        await Harness.StartAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task RestartWithAsync(Func<QueueOptions, QueueOptions> change)
    {
        Harness.Options = change(Harness.Options);
        await Harness.RestartAsync();
    }

    private protected async Task RestartWithRoutingAsync(Func<RoutingOptions, RoutingOptions> change)
    {
        Harness.Routing = change(Harness.Routing);
        await Harness.RestartAsync();
    }

    private protected ScriptedPeer Peer(string domain, Func<PeerCommand, PeerAnswer?>? script = null)
    {
        ScriptedPeer peer = new(script);
        Harness.Ports[domain] = peer.Port;
        return peer;
    }

    private protected async Task<QueueEntry> WaitingAsync() => await WaitingOrNoneAsync() ?? throw new InvalidOperationException("nothing waits");

    /// <summary>The message that waits for its next attempt, once the queue has put it there; null where the queue is empty.</summary>
    private protected async Task<QueueEntry?> WaitingOrNoneAsync()
    {
        while (Harness.Disk.Names.Count > 0 || Harness.Queue.ActiveCount > 0)
        {
            if (Harness.Queue.WaitingCount > 0)
            {
                return (await Harness.Queue.ListAsync(None).ToListAsync(None)).FirstOrDefault(e => e.Recipients.Any(r => r.IsPending));
            }
            await Task.Yield();
        }
        return null;
    }
}
