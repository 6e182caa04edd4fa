using System.Diagnostics;
using System.Globalization;
using System.Net;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>
/// A real bind9: one process answers for the signed zone <c>test</c> and the unsigned zone <c>plain</c>, another one is the validating resolver that our server asks.
/// </summary>
internal sealed class NameServers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _folder;
    private readonly List<Process> _processes = [];

    private NameServers(string folder, int port)
    {
        _folder = folder;
        Resolver = new IPEndPoint(IPAddress.Loopback, port);
    }

    public static bool CanRun => Programs.Has("named") && Programs.Has("dnssec-keygen") && Programs.Has("dnssec-signzone");

    /// <summary>Whom to ask.</summary>
    public IPEndPoint Resolver { get; }

    /// <summary>Zone files' lines below an SOA and an NS record: names without final dot are within the zone.</summary>
    public static async Task<NameServers> StartAsync(string test, string plain)
    {
        string folder = Peers.LastHop.WorldReadable("mailaccess-dns-");
        int authority = FreePorts.Next();
        NameServers servers = new(folder, FreePorts.Next());
        string key = await SignAsync(folder, test);
        await File.WriteAllTextAsync(Path.Combine(folder, "plain.zone"), Head("plain") + plain);
        await File.WriteAllTextAsync(Path.Combine(folder, "authority.conf"), $$"""
            options { {{Common(folder, authority)}} recursion no; dnssec-validation no; };
            controls { };
            zone "test" { type primary; file "test.signed"; };
            zone "plain" { type primary; file "plain.zone"; };

            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "resolver.conf"), $$"""
            options { {{Common(folder, servers.Resolver.Port)}} recursion yes; dnssec-validation yes; validate-except { "plain"; };
              forward only; forwarders { 127.0.0.1 port {{authority}}; }; };
            controls { };
            trust-anchors { test. static-key {{key}}; };

            """);
        foreach (string name in new[] { "authority", "resolver" })
        {
            await servers.RunAsync(name);
        }
        return servers;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private static string Head(string zone) => $"$TTL 60\n@ IN SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 1\n@ IN NS ns.{zone}.\nns IN A 127.0.0.1\n";

    private static string Common(string folder, int port) => string.Create(CultureInfo.InvariantCulture,
        $"directory \"{folder}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none; session-keyfile none; empty-zones-enable no; allow-transfer {{ none; }};");

    /// <summary>The zone's key as a trust anchor.</summary>
    private static async Task<string> SignAsync(string folder, string zone)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "test.zone"), Head("test") + zone);
        string name = (await Programs.RunAsync("dnssec-keygen", ["-q", "-K", folder, "-a", "ECDSAP256SHA256", "-f", "KSK", "test"])).Trim();
        await Programs.RunAsync("dnssec-signzone", ["-q", "-z", "-S", "-K", folder, "-d", folder, "-o", "test", "-f", Path.Combine(folder, "test.signed"), Path.Combine(folder, "test.zone")]);
        string[] key = (await File.ReadAllLinesAsync(Path.Combine(folder, name + ".key"))).Single(l => !l.StartsWith(';')).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return $"{key[3]} {key[4]} {key[5]} \"{string.Concat(key[6..])}\"";
    }

    private async Task RunAsync(string name)
    {
        ProcessStartInfo start = new("named", ["-g", "-c", Path.Combine(_folder, name + ".conf")]) { RedirectStandardError = true };
        Process process = Process.Start(start)!;
        _processes.Add(process);
        TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<string> said = [];
        process.ErrorDataReceived += (_, line) =>
        {
            lock (said)
            {
                said.Add(line.Data ?? "");
            }
            if (line.Data?.EndsWith(" running", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"named ended:\n{string.Join('\n', said)}"));
        process.BeginErrorReadLine();
        await ready.Task.WaitAsync(Patience);
    }
}
