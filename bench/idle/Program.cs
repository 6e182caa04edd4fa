using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Wire;

// What one idle connection costs: see README.md.
if (args is ["client", string port, string kind, string atOnce])
{
    return await IdleClient.RunAsync(Number(port), kind == "tls", Number(atOnce));
}
if (args is [string count, "plain" or "tls", string storm])
{
    return await IdleServer.RunAsync(Number(count), args[1] == "tls", Number(storm));
}
Console.Error.WriteLine("usage: CONNECTIONS plain|tls AT-ONCE");
return 2;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

/// <summary>The measured process: a trivial line protocol on the real transport.</summary>
internal static class IdleServer
{
    private static readonly byte[] Greeting = "* OK ready\r\n"u8.ToArray();
    private static readonly byte[] Done = "OK done\r\n"u8.ToArray();
    private const int WarmUpConnections = 200;

    public static async Task<int> RunAsync(int count, bool tls, int atOnce)
    {
        var limits = new WireLimits { ConnectionsMax = 100_000, ConnectionsPerAddressMax = 100_000 };
        await using var host = new ConnectionHost(limits, TimeProvider.System);
        host.Add(
            new ListenerOptions
            {
                Name = "idle",
                Protocol = WireProtocol.Imap,
                EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
                Tls = tls ? TlsMode.Implicit : TlsMode.None,
                Certificates = tls ? SelfMade.Certificates() : null,
            },
            SessionAsync);
        if (!host.TryStart(out IReadOnlyList<string> errors))
        {
            Console.Error.WriteLine(string.Join('\n', errors));
            return 1;
        }
        int port = ((IPEndPoint)host.EndPointOf("idle")).Port;

        // The client lives through both measurements: pages shared with it count half in both.
        using Process client = Start(port, tls, atOnce);
        await AskAsync(client, WarmUpConnections); // The code is compiled, the pools are warm.
        await AskAsync(client, 0);
        await UntilAsync(() => host.ConnectionCount == 0);
        long before = await MeasureAsync();
        double start = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        await AskAsync(client, count);
        double processor = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds - start;
        long after = await MeasureAsync();
        client.StandardInput.Close();
        await client.WaitForExitAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(tls ? "TLS" : "plain")} {count}, {atOnce} at once: {(after - before) / (double)count:F0} octets PSS each ({before / 1e6:F1} MB before, {after / 1e6:F1} MB after), {processor * 1e6 / count:F0} us CPU each to connect, greet and answer"));
        return 0;
    }

    private static async Task<SessionEnd> SessionAsync(IConnection connection)
    {
        await connection.Output.WriteAsync(Greeting);
        using var lines = new LineReader(connection.Input, 1000);
        while (await lines.ReadAsync() == LineOutcome.Line)
        {
            await connection.Output.WriteAsync(Done);
            connection.SetDeadline(TimeSpan.FromMinutes(30));
        }
        return SessionEnd.ClientGone;
    }

    private static Process Start(int port, bool tls, int atOnce)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])["client", $"{port}", tls ? "tls" : "plain", $"{atOnce}"])
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }

    /// <summary>Has the client keep so many connections open.</summary>
    private static async Task AskAsync(Process client, int connections)
    {
        await client.StandardInput.WriteLineAsync($"{connections}");
        await client.StandardInput.FlushAsync();
        string? ready = await client.StandardOutput.ReadLineAsync();
        if (ready != "ready")
        {
            throw new InvalidOperationException($"the client said: {ready}");
        }
    }

    private static async Task<long> MeasureAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System); // Let everything settle, heartbeats included.
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        string pss = File.ReadLines("/proc/self/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal));
        return 1024 * long.Parse(pss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}

/// <summary>The other process: opens connections, hears the greeting, says NOOP, and waits.</summary>
internal static class IdleClient
{
    public static async Task<int> RunAsync(int port, bool tls, int atOnce)
    {
        Stream[] open = [];
        while (await Console.In.ReadLineAsync() is string line)
        {
            foreach (Stream stream in open)
            {
                await stream.DisposeAsync();
            }
            open = new Stream[int.Parse(line, CultureInfo.InvariantCulture)];
            await Parallel.ForAsync(0, open.Length, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, stop) =>
                open[i] = await OpenAsync(port, tls, stop));
            Console.WriteLine("ready");
        }
        return 0;
    }

    private static async Task<Stream> OpenAsync(int port, bool tls, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (tls)
        {
            var ssl = new SslStream(stream);
            await ssl.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    AllowTlsResume = false, // Each handshake is a full one.
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
                },
                stop);
            stream = ssl;
        }
        byte[] buffer = new byte[12];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 12), stop);
        await stream.WriteAsync("NOOP\r\n"u8.ToArray(), stop);
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 9), stop);
        return stream;
    }
}

/// <summary>A certificate for this run.</summary>
internal static class SelfMade
{
    public static TlsCertificates Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(
            TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        string path = Path.GetTempFileName();
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        try
        {
            return TlsCertificates.TryLoad([new CertificateFiles(path, path)], out TlsCertificates? loaded, out IReadOnlyList<string> errors)
                ? loaded
                : throw new InvalidOperationException(string.Join('\n', errors));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
