using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Imap.Tests;

/// <summary>Every conversation below transcripts/, whole and one octet at a time.</summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Names => [.. Transcript.NamesBelow("")];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_conversation_goes_as_written(string name) => PlayAsync(name, octetsPerRead: 0);

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_goes_so_when_octets_come_one_at_a_time(string name) => PlayAsync(name, octetsPerRead: 1);

    [Fact]
    public void Every_command_has_a_transcript()
    {
        string all = string.Join('\n', Transcript.NamesBelow("").SelectMany(n => Transcript.Load(n).Lines)
            .Select(l => l.Text.ToUpperInvariant()));
        Assert.Empty(ImapCommands.All.Where(c => !all.Contains(' ' + c.Verb, StringComparison.Ordinal)).Select(c => c.Verb));
    }

    private static async Task PlayAsync(string name, int octetsPerRead)
    {
        await using ImapHost host = new(octetsPerRead);
        await host.Runner.RunAsync(Transcript.Load(name));
        // Client input alone never makes us log at Warning or above, and no secret is ever logged.
        Assert.DoesNotContain(host.Log.Lines, l => l.Level >= LogLevel.Warning);
        Assert.DoesNotContain(host.Log.Lines, l => l.Text.Contains("secret", StringComparison.OrdinalIgnoreCase));
    }
}
