using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire.Tests;

public sealed class TransportTests
{
    /// <summary>Answers each line with itself, "bye" ends.</summary>
    internal static async Task<SessionEnd> EchoAsync(IConnection connection)
    {
        using var lines = new LineReader(connection.Input, 1000);
        while (true)
        {
            switch (await lines.ReadAsync())
            {
                case LineOutcome.EndOfStream:
                    return SessionEnd.ClientGone;
                case LineOutcome.Woken when connection.StopRequested:
                    await connection.Output.WriteAsync("BYE\r\n"u8.ToArray());
                    return SessionEnd.Shutdown;
                case LineOutcome.Woken when connection.DeadlineExpired:
                    await connection.Output.WriteAsync("late\r\n"u8.ToArray());
                    return SessionEnd.IdleTimeout;
                case LineOutcome.Woken:
                    await connection.Output.WriteAsync("woken\r\n"u8.ToArray());
                    break;
                case LineOutcome.Line:
                    byte[] line = lines.Line.ToArray();
                    await connection.Output.WriteAsync(line);
                    await connection.Output.WriteAsync("\r\n"u8.ToArray());
                    if (line.AsSpan().SequenceEqual("bye"u8))
                    {
                        return SessionEnd.ClientQuit;
                    }
                    break;
            }
        }
    }

    [Fact]
    public async Task A_session_hears_and_answers_and_its_end_is_logged_in_one_line()
    {
        await using var loopback = new Loopback(EchoAsync);
        await using NetworkStream client = await loopback.OpenAsync();
        await client.SayAsync("hello\r\nbye\r\n");
        Assert.Equal("hello\r\nbye\r\n", await client.HearAllAsync());
        client.Close();
        await loopback.DrainedAsync();
        (LogLevel level, string text) = Assert.Single(loopback.Logger.Lines, l => l.Text.Contains("ended", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Information, level);
        Assert.Matches(@"^[0-9a-z]{4}-1 test 127\.0\.0\.1:\d+ ended: ClientQuit after 0\.0 s, 12 octets in, 12 out, TLS no$", text);
    }

    [Fact]
    public async Task A_half_closed_peer_still_gets_its_answers()
    {
        await using var loopback = new Loopback(EchoAsync);
        Socket socket = await loopback.ConnectAsync();
        using var client = new NetworkStream(socket);
        await client.SayAsync("one\r\ntwo\r\ncut off");
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("one\r\ntwo\r\n", await client.HearAllAsync());
        Assert.Equal(SessionEnd.ClientGone, Assert.Single(loopback.Ends));
    }

    [Fact]
    public async Task A_reset_is_an_IOException_and_a_client_gone()
    {
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var loopback = new Loopback(async connection =>
        {
            ValueTask<ReadResult> read = connection.Input.ReadAsync();
            reading.SetResult();
            await read;
            return SessionEnd.ClientQuit;
        });
        Socket socket = await loopback.ConnectAsync();
        await reading.Task.Soon();
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
        await loopback.DrainedAsync();
        Assert.IsType<IOException>(Assert.Single(loopback.Failures), exactMatch: false);
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("ended: ClientGone", StringComparison.Ordinal));
        Assert.DoesNotContain(loopback.Logger.Lines, l => l.Level > LogLevel.Information);
    }

    [Fact]
    public async Task Writing_to_a_peer_that_is_gone_is_an_IOException()
    {
        await using var loopback = new Loopback(async connection =>
        {
            await connection.Input.ReadAsync(); // The end.
            byte[] block = new byte[100_000];
            while (true)
            {
                await connection.Output.WriteAsync(block);
            }
        });
        Socket socket = await loopback.ConnectAsync();
        socket.Close();
        await loopback.DrainedAsync();
        Assert.IsType<IOException>(Assert.Single(loopback.Failures), exactMatch: false);
    }

