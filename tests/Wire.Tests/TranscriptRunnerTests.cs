using System.Text;
using MailAccess.Testing;

namespace MailAccess.Wire.Tests;

/// <summary>The kit itself: a runner that finds nothing wrong must be able to find something wrong.</summary>
public sealed class TranscriptRunnerTests
{
    private readonly ManualTimeProvider _clock = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public Task An_exchange_as_written_passes(int octetsPerRead) => PlayAsync(octetsPerRead,
        "S: hello", "C: ping", "C: word {=a\\0b}", "S: pong", "S: word YQBi", "C> half", "C> \\r\\n", "S: half", "C2: id 7", "S2: hello", "S2: id {n}", "C: {n}", "S: {n}", "@drop 2", "@end 2 ClientGone",
        "@advance 11m", "S: timeout", "@end 1 IdleTimeout");

    [Theory]
    [InlineData("another line", "S: hello", "C: ping", "S: pang")]
    [InlineData("nothing at all", "S: hello", "S: more")]
    [InlineData("an unexpected line at the end", "S: hello", "C: ping")]
    [InlineData("a forbidden line", "S: hello", "C: * 1 FETCH", "S! * … FETCH", "C: ping", "S: pong")]
    [InlineData("an open session", "S: hello", "@closed 1")]
    [InlineData("another end", "S: hello", "@drop 1", "@end 1 Shutdown")]
    public async Task Anything_else_fails(string what, params string[] lines)
    {
        await Assert.ThrowsAsync<Xunit.Sdk.XunitException>(() => PlayAsync(0, lines));
        Assert.NotEmpty(what);
    }

    private async Task PlayAsync(int octetsPerRead, params string[] lines)
    {
        await using TranscriptRunner runner = new(_clock, EchoAsync) { OctetsPerRead = octetsPerRead };
        await runner.RunAsync(Transcript.Parse("inline", lines));
    }

    private static async Task<SessionEnd> EchoAsync(IConnection connection)
    {
        await connection.Output.WriteAsync("hello\r\n"u8.ToArray());
        using LineReader lines = new(connection.Input, 100);
        while (true)
        {
            connection.SetDeadline(TimeSpan.FromMinutes(10));
            switch (await lines.ReadAsync())
            {
                case LineOutcome.Line:
                    string line = Encoding.UTF8.GetString(lines.Line);
                    await connection.Output.WriteAsync(Encoding.UTF8.GetBytes(line == "ping" ? "pong\r\n" : line + "\r\n"));
                    break;
                case LineOutcome.Woken when connection.DeadlineExpired:
                    await connection.Output.WriteAsync("timeout\r\n"u8.ToArray());
                    return SessionEnd.IdleTimeout;
                case LineOutcome.EndOfStream:
                    return SessionEnd.ClientGone;
                default:
                    break;
            }
        }
    }
}
