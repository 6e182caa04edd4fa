using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue.Tests.Agents;

/// <summary>Commands, programs and files through a whole queue.</summary>
public sealed class AgentQueueTests : IAsyncLifetime
{
    private readonly AgentHarness _agents = new();
    private readonly QueueHarness _queue = new();
    private ScriptedRouter _router = null!;

    public ValueTask InitializeAsync()
    {
        _router = _queue.Script();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();
        _agents.Dispose();
    }

    [Fact]
    public async Task Recipients_go_to_a_file_a_command_and_a_program_and_the_log_tells_where()
    {
        _queue.Options = _queue.Options with { Agents = new DeliveryAgentOptions { Agents = [AgentHarness.Agent("", _agents.Script("program", "cat > program.out"), "$user")] } };
        await _queue.StartAsync();
        Route("file@example.test", new Target.File(_agents.PathOf("box"), null));
        Route("command@example.test", new Target.Command($"cat > {_agents.PathOf("command.out")}", null));
        Route("program@example.test", new Target.Agent("test", ""));
        Route("nobody@example.test", new Target.Command("echo 5.1.1 who is that; exit 67", null));

        Assert.True((await _queue.SendAsync("alice@example.test", "file@example.test", "command@example.test", "program@example.test", "nobody@example.test")).Overall.IsPositive);

        await _queue.Logger.SawAsync("removed");
        Assert.Contains(_queue.Logger.Lines, l => l.Contains("to=<file@example.test>, relay=local", StringComparison.Ordinal) && l.Contains("status=sent (250 2.0.0 delivered to file)", StringComparison.Ordinal));
        Assert.Contains(_queue.Logger.Lines, l => l.Contains("to=<command@example.test>, relay=local", StringComparison.Ordinal) && l.Contains("status=sent (250 2.0.0 handed to a command)", StringComparison.Ordinal));
        Assert.Contains(_queue.Logger.Lines, l => l.Contains("to=<program@example.test>, relay=test", StringComparison.Ordinal) && l.Contains("status=sent (250 2.0.0 delivered via test)", StringComparison.Ordinal));
        Assert.Contains(_queue.Logger.Lines, l => l.Contains("to=<nobody@example.test>", StringComparison.Ordinal) && l.Contains("dsn=5.1.1", StringComparison.Ordinal) && l.Contains("status=bounced", StringComparison.Ordinal));
        Assert.All(new[] { "box", "command.out", "program.out" }, f => Assert.Contains("Subject: hello", _agents.Read(f), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "relayed")]
    [InlineData("X", "delivered")]
    public async Task Report_of_success_says_what_the_program_is_configured_to_do(string flags, string action)
    {
        _queue.Options = _queue.Options with { Agents = new DeliveryAgentOptions { Agents = [AgentHarness.Agent(flags, _agents.Script("program", "cat > program.out"))] } };
        await _queue.StartAsync();
        Route("program@example.test", new Target.Agent("test", ""));
        Envelope envelope = QueueHarness.Envelope("alice@example.test", "program@example.test");
        envelope = envelope with { Recipients = [envelope.Recipients[0] with { Notify = DsnNotify.Success }] };

        Assert.True((await _queue.SendAsync(envelope)).Overall.IsPositive);

        await _queue.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        Assert.Contains($"\nAction: {action}\r\n", Assert.Single(await _queue.InboxAsync("alice")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_that_was_running_when_we_stopped_is_run_again()
    {
        _agents.MakeFifo("held");
        _agents.MakeFifo("never");
        await _queue.StartAsync();
        Route("bob@example.test", new Target.Command($"exec 3>{_agents.PathOf("held")}; echo started >&3; read x < {_agents.PathOf("never")}", null));
        Assert.True((await _queue.SendAsync("alice@example.test", "bob@example.test")).Overall.IsPositive);
        using (StreamReader held = new(_agents.PathOf("held")))
        {
            await held.ReadLineAsync(TestContext.Current.CancellationToken);
            await _queue.Queue.StopAsync(TimeSpan.Zero);
            Assert.Equal("", await held.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        Route("bob@example.test", new Target.Command($"cat > {_agents.PathOf("out")}", null));
        await _queue.RestartAsync();

        await _queue.Logger.SawAsync("to=<bob@example.test>", "status=sent");
        Assert.Contains("Subject: hello", _agents.Read("out"), StringComparison.Ordinal);
    }

    private void Route(string address, Target target) => _router[address] = [ScriptedRouter.To(address, target)];
}
