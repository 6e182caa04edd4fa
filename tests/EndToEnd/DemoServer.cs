using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary>The server as a user starts it: <c>mailaccess demo</c> in a process of its own, on free ports, with data of its own.</summary>
public sealed class DemoServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly int[] StandardPorts = [24, 25, 110, 143, 465, 587, 993, 995];
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly List<(string[] Words, TaskCompletionSource<string> Waiter)> _awaited = [];
    private readonly bool _ownsData;

    private DemoServer(Process process, int portBase, string data, bool ownsData)
    {
        _process = process;
        PortBase = portBase;
        Data = data;
        _ownsData = ownsData;
    }

    /// <summary>Added to a standard port.</summary>
    public int PortBase { get; }

    /// <summary>The data folder.</summary>
    public string Data { get; }

    /// <summary>The certificate authority that clients trust.</summary>
    public string CaFile => Path.Combine(Data, "tls", "ca.pem");

    /// <summary>The server's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Everything it wrote so far.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>The port of a standard one.</summary>
    public int Port(int standard) => PortBase + standard;

    /// <summary>A port base whose ports nobody listens at.</summary>
    public static int FreeBase() => FreePorts.NextBase(StandardPorts);

    /// <summary>Starts one; a data folder given stays after it. The environment goes over the demo's configuration.</summary>
    public static async Task<DemoServer> StartAsync(string? data = null, Dictionary<string, string>? environment = null, int? portBase = null)
    {
        bool ownsData = data is null;
        data ??= Directory.CreateTempSubdirectory("mailaccess-e2e-").FullName;
        int ports = portBase ?? FreeBase();
        string program = Path.Combine(AppContext.BaseDirectory, "mailaccess.dll");
        ProcessStartInfo start = new("dotnet", [program, "demo", "--port-base", ports.ToString(CultureInfo.InvariantCulture), "--data", data])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach ((string key, string value) in environment ?? [])
        {
            start.Environment[key] = value;
        }
        Process process = Process.Start(start)!;
        DemoServer server = new(process, ports, data, ownsData);
        TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => server.Hear(line.Data, ready);
        process.ErrorDataReceived += (_, line) => server.Hear(line.Data, ready);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"the server ended:\n{server.Said}"));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ready.Task.WaitAsync(Patience);
        return server;
    }

    /// <summary>Waits until all these words stand in a line of its log; that line.</summary>
    public async Task<string> SaysAsync(params string[] words)
    {
        TaskCompletionSource<string> waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_said)
        {
            if (_said.ToString().Split('\n').FirstOrDefault(line => Holds(line, words)) is { } said)
            {
                return said;
            }
            _awaited.Add((words, waiter));
        }
        try
        {
            return await waiter.Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"the server does not say \"{string.Join(" … ", words)}\":\n{Said}");
            return "";
        }
    }

    /// <summary>SIGTERM; waits for the end and gives the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Assert.Equal(0, Kill(_process.Id, 15));
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, as a crash; waits for the end.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>A line of /proc/PID/status in KiB, for example <c>VmHWM</c> or <c>VmRSS</c>.</summary>
    public long StatusKib(string key)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(key + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await TerminateAsync();
        }
        _process.Dispose();
        if (_ownsData)
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);

    private static bool Holds(string line, string[] words) => words.All(w => line.Contains(w, StringComparison.Ordinal));

    private void Hear(string? line, TaskCompletionSource ready)
    {
        if (line is null)
        {
            return;
        }
        lock (_said)
        {
            _said.AppendLine(line);
            foreach ((_, TaskCompletionSource<string> waiter) in _awaited.Where(a => Holds(line, a.Words)))
            {
                waiter.TrySetResult(line);
            }
        }
        if (line.Contains("Ctrl-C ends it", StringComparison.Ordinal))
        {
            ready.TrySetResult();
        }
    }
}

/// <summary>One server for many tests that do not harm it.</summary>
public sealed class SharedDemoServer : IAsyncLifetime
{
    private DemoServer? _server;

    /// <summary>The running server.</summary>
    public DemoServer Server => _server!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _server = await DemoServer.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
}
