using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MailAccess.Dns;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Cli;
using MailAccess.Server.Configuration;
using MailAccess.Server.Control;
using MailAccess.Server.Logging;
using MailAccess.Smtp;
using MailAccess.Store.Memory;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Tests.Cli;

/// <summary>The commands over a real control socket, and in the spool of a server that does not run.</summary>
public sealed class QueueCommandTests : IAsyncLifetime, ILocalDirectory
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-queue-").FullName;
    private readonly Socket _nobody = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // Ours, and does not listen yet.
    private readonly ManualTimeProvider _clock = new();
    private readonly StubResolver _resolver;
    private readonly MemoryMailStore _store;
    private readonly LineLoggerProvider _log;
    private readonly LineLoggerFactory _loggers;
    private MailQueue? _queue;
    private ControlServer? _control;

    public QueueCommandTests()
    {
        _nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _resolver = new StubResolver(ResolverOptions.Parse([]), _clock, NullLogger<StubResolver>.Instance);
        _store = new MemoryMailStore(_clock);
        _log = new LineLoggerProvider(new LogConfiguration(LogLevel.Information, LogFormat.Maillog, Path.Combine(_folder, "log"), [], []), _clock);
        _loggers = new LineLoggerFactory(_log);
    }

    private static CancellationToken None => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_folder, "data");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "mailaccess.json"), "{ \"data\": \"data\", \"domains\": [\"example.test\"] }", None);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _store.DisposeAsync();
        _resolver.Dispose();
        _nobody.Dispose();
        _loggers.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public bool IsLocalDomain(string domain) => domain == "example.test";

    public ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken) => new(new LocalLookUp(LocalOutcome.Found, localPart));

    [Fact]
    public async Task A_list_shows_what_waits_and_what_was_said_last()
    {
        Assert.Equal("No message.\n", await RunAsync(0, "list"));
        string first = await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        _clock.Advance(TimeSpan.FromMinutes(2));
        string second = await DeferredAsync("", "y@far.test", "Subject: two\r\n\r\nbody\r\n");
        string[] lines = (await RunAsync(0, "list")).Split('\n');
        Assert.Equal(QueueText.Heading, lines[0]);
        Assert.Equal($"{first}  deferred     22    2m      1     3m  alice@example.test", lines[1]);
        Assert.StartsWith("    x@far.test: 4", lines[2], StringComparison.Ordinal);
        Assert.Equal($"{second}  deferred     22    0s      1     5m  <>", lines[3]);
        Assert.Equal("2 messages, 44 octets.", lines[5]);
        Assert.Equal("1\n", await RunAsync(0, "list", "--count", "--sender", "<>"));
        Assert.Equal("{\"messages\":2}\n", await RunAsync(0, "list", "--count", "--json"));
        Assert.Equal(
            "{\"domain\":\"far.test\",\"recipients\":2,\"byMinutes\":{\"5\":2,\"10\":0,\"20\":0,\"40\":0,\"80\":0,\"160\":0,\"320\":0,\"640\":0,\"1280\":0,\"more\":0}}\n",
            await RunAsync(0, "list", "--by-domain", "--json"));
        Assert.Contains("--limit must", await RunAsync(ExitCodes.Usage, "list", "--limit", "-1"), StringComparison.Ordinal);
        Assert.Equal("2\n", await RunAsync(0, "list", "--count", "--error", "connect"));
        Assert.Equal("1\n", await RunAsync(0, "list", "--count", "--older", "1m"));
        Assert.Equal("1\n", await RunAsync(0, "list", "--count", "--limit", "1"));
        string[] domains = (await RunAsync(0, "list", "--by-domain")).Split('\n');
        Assert.Equal("   TOTAL       2      2      0      0      0      0      0      0      0      0      0", domains[1]);
        Assert.Equal("far.test       2      2      0      0      0      0      0      0      0      0      0", domains[2]);
        Assert.Contains("--state none", await RunAsync(ExitCodes.Usage, "list", "--state", "none"), StringComparison.Ordinal);
        Assert.Contains("--older soon", await RunAsync(ExitCodes.Usage, "list", "--older", "soon"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Objects_are_one_a_line_and_show_adds_the_header_or_everything()
    {
        string id = await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\u001b[2J\r\n\r\nbody\r\n");
        using JsonDocument json = JsonDocument.Parse((await RunAsync(0, "list", "--json")).TrimEnd('\n'));
        Assert.Equal((id, "deferred", 1), (json.RootElement.GetProperty("id").GetString(), json.RootElement.GetProperty("state").GetString(), json.RootElement.GetProperty("attempts").GetInt32()));
        Assert.Equal("far.test", json.RootElement.GetProperty("recipients")[0].GetProperty("domain").GetString());
        string shown = await RunAsync(0, "show", id);
        Assert.Contains("to:         x@far.test: deferred at 2", shown, StringComparison.Ordinal);
        Assert.EndsWith("\nSubject: one?[2J\n\n", shown, StringComparison.Ordinal);
        Assert.EndsWith("\nSubject: one?[2J\n\nbody\n", await RunAsync(0, "show", id, "--content"), StringComparison.Ordinal);
        Assert.Contains("no such message", await RunAsync(ExitCodes.DataError, "show", "00000000000"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_are_held_released_tried_and_deleted_by_id_and_by_filter()
    {
        string id = await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        Assert.Equal($"{id}: on hold\n1 done.\n", await RunAsync(0, "hold", id, "--text", "to be looked at"));
        Assert.Contains("hold", await RunAsync(0, "list"), StringComparison.Ordinal);
        Assert.Contains("(to be looked at)", await RunAsync(0, "list", "--state", "hold"), StringComparison.Ordinal);
        Assert.Equal($"{id}: is on hold: release it first\n1 refused.\n", await RunAsync(ExitCodes.Unavailable, "retry", id));
        Assert.Equal($"{id}: released from hold\n1 done.\n", await RunAsync(0, "release", "--domain", "FAR.*"));
        await AttemptsAsync(id, 2);
        Assert.Equal($"{id}: requeued\n1 done.\n", await RunAsync(0, "requeue", id));
        await AttemptsAsync(id, 1);
        Assert.Equal($"{id}: due now\n1 done.\n", await RunAsync(0, "flush", "--domain", "far.test"));
        await AttemptsAsync(id, 2);
        Assert.Equal("1 message is due now.\n", await RunAsync(0, "flush"));
        await AttemptsAsync(id, 3);
        Assert.Contains("not found", await RunAsync(ExitCodes.Unavailable, "delete", "00000000000"), StringComparison.Ordinal);
        Assert.Contains("which messages?", await RunAsync(ExitCodes.Usage, "delete"), StringComparison.Ordinal);
        Assert.Contains("contradict", await RunAsync(ExitCodes.Usage, "delete", "--all", "--sender", "x"), StringComparison.Ordinal);
        Assert.Contains("Delete 1 message? [y/N] mailaccess: nothing was done", await RunAsync(ExitCodes.Usage, "delete", "--all"), StringComparison.Ordinal);
        Assert.Equal($"{id}: deleted\n1 done.\n", await RunAsync(0, "delete", "--all", "--yes"));
        Assert.Equal("0\n", await RunAsync(0, "list", "--count"));
    }

    [Fact]
    public async Task Show_tells_every_attempt_and_history_what_was_deleted()
    {
        string id = await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        Assert.Equal("{\"due\":1}\n", await RunAsync(0, "flush", "--json"));
        await AttemptsAsync(id, 2);
        string shown;
        do
        {
            shown = await RunAsync(0, "show", id); // Nobody waits for the history to be written.
        }
        while (shown.Split("\nattempt:    2").Length < 3);
        Assert.Contains(" to=<x@far.test> relay=none delays=0/0/0/0 deferred (4", shown, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(await RunAsync(0, "show", id, "--json"));
        Assert.Equal(["deferred", "deferred"], json.RootElement.GetProperty("history").EnumerateArray().Select(a => a.GetProperty("status").GetString()));
        Assert.Contains("contradict", await RunAsync(ExitCodes.Usage, "show", id, "--json", "--content"), StringComparison.Ordinal);
        Assert.Equal($"{{\"id\":\"{id}\",\"result\":\"done\",\"text\":\"deleted\"}}\n", await RunAsync(0, "delete", id, "--json"));
        await StopAsync();
        Assert.Contains("  deleted  from=<alice@example.test> to=<x@far.test> ", await RunAsync(0, "history", id), StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(0, "history", "--status", "deferred")).Split(id).Length - 1);
        Assert.Contains("--status gone is none", await RunAsync(ExitCodes.Usage, "history", "--status", "gone"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_dials_also_what_was_found_dead()
    {
        await StopAsync();
        await StartAsync(deadTime: TimeSpan.FromHours(1));
        string id = await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        _nobody.Listen(); // Somebody is there now.

        Assert.Equal($"{id}: due now\n1 done.\n", await RunAsync(0, "retry", id));

        using Socket tried = await _nobody.AcceptAsync(None);
    }

    [Fact]
    public async Task Programs_that_read_maillog_count_what_came_and_what_became_of_it()
    {
        const string Program = "/usr/sbin/pflogsumm";
        Assert.SkipUnless(File.Exists(Program), "pflogsumm is not installed");
        await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        await SendAsync("alice@example.test", "bob@example.test", "Subject: two\r\n\r\nbody\r\n");
        await StopAsync();
        _log.Dispose(); // All lines are written.
        using Process reader = Process.Start(new ProcessStartInfo(Program, ["--syslog-name=mailaccess", Path.Combine(_folder, "log")]) { RedirectStandardOutput = true })!;
        string summary = await reader.StandardOutput.ReadToEndAsync(None);
        await reader.WaitForExitAsync(None);
        Assert.Matches(@"\n +2 +received\n +1 +delivered\n +0 +forwarded\n +1 +deferred +\(1 +deferrals\)\n", summary);
        Assert.Matches(@"\n +1 +senders\n", summary);
    }

    [Fact]
    public async Task Rules_are_made_listed_and_removed()
    {
        Assert.Equal("", await RunAsync(0, "hold", "--rule", "sender=*@far.test"));
        Assert.Equal("{\"rule\":\"account=x domain=y\",\"result\":\"done\"}\n", await RunAsync(0, "hold", "--rule", "account=x  domain=y", "--json"));
        Assert.NotEqual(0, await QueueCommand.Create(TextWriter.Null, TextWriter.Null, TextReader.Null, _clock)
            .Parse(["hold", "1k0tw7hdz9x", "--rule", "sender=x", "--config", Path.Combine(_folder, "mailaccess.json")])
            .InvokeAsync(new System.CommandLine.InvocationConfiguration { Output = TextWriter.Null, Error = TextWriter.Null }, None)); // Which of the two is meant?
        Assert.Contains("is none of", await RunAsync(ExitCodes.Usage, "hold", "--rule", "subject=y"), StringComparison.Ordinal);
        Assert.Equal("sender=*@far.test\naccount=x domain=y\n", await RunAsync(0, "rules"));
        Assert.Equal("", await RunAsync(0, "rules", "--remove", "sender=*@far.test"));
        Assert.Contains("no rule", await RunAsync(ExitCodes.DataError, "rules", "--remove", "sender=*@far.test"), StringComparison.Ordinal);
        Assert.Equal("account=x domain=y\n", await RunAsync(0, "rules"));
        Assert.Equal("{\"rule\":\"account=x domain=y\"}\n", await RunAsync(0, "rules", "--json"));
    }

    [Fact]
    public async Task A_stopped_servers_spool_is_looked_at_and_not_touched()
    {
        string id = await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        await _control!.DisposeAsync();
        _control = null;
        string[] whileItRuns = Files();
        Assert.Contains(id, await RunAsync(0, "list"), StringComparison.Ordinal); // In the journal.
        Assert.EndsWith("\nSubject: one\n\nbody\n", await RunAsync(0, "show", id, "--content"), StringComparison.Ordinal);
        Assert.Equal(whileItRuns, Files());
        await StopAsync();
        string before = string.Join(' ', Files());
        Assert.Contains(id, await RunAsync(0, "list", "--recipient", "x@*"), StringComparison.Ordinal);
        Assert.Contains("does not run", await RunAsync(ExitCodes.Unavailable, "delete", id), StringComparison.Ordinal);
        Assert.Contains("does not run", await RunAsync(ExitCodes.Unavailable, "flush"), StringComparison.Ordinal);
        Assert.Equal(before, string.Join(' ', Files()));
        await StartAsync();
        Assert.Contains(id, await RunAsync(0, "list"), StringComparison.Ordinal); // In files now.
        await StopAsync();
        Assert.Contains(id, await RunAsync(0, "list"), StringComparison.Ordinal);
        Assert.EndsWith("\nSubject: one\n\n", await RunAsync(0, "show", id), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("history")]
    [InlineData("rules")]
    public async Task Who_may_not_look_is_told_so_and_not_that_there_is_nothing(string command)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can be somebody else");
        await DeferredAsync("alice@example.test", "x@far.test", "Subject: one\r\n\r\nbody\r\n");
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1ED); // 0755
        File.SetUnixFileMode(Path.Combine(_folder, "mailaccess.json"), (UnixFileMode)0x1A4); // 0644
        File.SetUnixFileMode(Data, (UnixFileMode)0x1C0); // 0700
        string said = await Task.Factory.StartNew(
            () =>
            {
                _ = SetFileSystemUser(65534); // This thread's alone, which serves nothing else: nobody.
                return RunAsync(ExitCodes.Unavailable, command).GetAwaiter().GetResult();
            },
            None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.Matches("[Dd]enied", said);
    }

    [Fact]
    public async Task Request_with_more_ids_than_the_server_takes_is_refused_with_a_reason()
    {
        string[] ids = [.. Enumerable.Range(0, 30_000).Select(i => i.ToString("00000000000", CultureInfo.InvariantCulture))];

        Assert.Contains("name fewer at once", await RunAsync(ExitCodes.Unavailable, ["delete", .. ids]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_is_for_one_user_and_what_it_does_not_understand_costs_only_the_sender()
    {
        string path = ControlSocket.PathIn(Data);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal("", await SayAsync("rubbish\n"));
        Assert.Equal("", await SayAsync(new string('x', ControlProtocol.RequestOctetsMax + 1)));
        Assert.Contains("\"error\":\"the server speaks version 1", await SayAsync("{\"version\":99,\"command\":\"queueList\"}\n"), StringComparison.Ordinal);
        Assert.Contains("not complete", await SayAsync("{\"version\":1,\"command\":\"queueAct\"}\n"), StringComparison.Ordinal);
        Assert.Equal("{\"ended\":0}\n", await SayAsync("{\"version\":1,\"command\":\"queueList\",\"sinceLater\":true}\n"));
        List<Socket> idle = [.. Enumerable.Range(0, ControlProtocol.ClientsMax).Select(_ => ControlSocket.Connect(path)!)];
        while (!(await SayAsync("{\"version\":1,\"command\":\"queueList\"}\n")).Contains("too many", StringComparison.Ordinal))
        {
            idle.Add(ControlSocket.Connect(path)!); // Some may have been hung up on, for those before them had not quite gone.
        }
        idle.ForEach(s => s.Dispose());
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint SetFileSystemUser(uint user);

    private async Task<string> SayAsync(string line)
    {
        using Socket socket = ControlSocket.Connect(ControlSocket.PathIn(Data))!;
        await using NetworkStream stream = new(socket);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(line), None);
            socket.Shutdown(SocketShutdown.Send);
            using StreamReader reader = new(stream);
            return await reader.ReadToEndAsync(None);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return ""; // It hung up on what was still being said.
        }
    }

    private string[] Files() => [.. Directory.EnumerateFiles(Path.Combine(Data, "queue")).Order(StringComparer.Ordinal)];

    private async Task StartAsync(TimeSpan deadTime = default)
    {
        NextHop closed = new() { Host = "127.0.0.1", Port = ((IPEndPoint)_nobody.LocalEndPoint!).Port };
        QueueOptions options = new() { HostName = "mail.example.test", SpoolFolder = Path.Combine(Data, "queue"), HistoryFolder = Path.Combine(Data, "history"), HistoryDays = 1, Limits = new QueueLimits { DeadDestinationTime = deadTime } };
        _queue = new MailQueue(options, _store, new MailRouter(new RoutingOptions { Routes = _ => closed }, this), _resolver, _clock, _loggers.CreateLogger<MailQueue>());
        await _queue.StartAsync(None);
        _control = new ControlServer(Data, new QueueControl(_queue).AnswerAsync, TimeProvider.System, NullLogger.Instance);
    }

    private async Task StopAsync()
    {
        if (_control is not null)
        {
            await _control.DisposeAsync();
            _control = null;
        }
        if (_queue is not null)
        {
            await _queue.DisposeAsync();
            _queue = null;
        }
    }

    /// <summary>A message for a server that is not there, after its first attempt.</summary>
    private async Task<string> DeferredAsync(string from, string to, string content)
    {
        string id = await SendAsync(from, to, content);
        await AttemptsAsync(id, 1);
        return id;
    }

    private async Task<string> SendAsync(string from, string to, string content)
    {
        Envelope envelope = new() { ReversePath = Path_(from), Recipients = [new EnvelopeRecipient { Path = Path_(to) }] };
        IntakeStart start = await _queue!.BeginAsync(envelope, new MailOrigin { Protocol = "submission", Remote = IPAddress.Loopback }, None);
        await using IMailIntake intake = start.Intake!;
        await intake.WriteAsync(Encoding.UTF8.GetBytes(content), None);
        Assert.True((await intake.CommitAsync(CommitMode.OneReply, None)).Overall.IsPositive);
        return intake.Id;
    }

    private async Task AttemptsAsync(string id, int attempts)
    {
        QueueFilter one = new() { Ids = [id], State = QueueState.Deferred };
        while ((await _queue!.Admin.ListAsync(one, None).FirstOrDefaultAsync(None))?.Attempts != attempts)
        {
            await Task.Yield();
        }
    }

    private static MailPath Path_(string address) => address.Length == 0 ? MailPath.Null
        : MailPath.TryCreate(address.Split('@')[0], address.Split('@')[1], out MailPath? path) ? path : throw new ArgumentException(address);

    private async Task<string> RunAsync(int code, params string[] arguments)
    {
        await using StringWriter said = new();
        using StringReader input = new("n\n");
        int result = await QueueCommand.Create(said, said, input, _clock)
            .Parse([.. arguments, "--config", Path.Combine(_folder, "mailaccess.json")]).InvokeAsync(cancellationToken: None);
        Assert.True(code == result, $"{result}: {said}");
        return said.ToString();
    }
}
