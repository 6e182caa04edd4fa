using System.Runtime.InteropServices;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue.Tests.Agents;

/// <summary>Commands of aliases and .forward files, with real shells and programs.</summary>
public sealed class CommandAgentTests : IDisposable
{
    private readonly AgentHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task Message_comes_on_standard_input_behind_its_trace_fields()
    {
        SmtpReply reply = await _harness.CommandAsync($"cat > {_harness.PathOf("out")}");

        Assert.Equal(new SmtpReply(250, new(2, 0, 0), "handed to a command"), reply);
        string[] lines = _harness.Read("out").Split('\n');
        Assert.StartsWith("From alice@example.test ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            ["Return-Path: <alice@example.test>", "X-Original-To: bob+x@example.test", "Delivered-To: bob+x@example.test",
             "From: a@example.test", "Subject: hello", "", "From here", ".dot", ""],
            lines[1..]);
    }

    [Theory]
    [InlineData(0, 250, "2.0.0")]
    [InlineData(1, 554, "5.3.0")]
    [InlineData(64, 554, "5.3.0")]
    [InlineData(65, 554, "5.6.0")]
    [InlineData(67, 550, "5.1.1")]
    [InlineData(68, 550, "5.1.2")]
    [InlineData(69, 554, "5.3.0")]
    [InlineData(71, 451, "4.3.0")]
    [InlineData(73, 552, "5.2.0")]
    [InlineData(75, 451, "4.3.0")]
    [InlineData(77, 550, "5.7.0")]
    [InlineData(78, 554, "5.3.5")]
    [InlineData(127, 554, "5.3.0")]
    public async Task Exit_codes_mean_what_sysexits_says(int status, int code, string enhanced)
    {
        SmtpReply reply = await _harness.CommandAsync($"exit {status}");

        Assert.Equal((code, enhanced), (reply.Code, reply.Enhanced.ToString()));
    }

    [Theory]
    [InlineData("echo 4.2.0 the disk rests; exit 67", 451, "4.2.0", "the disk rests")]
    [InlineData("echo 5.7.1 not you >&2; exit 75", 550, "5.7.1", "not you")]
    [InlineData("echo 2.0.0 fine; exit 75", 451, "4.3.0", "2.0.0 fine")]
    [InlineData("echo 5.7.1234 x; exit 75", 451, "4.3.0", "5.7.1234 x")]
    [InlineData("printf 'a\\nb\\033\\303\\244'; exit 67", 550, "5.1.1", "a b???")]
    public async Task Output_is_told_and_may_begin_with_its_own_enhanced_code(string line, int code, string enhanced, string output)
    {
        SmtpReply reply = await _harness.CommandAsync(line);

        Assert.Equal((code, enhanced), (reply.Code, reply.Enhanced.ToString()));
        Assert.EndsWith($". Command output: {output}", reply.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill -SEGV $$", "signal 11")]
    [InlineData("kill -KILL $$", "signal 9")]
    public async Task Command_that_a_signal_ends_is_tried_again(string line, string text)
    {
        SmtpReply reply = await _harness.CommandAsync(line);

        Assert.Equal((451, "4.3.0"), (reply.Code, reply.Enhanced.ToString()));
        Assert.Contains(text, reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_that_does_not_exist_fails_for_good()
    {
        SmtpReply reply = await _harness.CommandAsync("/no/such/program with arguments");

        Assert.Equal((554, "5.3.0"), (reply.Code, reply.Enhanced.ToString()));
        Assert.Contains("not found", reply.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("exec <&-; exit 0")]
    public async Task Command_that_does_not_read_the_message_has_it(string line)
    {
        SmtpReply reply = await _harness.CommandAsync(line, content: new MemoryContent(new byte[4 << 20]));

        Assert.Equal(250, reply.Code);
    }

    [Fact]
    public async Task Flood_of_output_is_read_and_dropped()
    {
        SmtpReply reply = await _harness.CommandAsync("head -c 5000000 /dev/zero | tr '\\0' x; exit 67");

        Assert.Equal(550, reply.Code);
        Assert.InRange(reply.Text.Length, 4096, 4200);
    }

    [Fact]
    public async Task Child_that_is_left_behind_with_our_pipes_holds_nobody_up()
    {
        _harness.MakeFifo("fifo");

        SmtpReply reply = await _harness.CommandAsync($"echo said; cat {_harness.PathOf("fifo")} <&0 & exit 75", content: new MemoryContent(new byte[4 << 20]));

        Assert.EndsWith("Command output: said", reply.Text, StringComparison.Ordinal);
        await using FileStream end = new(_harness.PathOf("fifo"), FileMode.Open, FileAccess.Write); // The child may go.
    }

    [Fact]
    public async Task Command_and_its_children_are_ended_when_their_time_is_up()
    {
        Task<SmtpReply> running = _harness.CommandAsync(HangingCommand());
        using StreamReader held = new(_harness.PathOf("held"));
        Assert.Equal("started", await held.ReadLineAsync(TestContext.Current.CancellationToken));

        _harness.Clock.Advance(TimeSpan.FromSeconds(999));
        Assert.False(running.IsCompleted);
        _harness.Clock.Advance(TimeSpan.FromSeconds(1));

        SmtpReply reply = await running;
        Assert.Equal((451, "4.3.0"), (reply.Code, reply.Enhanced.ToString()));
        Assert.Contains("too long", reply.Text, StringComparison.Ordinal);
        Assert.Equal("", await held.ReadToEndAsync(TestContext.Current.CancellationToken)); // The end: nobody has it open any more.
    }

    [Fact]
    public async Task Nothing_runs_any_more_after_cancellation()
    {
        using CancellationTokenSource stop = new();
        Task<SmtpReply> running = _harness.CommandAsync(HangingCommand(), stop: stop.Token);
        using StreamReader held = new(_harness.PathOf("held"));
        await held.ReadLineAsync(TestContext.Current.CancellationToken);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("", await held.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Half_a_message_is_never_taken_for_a_whole_one()
    {
        SmtpReply reply = await _harness.CommandAsync($"cat > /dev/null; echo whole > {_harness.PathOf("out")}", content: new BreakingContent());

        Assert.Equal((451, "4.3.0"), (reply.Code, reply.Enhanced.ToString()));
        Assert.False(File.Exists(_harness.PathOf("out")));
    }

    [Fact]
    public async Task Environment_is_ours_to_say_and_cannot_hurt_a_shell()
    {
        Environment.SetEnvironmentVariable("AGENT_TEST_SECRET", "secret");
        _harness.Sender = "\"a;b $(c) `d` 'e|f\"@example.test";

        await _harness.CommandAsync($"env > {_harness.PathOf("out")}", recipient: "bob+$x&y@example.test");

        string[] lines = _harness.Read("out").Split('\n');
        Assert.DoesNotContain(lines, l => l.Contains("secret", StringComparison.Ordinal));
        Assert.Contains("SENDER=_a_b___c___d___e_f_@example.test", lines);
        Assert.Contains("RECIPIENT=bob+_x_y@example.test", lines);
        Assert.Contains("USER=bob", lines);
        Assert.Contains("EXTENSION=_x_y", lines);
        Assert.Contains("DOMAIN=example.test", lines);
        Assert.Contains("CLIENT_ADDRESS=127.0.0.1", lines);
        Assert.Contains("PATH=/usr/local/bin:/usr/bin:/bin", lines);
    }

    [Fact]
    public async Task Program_gets_no_descriptor_of_ours()
    {
        int left = Duplicate(0); // Open in every program that is started, unless somebody sees to it.
        Assert.True(left > 3);

        await _harness.CommandAsync($"ls /proc/self/fd > {_harness.PathOf("out")}");

        Assert.Equal(["0", "1", "2", "3"], _harness.Read("out").Split('\n', StringSplitOptions.RemoveEmptyEntries)); // 3 is the listed folder.
    }

    [Theory]
    [InlineData(null, "nobody")]
    [InlineData("root", "nobody")]
    [InlineData("daemon", "daemon")]
    public async Task Root_runs_commands_as_the_user_who_owns_them_and_never_as_root(string? user, string expected)
    {
        Assert.SkipUnless(AgentHarness.IsRoot, "only root can be somebody else");

        await _harness.CommandAsync($"id -un > {_harness.PathOf("out")}; id -G >> {_harness.PathOf("out")}", user);

        string[] lines = _harness.Read("out").Split('\n');
        Assert.Equal(expected, lines[0]);
        Assert.DoesNotContain("0", lines[1].Split(' '));
    }

    [Fact]
    public async Task Nobody_but_root_runs_commands_as_others()
    {
        Assert.SkipWhen(AgentHarness.IsRoot, "root can be anybody");

        SmtpReply reply = await _harness.CommandAsync("true", "daemon");

        Assert.Equal((451, "4.3.5"), (reply.Code, reply.Enhanced.ToString()));
        await _harness.Logger.SawAsync("rights of user daemon");
    }

    [Fact]
    public async Task Unknown_user_has_to_wait_for_the_administrator()
    {
        SmtpReply reply = await _harness.CommandAsync("true", "no-such-user");

        Assert.Equal((451, "4.3.5"), (reply.Code, reply.Enhanced.ToString()));
        await _harness.Logger.SawAsync("no user no-such-user");
    }

    [Theory]
    [InlineData("/usr/bin/vacation  bob", "/usr/bin/vacation", "bob")]
    [InlineData("/bin/x -a b@c", "/bin/x", "-a", "b@c")]
    [InlineData("a | b", "/bin/sh", "-c", "a | b")]
    [InlineData("/x \"$HOME\"", "/bin/sh", "-c", "/x \"$HOME\"")]
    [InlineData("exit 75", "/bin/sh", "-c", "exit 75")]
    public void Only_lines_that_need_a_shell_get_one(string line, params string[] words) => Assert.Equal(words, CommandWords.Of(line));

    private string HangingCommand()
    {
        _harness.MakeFifo("held");
        _harness.MakeFifo("never");
        return $"exec 3>{_harness.PathOf("held")}; echo started >&3; (read x < {_harness.PathOf("never")}) & wait";
    }

    [DllImport("libc", EntryPoint = "dup")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Duplicate(int descriptor);

    private sealed class BreakingContent : IMessageContent
    {
        public long Octets => 1000;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            offset == 0 ? new(1) : throw new IOException("the disk is gone");

        public ValueTask DisposeAsync() => default;
    }
}
