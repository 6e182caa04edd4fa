using System.Net;
using System.Text;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>A whole queue: store in memory, spool on a simulated disk, clock by hand, remote servers by script.</summary>
internal sealed class QueueHarness : IAsyncDisposable, ILocalDirectory
{
    private readonly IoThreads _threads = new(2);

    public QueueHarness()
    {
        Store = new MemoryMailStore(Clock);
        Options = new QueueOptions { HostName = "mail.example.test", SpoolFolder = "" };
        Routing = new RoutingOptions { PostmasterAccount = "root", Routes = RouteOf };
    }

    public ManualTimeProvider Clock { get; } = new();

    public IMailStore Store { get; set; }

    public SimulatedDisk Disk { get; set; } = new();

    public FakeResolver Resolver { get; } = new();

    public RecordingLogger Logger { get; private set; } = new();

    public QueueOptions Options { get; set; }

    public RoutingOptions Routing { get; set; }

    /// <summary>Set before the start: asked in place of the real one.</summary>
    public IMailRouter? Router { get; set; }

    public IDeliveryAgents? Agents { get; set; }

    public Dictionary<string, int> Ports { get; } = [];

    public HashSet<string> Accounts { get; } = ["alice", "bob", "carol"];

    public bool IsDirectoryDown { get; set; }

    public MailQueue Queue { get; private set; } = null!;

    public static CancellationToken None => CancellationToken.None;

    public async Task<QueueHarness> StartAsync()
    {
        Logger = new RecordingLogger();
        FileSpool spool = new(Disk, _threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        Queue = new MailQueue(Options, Store, Router ?? new MailRouter(Routing, this), Resolver, Clock, Logger, spool, Agents);
        await Queue.StartAsync(None);
        return this;
    }

    /// <summary>Answers of a test's own for some addresses.</summary>
    public ScriptedRouter Script()
    {
        ScriptedRouter router = new(new MailRouter(Routing, this));
        Router = router;
        return router;
    }

    /// <summary>Returns when nothing is in the spool any more, and all is said of what was.</summary>
    public async Task EmptyAsync()
    {
        while (Disk.Names.Count > 0 || Queue.ActiveCount > 0)
        {
            await Task.Yield();
        }
    }

    public async Task RestartAsync()
    {
        await Queue.DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Queue is not null)
        {
            await Queue.DisposeAsync();
        }
        _threads.Dispose();
    }

    public bool IsLocalDomain(string domain) => domain is "example.test" or "xn--bcher-kva.test";

    public ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken) => new(
        IsDirectoryDown ? new LocalLookUp(LocalOutcome.Unavailable)
        : Accounts.Contains(localPart) ? new LocalLookUp(LocalOutcome.Found, localPart)
        : new LocalLookUp(LocalOutcome.Unknown));

    public static Envelope Envelope(string from, params string[] to) => new()
    {
        ReversePath = Samples.Path(from),
        Recipients = [.. to.Select(t => new EnvelopeRecipient { Path = Samples.Path(t) })],
    };

    public Task<CommitOutcome> SendAsync(string from, params string[] to) => SendAsync(Envelope(from, to));

    public Task<CommitOutcome> SendAsync(Envelope envelope, CommitMode mode = CommitMode.OneReply) =>
        SendAsync(envelope, "From: a@example.test\r\nSubject: hello\r\n\r\n.dot\r\nbody\r\n", mode);

    public async Task<CommitOutcome> SendAsync(Envelope envelope, string content, CommitMode mode = CommitMode.OneReply, string protocol = "submission")
    {
        IntakeStart start = await Queue.BeginAsync(envelope, new MailOrigin { Protocol = protocol, Remote = IPAddress.Loopback }, None);
        if (start.Refusal is { } refusal)
        {
            return new CommitOutcome(refusal, []);
        }
        await using IMailIntake intake = start.Intake!;
        foreach (byte[] chunk in Encoding.UTF8.GetBytes(content).Chunk(7))
        {
            await intake.WriteAsync(chunk, None);
        }
        return await intake.CommitAsync(mode, None);
    }

    public async Task<string[]> InboxAsync(string account)
    {
        Assert.True((await Store.OpenAccountAsync(account, None)).TryGet(out IMailAccount? opened));
        Assert.True((await opened.OpenAsync(MailboxName.Inbox, None)).TryGet(out IMailbox? inbox));
        List<string> messages = [];
        MailboxSnapshot snapshot = inbox.Snapshot;
        for (int i = 0; i < snapshot.Count; i++)
        {
            Assert.True((await inbox.OpenMessageAsync(snapshot[i].Uid, None)).TryGet(out IMessageContent? content));
            messages.Add(Encoding.UTF8.GetString(await Samples.ReadAllAsync(content)));
        }
        return [.. messages];
    }

    private NextHop? RouteOf(string domain) => Ports.TryGetValue(domain, out int port) ? new NextHop { Host = "127.0.0.1", Port = port } : null;
}
