using System.IO.Pipelines;
using System.Net.Sockets;

namespace MailAccess.Wire.Tests;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task A_peer_that_never_closes_is_cut_after_the_close_timeout()
    {
        await using var loopback = new Loopback(_ => Task.FromResult(SessionEnd.ClientQuit));
        await using NetworkStream client = await loopback.OpenAsync();
        Assert.Equal("", await client.HearAllAsync());
        Assert.Equal(1, loopback.Host.ConnectionCount);
        await loopback.AdvanceUntilAsync(loopback.DrainedAsync());
    }

    [Fact]
    public async Task A_peer_that_stops_reading_is_aborted_by_the_heartbeat()
    {
        await using var loopback = new Loopback(async connection =>
        {
            byte[] block = new byte[1 << 20];
            while (true)
            {
                await connection.Output.WriteAsync(block);
            }
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await client.HearAsync(1);
        await loopback.AdvanceUntilAsync(loopback.DrainedAsync());
        Assert.IsType<IOException>(Assert.Single(loopback.Failures), exactMatch: false);
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("ended: IdleTimeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deadline_wakes_the_session_and_is_cleared_by_the_next()
    {
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var loopback = new Loopback(connection =>
        {
            connection.SetDeadline(TimeSpan.FromSeconds(10));
            Task<SessionEnd> session = TransportTests.EchoAsync(connection);
            waiting.SetResult();
            return session;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await waiting.Task.Soon();
        loopback.Clock.Advance(TimeSpan.FromSeconds(9));
        await client.SayAsync("still here\r\n");
        Assert.Equal("still here\r\n", await client.HearAsync(12));
        loopback.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("late\r\n", await client.HearAllAsync());
        Assert.Equal(SessionEnd.IdleTimeout, Assert.Single(loopback.Ends));
    }

    [Fact]
    public async Task An_expired_deadline_set_again_is_no_longer_expired()
    {
        var expired = new TaskCompletionSource<(bool, bool)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var loopback = new Loopback(async connection =>
        {
            connection.SetDeadline(TimeSpan.FromSeconds(1));
            ReadResult read = await connection.Input.ReadAsync();
            connection.Input.AdvanceTo(read.Buffer.Start);
            bool before = connection.DeadlineExpired;
            connection.SetDeadline(TimeSpan.FromDays(1000)); // The clock runs far ahead of the machine here.
            expired.SetResult((before, connection.DeadlineExpired));
            return SessionEnd.ClientQuit;
        });
        await using NetworkStream client = await loopback.OpenAsync();
        await loopback.AdvanceUntilAsync(expired.Task);
        Assert.Equal((true, false), await expired.Task);
    }
}