    [Fact]
    public async Task A_wake_ends_a_pending_read_and_loses_no_octet()
    {
        IConnection? served = null;
        var started = new TaskCompletionSource();
        await using var loopback = new Loopback(connection =>
        {
            served = connection;
            started.SetResult();
            return EchoAsync(connection);
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await started.Task.Soon();
        await client.SayAsync("x\r\n");
        Assert.Equal("x\r\n", await client.HearAsync(3));
        for (int i = 0; i < 100; i++)
        {
            served!.Wake();
            Assert.Equal("woken\r\n", await client.HearAsync(7));
            await client.SayAsync("half");
            served.Wake();
            Assert.Equal("woken\r\n", await client.HearAsync(7));
            await client.SayAsync(" line\r\n");
            Assert.Equal("half line\r\n", await client.HearAsync(11));
        }
    }

    [Fact]
    public async Task A_wake_before_a_read_ends_the_next_one()
    {
        var results = new List<bool>();
        await using var loopback = new Loopback(async connection =>
        {
            connection.Wake();
            connection.Wake(); // Two before a read are one.
            for (int i = 0; i < 2; i++)
            {
                ReadResult read = await connection.Input.ReadAsync();
                results.Add(read.IsCanceled);
                connection.Input.AdvanceTo(read.Buffer.Start);
            }
            return SessionEnd.ClientQuit;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await client.SayAsync("x");
        Assert.Equal("", (await client.HearAllAsync()).Replace("<reset>", "", StringComparison.Ordinal));
        Assert.Equal([true, false], results);
    }

    [Fact]
    public async Task A_wake_may_race_with_input_for_ever()
    {
        IConnection? served = null;
        var started = new TaskCompletionSource();
        int woken = 0;
        await using var loopback = new Loopback(async connection =>
        {
            served = connection;
            started.SetResult();
            using var lines = new LineReader(connection.Input, 100);
            while (true)
            {
                switch (await lines.ReadAsync())
                {
                    case LineOutcome.Woken:
                        woken++;
                        break;
                    case LineOutcome.Line:
                        await connection.Output.WriteAsync(lines.LineMemory);
                        await connection.Output.WriteAsync("\r\n"u8.ToArray());
                        break;
                    default:
                        return SessionEnd.ClientGone;
                }
            }
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await started.Task.Soon();
        using var stop = new CancellationTokenSource();
        Task waking = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                served!.Wake();
            }
        });
        for (int i = 0; i < 3000; i++)
        {
            string line = $"line {i}\r\n";
            await client.SayAsync(line);
            Assert.Equal(line, await client.HearAsync(line.Length));
        }
        await stop.CancelAsync();
        await waking;
        Assert.True(woken > 0);
    }

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(700, 2_000)]
    [InlineData(5_000, 500)]
    [InlineData(3_000_000, 4)]
    public async Task What_is_written_arrives_in_order_whatever_its_size(int size, int count)
    {
        await using var loopback = new Loopback(async connection =>
        {
            for (int i = 0; i < count; i++)
            {
                byte[] block = new byte[size];
                new Random(i).NextBytes(block);
                if (i % 3 == 0)
                {
                    connection.Output.Write(block); // Gathers, leaves with the next flush.
                }
                else
                {
                    await connection.Output.WriteAsync(block);
                }
            }
            await connection.Output.FlushAsync();
            return SessionEnd.ClientQuit;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        byte[] received = new byte[size];
        byte[] expected = new byte[size];
        for (int i = 0; i < count; i++)
        {
            await client.ReadExactlyAsync(received).AsTask().Soon();
            new Random(i).NextBytes(expected);
            Assert.True(expected.AsSpan().SequenceEqual(received), $"block {i}");
        }
        Assert.Equal("", await client.HearAllAsync());
    }

    [Fact]
    public async Task Huge_input_is_read_whole_and_unconsumed_octets_stay()
    {
        const int Total = 3_000_000;
        long sum = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var loopback = new Loopback(async connection =>
        {
            int wanted = 1;
            for (int seen = 0; seen < Total;)
            {
                ReadResult read = await connection.Input.ReadAsync();
                int there = (int)read.Buffer.Length;
                if (there < Math.Min(wanted, Total - seen))
                {
                    connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End); // Not enough: ask for more, keep all.
                    continue;
                }
                int taken = Math.Min(there, wanted);
                foreach (ReadOnlyMemory<byte> segment in read.Buffer.Slice(0, taken))
                {
                    foreach (byte octet in segment.Span)
                    {
                        sum += octet;
                    }
                }
                connection.Input.AdvanceTo(read.Buffer.GetPosition(taken));
                seen += taken;
                wanted = wanted * 2 % 100_003;
            }
            done.SetResult();
            return SessionEnd.ClientQuit;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        byte[] data = new byte[Total];
        new Random(1).NextBytes(data);
        await client.WriteAsync(data).AsTask().Soon();
        await done.Task.Soon();
        Assert.Equal(data.Sum(b => (long)b), sum);
    }

    [Fact]
    public async Task Nothing_is_held_while_it_waits_and_after_a_flush()
    {
        var held = new List<bool>();
        await using var loopback = new Loopback(async connection =>
        {
            ReadResult read = await connection.Input.ReadAsync();
            connection.Input.AdvanceTo(read.Buffer.End);
            held.Add(HasBuffer(connection.Input));
            connection.Output.Write("x"u8);
            held.Add(HasBuffer(connection.Output));
            await connection.Output.FlushAsync();
            held.Add(HasBuffer(connection.Output));
            return SessionEnd.ClientQuit;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await client.SayAsync("hello");
        Assert.Equal("x", await client.HearAllAsync());
        Assert.Equal([false, true, false], held);

        static bool HasBuffer(object pipe) =>
            pipe.GetType().GetField("_buffer", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!
                .GetValue(pipe) is not null;
    }

    [Fact]
    public async Task The_last_reply_survives_what_the_client_sent_behind_it()
    {
        await using var loopback = new Loopback(async connection =>
        {
            using var lines = new LineReader(connection.Input, 100);
            await lines.ReadAsync();
            await connection.Output.WriteAsync("go away\r\n"u8.ToArray());
            return SessionEnd.ProtocolViolation;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await client.SayAsync("bad\r\n" + new string('x', 50_000));
        Assert.Equal("go away\r\n", await client.HearAllAsync());
    }

    [Fact]
    public async Task A_bug_in_a_session_is_logged_as_an_error_and_ends_only_that_session()
    {
        await using var loopback = new Loopback(async connection =>
        {
            using var lines = new LineReader(connection.Input, 100);
            await lines.ReadAsync();
            return lines.Line.SequenceEqual("boom"u8) ? throw new InvalidDataException("a bug") : SessionEnd.ClientQuit;
        });
        await using NetworkStream one = await loopback.OpenAsync();
        await using NetworkStream other = await loopback.OpenAsync();
        await one.SayAsync("boom\r\n");
        Assert.Equal("", await one.HearAllAsync());
        await other.SayAsync("fine\r\n");
        Assert.Equal("", await other.HearAllAsync());
        one.Close();
        other.Close();
        await loopback.DrainedAsync();
        Assert.Single(loopback.Logger.Lines, l => l.Level == LogLevel.Error);
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("ended: Fault", StringComparison.Ordinal));
    }
}
