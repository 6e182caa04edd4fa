using System.Text;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Submission.Tests;

/// <summary>Tests that count what the whole process allocates: nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    /// <summary>The collection.</summary>
    public const string Name = "alone";
}

/// <summary>Big messages, slow sinks, and clients that say anything.</summary>
[Collection(AloneCollection.Name)]
public sealed class StreamingTests
{
    private const string Opening = "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n";

    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Fifty_megabytes_pass_in_constant_memory()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        server.Sink.CountsOnly = true;
        server.Sink.MessageOctetsMax = 100L << 20;
        Client client = new(server);
        await client.SendAsync(Opening + "Subject: big\r\n\r\n");
        byte[] piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 840)));
        long sent = 0;
        long before = 0;
        while (sent < 50 << 20)
        {
            if (before == 0 && sent > 1 << 20)
            {
                before = GC.GetTotalAllocatedBytes();
            }
            await client.SendAsync(piece);
            sent += piece.Length;
        }
        long allocated = GC.GetTotalAllocatedBytes() - before;
        await client.SendAsync(".\r\nQUIT\r\n");
        Assert.Equal(SessionEnd.ClientQuit, await client.Session.WaitAsync(Watchdog));
        Assert.InRange(server.Sink.Received[0].Octets, sent, sent + 400);
        // The in-memory connection's own pipe allocates some; the message is fifty times this bound's share.
        Assert.True(allocated < 25 << 20, $"{allocated} octets allocated for {sent}");
    }

    [Fact]
    public async Task A_slow_sink_holds_the_reading_back()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int writes = 0;
        server.Sink.BeforeWrite = () =>
        {
            writes++;
            entered.TrySetResult();
            return gate.Task;
        };
        Client client = new(server);
        client.Connection.Send(Encoding.ASCII.GetBytes(Opening + "Subject: x\r\n\r\n"));
        await entered.Task.WaitAsync(Watchdog);
        client.Connection.Send("first\r\nsecond\r\n.\r\nQUIT\r\n"u8);
        Assert.Equal(1, writes); // One write is under way, and nobody reads on.
        Assert.Empty(server.Sink.Received);
        gate.SetResult();
        Assert.Equal(SessionEnd.ClientQuit, await client.Session.WaitAsync(Watchdog));
        Assert.EndsWith("first\r\nsecond\r\n", server.Sink.Received[0].Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_of_ten_megabytes_is_dropped_as_it_comes()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        Client client = new(server);
        byte[] piece = Encoding.ASCII.GetBytes(new string('x', 65536));
        await client.SendAsync("NOOP ");
        long before = GC.GetTotalAllocatedBytes();
        for (int i = 0; i < 160; i++)
        {
            await client.SendAsync(piece);
        }
        long allocated = GC.GetTotalAllocatedBytes() - before;
        await client.SendAsync("\r\nQUIT\r\n");
        Assert.Equal(SessionEnd.ClientQuit, await client.Session.WaitAsync(Watchdog));
        Assert.Equal("220 mx.example.test ESMTP MailAccess\r\n500 5.5.2 line too long\r\n221 2.0.0 goodbye\r\n", client.Output);
        Assert.True(allocated < 5 << 20, $"{allocated} octets allocated");
    }

    [Fact]
    public async Task Replies_of_a_pipelined_group_leave_together()
    {
        ServerFixture server = new(SubmissionRole.Exchange);
        InMemoryConnection connection = new(server.Clock, () => { });
        Task<SessionEnd> session = server.RunAsync(connection);
        string greeting = Encoding.ASCII.GetString(connection.TakeOutput());
        connection.Send("NOOP\r\nNOOP\r\nNOOP\r\n"u8);
        Assert.StartsWith("220 ", greeting, StringComparison.Ordinal);
        connection.CloseClientSide();
        Assert.Equal(SessionEnd.ClientGone, await session.WaitAsync(Watchdog));
        Assert.Equal("250 2.0.0 ok\r\n250 2.0.0 ok\r\n250 2.0.0 ok\r\n", Encoding.ASCII.GetString(connection.TakeOutput()));
    }

    /// <summary>A client on an in-memory connection that waits until the server has looked at everything.</summary>
    private sealed class Client
    {
        private readonly SemaphoreSlim _changed = new(0);
        private readonly StringBuilder _output = new();

        public Client(ServerFixture server)
        {
            Connection = new InMemoryConnection(server.Clock, () => _changed.Release());
            Session = server.RunAsync(Connection);
        }

        public InMemoryConnection Connection { get; }

        public Task<SessionEnd> Session { get; }

        public string Output => _output.Append(Encoding.ASCII.GetString(Connection.TakeOutput())).ToString();

        public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

        public async Task SendAsync(byte[] octets)
        {
            Connection.Send(octets);
            while (!Connection.IsWaiting && !Session.IsCompleted)
            {
                await Task.WhenAny(_changed.WaitAsync(), Session).WaitAsync(Watchdog);
            }
        }
    }
}
