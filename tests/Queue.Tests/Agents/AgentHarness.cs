using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Agents;

/// <summary>Real programs in a folder of their own, with a clock by hand. Where the tests run as root, programs run as nobody.</summary>
internal sealed class AgentHarness : IDisposable
{
    public const string Content = "From: a@example.test\r\nSubject: hello\r\n\r\nFrom here\r\n.dot\r\n";

    public AgentHarness()
    {
        File.SetUnixFileMode(Folder, (UnixFileMode)0x1FF); // 0777: nobody writes here.
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("agents").FullName;

    public ManualTimeProvider Clock { get; } = new();

    public RecordingLogger Logger { get; } = new();

    public DeliveryAgentOptions Options { get; set; } = new();

    public string Sender { get; set; } = "alice@example.test";

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public string Read(string name) => File.ReadAllText(PathOf(name));

    /// <summary>An executable script; its first argument to nothing, its folder is the working directory of nobody.</summary>
    public string Script(string name, string text)
    {
        string path = PathOf(name);
        ExecutableScript.Write(path, $"cd {Folder}\n{text}");
        return path;
    }

    public void MakeFifo(string name)
    {
        using System.Diagnostics.Process made = System.Diagnostics.Process.Start("mkfifo", ["-m", "666", PathOf(name)]);
        made.WaitForExit();
    }

    public static AgentOptions Agent(string flags, params string[] words)
    {
        Assert.True(AgentCommandLine.TryParse(words, out AgentCommandLine? line, out string? problem), problem);
        Assert.True(AgentFlagLetters.TryParse(flags, out AgentFlags parsed, out _));
        return new AgentOptions { Name = "test", Command = line, Flags = parsed };
    }

    public Task<SmtpReply> CommandAsync(string line, string? user = null, IMessageContent? content = null, string recipient = "bob+x@example.test", CancellationToken stop = default) =>
        OneAsync(new Target.Command(line, user), content, recipient, stop);

    public Task<SmtpReply> FileAsync(string path, string? user = null, IMessageContent? content = null) =>
        OneAsync(new Target.File(path, user), content, "bob+x@example.test", default);

    public Task<IReadOnlyList<SmtpReply>> ProgramAsync(AgentOptions agent, params string[] recipients)
    {
        Options = Options with { Agents = [agent] };
        return DeliverAsync(new Target.Agent("TEST", "Next.example"), null, recipients, default);
    }

    public async Task<IReadOnlyList<SmtpReply>> DeliverAsync(Target target, IMessageContent? content, IReadOnlyList<string> recipients, CancellationToken stop)
    {
        using DeliveryAgents agents = new(Options, Clock, Logger);
        AgentTransaction transaction = new()
        {
            Message = Samples.Message(1, [.. recipients]),
            Target = target,
            ReversePath = Samples.Path(Sender),
            Recipients = [.. recipients.Select(r => new EnvelopeRecipient { Path = Samples.Path(r) })],
        };
        return await agents.DeliverAsync(transaction, content ?? new MemoryContent(System.Text.Encoding.ASCII.GetBytes(Content), 7), stop);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private async Task<SmtpReply> OneAsync(Target target, IMessageContent? content, string recipient, CancellationToken stop) =>
        Assert.Single(await DeliverAsync(target, content, [recipient], stop));
}
