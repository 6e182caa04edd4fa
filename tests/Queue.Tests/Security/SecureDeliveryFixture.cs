using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Dns;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Security;

/// <summary>Policies from a map; what stands nowhere cannot be reached.</summary>
internal sealed class FakeFetcher : IPolicyFetcher
{
    public ConcurrentDictionary<string, string> Policies { get; } = new();

    public ConcurrentQueue<string> Fetched { get; } = [];

    public ConcurrentQueue<(Uri Address, byte[] Report)> Posted { get; } = [];

    public string? PostRefusal { get; set; }

    /// <summary>What a fetch waits for, by domain.</summary>
    public ConcurrentDictionary<string, Task> Slow { get; } = new();

    public async Task<FetchResult> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        Fetched.Enqueue(domain);
        await Slow.GetValueOrDefault(domain, Task.CompletedTask);
        return Policies.TryGetValue(domain, out string? text) ? new FetchResult(text) : new FetchResult(null, FetchFlaw.Unreachable, "no such host");
    }

    public Task<string?> PostReportAsync(Uri address, ReadOnlyMemory<byte> report, CancellationToken cancellationToken)
    {
        Posted.Enqueue((address, report.ToArray()));
        return Task.FromResult(PostRefusal);
    }
}

/// <summary>far.test with one mail exchanger, mx.far.test, which is the peer.</summary>
public abstract class SecureDeliveryFixture : RemoteDeliveryFixture
{
    private protected TestAuthority Root { get; } = TestAuthority.Create();

    private protected FakeFetcher Fetcher { get; } = new();

    private protected FakeResolver Dns => Harness.Resolver;

    private protected static string NameAt(ScriptedPeer peer, string host = "mx.far.test") => $"_{peer.Port}._tcp.{host}";

    private protected async Task ServeAsync(ScriptedPeer peer, Func<QueueOptions, QueueOptions>? change = null)
    {
        Dns.Mx["far.test"] = [new(10, "mx.far.test")];
        Dns.Addresses["mx.far.test"] = [IPAddress.Loopback];
        Dns.IsAuthentic = true;
        await RestartWithAsync(o => (change ?? (x => x))(o with { RemotePort = peer.Port, PolicyFetcher = Fetcher }));
    }

    private protected static ScriptedPeer Peer(X509Certificate2? certificate, X509Certificate2Collection? intermediates = null) =>
        new() { Certificate = certificate, Intermediates = intermediates, Extensions = ["PIPELINING", "DSN", "REQUIRETLS"] };

    private protected async Task<string> SendAsync(string domain = "far.test")
    {
        await Harness.SendAsync("alice@example.test", "x@" + domain);
        return await Harness.Logger.SawAsync($"to=<x@{domain}>", "status=");
    }

    private protected void Publish(string policy, string id = "1", string domain = "far.test")
    {
        Dns.Text["_mta-sts." + domain] = [$"v=STSv1; id={id};"];
        Fetcher.Policies[domain] = policy;
    }

    private protected static string Policy(string mode, string mx = "mx.far.test", int maxAge = 604_800) => $"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: {maxAge}\n";
}
