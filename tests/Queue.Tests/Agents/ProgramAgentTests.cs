using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue.Tests.Agents;

/// <summary>Configured programs: their arguments, recipients and bounds.</summary>
public sealed class ProgramAgentTests : IDisposable
{
    private readonly AgentHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task Argument_with_a_macro_of_the_recipient_stands_once_for_each()
    {
        string program = _harness.Script("program", "printf '%s\\n' \"$@\" > out");

        IReadOnlyList<SmtpReply> replies = await _harness.ProgramAsync(
            AgentHarness.Agent("", program, "-a$sender", "-", "${nexthop}!rmail", "($recipient)", "$size/$queue_id", "$user", "<$extension>", "$$"),
            "bob+x@example.test", "Carol@Example.test");

        Assert.All(replies, r => Assert.Equal("250 2.0.0 delivered via test", r.ToString()));
        Assert.Equal(
            ["-aalice@example.test", "-", "Next.example!rmail", "(bob+x@example.test)", "(Carol@Example.test)", $"{Samples.Content.Length}/{new SpoolId(1)}", "bob", "Carol", "<x>", "<>", "$", ""],
            _harness.Read("out").Split('\n'));
    }

    [Theory]
    [InlineData("\"$(touch owned)\"@example.test")]
    [InlineData("`id`@example.test")]
    [InlineData("a|b&c@example.test")]
    [InlineData("\"a;b c\\\"d'e\"@example.test")]
    [InlineData("\"x) ; rm -rf (y\"@example.test")]
    [InlineData("${sender}@example.test")]
    public async Task Address_is_one_argument_whatever_it_holds(string address)
    {
        string program = _harness.Script("program", "printf '%s\\n' $# \"$@\" > out");

        await _harness.ProgramAsync(AgentHarness.Agent("q", program, "$recipient", "end"), address);

        Assert.Equal(["2", Samples.Path(address).ToString(), "end", ""], _harness.Read("out").Split('\n'));
        Assert.False(File.Exists(_harness.PathOf("owned")));
    }

    [Theory]
    [InlineData("exit 126")]
    [InlineData("/no/such/interpreter")]
    public async Task Program_that_cannot_be_run_makes_mail_wait(string line)
    {
        SmtpReply reply = Assert.Single(await _harness.ProgramAsync(AgentHarness.Agent("", _harness.Script("program", line)), "bob@example.test"));

        Assert.Equal("451 4.3.5 the program cannot be run", reply.ToString());
        await _harness.Logger.SawAsync("the program of agent test cannot be run: ");
    }

    [Fact]
    public async Task Address_that_would_be_an_option_is_refused_alone()
    {
        string program = _harness.Script("program", "printf '%s\\n' \"$@\" > out");

        IReadOnlyList<SmtpReply> replies = await _harness.ProgramAsync(AgentHarness.Agent("", program, "-f", "$sender", "$recipient"), "-oQ@example.test", "bob@example.test");

        Assert.Equal(["5.1.3", "2.0.0"], replies.Select(r => r.Enhanced.ToString()));
        Assert.Equal("-f\nalice@example.test\nbob@example.test\n", _harness.Read("out"));
    }

    [Fact]
    public async Task Sender_that_would_be_an_option_is_refused()
    {
        _harness.Sender = "-X@example.test";

        IReadOnlyList<SmtpReply> replies = await _harness.ProgramAsync(AgentHarness.Agent("", "/bin/true", "-f", "$sender"), "bob@example.test");
        IReadOnlyList<SmtpReply> inside = await _harness.ProgramAsync(AgentHarness.Agent("", "/bin/true", "-f$sender"), "bob@example.test");

        Assert.Equal("5.1.7", Assert.Single(replies).Enhanced.ToString());
        Assert.Equal("2.0.0", Assert.Single(inside).Enhanced.ToString());
    }

