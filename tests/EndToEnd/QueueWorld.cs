using System.Collections.Concurrent;
using System.Globalization;
using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary>A server whose mail waits: its smart host takes recipients of those domains only that a test has opened.</summary>
public sealed class QueueWorld : IAsyncLifetime
{
    internal const string Alice = "alice@example.test";
    private const string Password = "demo";

    private static readonly string[] Recipients = ["x@list.test", "x@hold.test", "x@retry.test", "x@delete.test", "x@bounce.test", "x@flush.test"];
    private readonly ConcurrentDictionary<string, bool> _open = new();

    /// <summary>Why there is no such world here, or null.</summary>
    public string? Lacks { get; private set; }

    internal DemoServer Server { get; private set; } = null!;

    internal QueueTool Queue { get; private set; } = null!;

    internal ScriptedPeer Peer { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Lacks = Programs.Has("python3") ? null : "python3 is not installed";
        if (Lacks is not null)
        {
            return;
        }
        Peer = new ScriptedPeer(c => c.Verb == "RCPT" && !_open.Keys.Any(d => c.Line.Contains($"@{d}>", StringComparison.Ordinal)) ? "451 4.2.1 busy" : null);
        Server = await DemoServer.StartAsync(environment: new()
        {
            ["MAILACCESS_QUEUE__RELAY"] = "true",
            ["MAILACCESS_QUEUE__SMARTHOST"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Peer.Port}"),
            ["MAILACCESS_QUEUE__FIRSTRETRY"] = "1h",
        });
        Queue = await QueueTool.CreateAsync(Server.Data);
        await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "submit.py"), Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile, Alice, Password, "waiting", .. Recipients]);
    }

    /// <summary>From now on the smart host takes mail for the domain.</summary>
    internal void Open(string domain) => _open[domain] = true;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
            await Peer.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }
}