    [Fact]
    public async Task Flags_shape_the_message_and_addresses()
    {
        string program = _harness.Script("program", "printf '%s\\n' \"$@\" > arguments; cat > out");

        await _harness.ProgramAsync(AgentHarness.Agent("FRDOhu.>B", program, "$recipient", "$nexthop"), "Bob@Example.Test");

        Assert.Equal("bob@example.test\nnext.example\n", _harness.Read("arguments"));
        string[] lines = _harness.Read("out").Split('\n');
        Assert.StartsWith("From alice@example.test ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            ["Return-Path: <alice@example.test>", "X-Original-To: Bob@Example.Test", "Delivered-To: Bob@Example.Test",
             "From: a@example.test", "Subject: hello", "", ">From here", "..dot", "", ""],
            lines[1..]);
    }

    [Fact]
    public async Task Lines_end_in_crlf_where_the_program_wants_it()
    {
        string program = _harness.Script("program", "cat > out");

        await _harness.ProgramAsync(AgentHarness.Agent("c", program), "bob@example.test");

        Assert.Equal(AgentHarness.Content, _harness.Read("out"));
    }

    [Theory]
    [InlineData("", 2, 2)]
    [InlineData("", 50, 1)]
    [InlineData("D", 50, 3)]
    public async Task Recipients_share_a_run_as_far_as_they_may(string flags, int recipientsMax, int runs)
    {
        string program = _harness.Script("program", "echo run >> out");

        IReadOnlyList<SmtpReply> replies = await _harness.ProgramAsync(
            AgentHarness.Agent(flags, program, "$recipient") with { RecipientsMax = recipientsMax }, "a@example.test", "b@example.test", "c@example.test");

        Assert.Equal(3, replies.Count);
        Assert.Equal(runs, File.ReadLines(_harness.PathOf("out")).Count());
    }

    [Fact]
    public async Task Message_beyond_the_programs_size_is_returned()
    {
        AgentOptions agent = AgentHarness.Agent("", "/bin/true") with { MessageOctetsMax = AgentHarness.Content.Length - 1 };

        Assert.Equal("5.3.4", Assert.Single(await _harness.ProgramAsync(agent, "bob@example.test")).Enhanced.ToString());
        agent = agent with { MessageOctetsMax = AgentHarness.Content.Length };
        Assert.Equal("2.0.0", Assert.Single(await _harness.ProgramAsync(agent, "bob@example.test")).Enhanced.ToString());
    }

    [Fact]
    public async Task What_the_administrator_must_mend_waits()
    {
        Assert.Equal("4.3.5", Assert.Single(await _harness.ProgramAsync(AgentHarness.Agent("", "/no/such/program"), "bob@example.test")).Enhanced.ToString());
        await _harness.Logger.SawAsync("/no/such/program");

        Assert.Equal("4.3.5", Assert.Single(await _harness.DeliverAsync(new Target.Agent("other", ""), null, ["bob@example.test"], default)).Enhanced.ToString());
        await _harness.Logger.SawAsync("other");

        AgentOptions elsewhere = AgentHarness.Agent("", "/bin/true") with { Directory = "/no/such/folder" };
        Assert.Equal("4.3.0", Assert.Single(await _harness.ProgramAsync(elsewhere, "bob@example.test")).Enhanced.ToString());
    }

    [Fact]
    public async Task Limits_are_those_of_the_configuration()
    {
        string program = _harness.Script("program", "(ulimit -t; ulimit -v; ulimit -f; grep processes /proc/self/limits) > out");
        AgentOptions agent = AgentHarness.Agent("", program) with
        {
            Limits = new ProgramLimits { ProcessorTimeMax = TimeSpan.FromSeconds(7), MemoryOctetsMax = 512 << 20, FileOctetsMax = 1 << 20, ProcessesMax = 4321 },
        };

        await _harness.ProgramAsync(agent, "bob@example.test");

        string[] lines = _harness.Read("out").Split('\n');
        Assert.Equal(["7", "524288", "2048"], lines[..3]);
        Assert.Contains(" 4321 ", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_run_at_once_than_may()
    {
        _harness.MakeFifo("fifo");
        string program = _harness.Script("program", "echo $1 >> out; read x < fifo");
        _harness.Options = _harness.Options with { Agents = [AgentHarness.Agent("", program, "$user") with { ConcurrencyMax = 1 }] };
        using DeliveryAgents agents = new(_harness.Options, _harness.Clock, _harness.Logger);
        Task<IReadOnlyList<SmtpReply>> first = DeliverAsync(agents, "first@example.test");
        Task<IReadOnlyList<SmtpReply>> second = DeliverAsync(agents, "second@example.test");

        await File.WriteAllTextAsync(_harness.PathOf("fifo"), "go\n", TestContext.Current.CancellationToken); // Opened only when somebody reads.
        await first;
        Assert.False(second.IsCompleted);
        await File.WriteAllTextAsync(_harness.PathOf("fifo"), "go\n", TestContext.Current.CancellationToken);
        await second;

        Assert.Equal("first\nsecond\n", _harness.Read("out"));
    }

    [Theory]
    [InlineData("relative/path")]
    [InlineData("/usr/bin/$user")]
    [InlineData("/bin/true", "$unknown")]
    [InlineData("/bin/true", "${user")]
    [InlineData("/bin/true", "price: $5")]
    public void Wrong_command_lines_are_found_when_they_are_read(params string[] words)
    {
        Assert.False(AgentCommandLine.TryParse(words, out _, out string? problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Unknown_flag_is_told()
    {
        Assert.False(AgentFlagLetters.TryParse("DRz", out _, out char unknown));
        Assert.Equal('z', unknown);
    }

    private static Task<IReadOnlyList<SmtpReply>> DeliverAsync(DeliveryAgents agents, string recipient) => agents.DeliverAsync(
        new AgentTransaction
        {
            Message = Samples.Message(1, recipient),
            Target = new Target.Agent("test", ""),
            ReversePath = MailPath.Null,
            Recipients = [new EnvelopeRecipient { Path = Samples.Path(recipient) }],
        },
        new MemoryContent(Samples.Content),
        CancellationToken.None);
}
