using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Pop3.Tests;

/// <summary>Every conversation in <c>transcripts/</c>, whole and one octet at a time.</summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Names => [.. Transcript.NamesBelow("")];

    [Theory]
    [MemberData(nameof(Names))]
    public Task The_conversation_goes_as_written(string name) => PlayAsync(name, 0);

    [Theory]
    [MemberData(nameof(Names))]
    public Task The_conversation_goes_as_written_octet_by_octet(string name) => PlayAsync(name, 1);

    [Fact]
    public void Every_command_has_a_transcript()
    {
        string all = string.Join('\n', Transcript.NamesBelow("").SelectMany(n => Transcript.Load(n).Lines).Where(l => l.Action == TranscriptAction.Send).Select(l => l.Text));
        Assert.All(Pop3Commands.All, c => Assert.Contains(c.Verb, all, StringComparison.Ordinal));
        Assert.Equal(17, Pop3Commands.All.Count());
    }

    private static async Task PlayAsync(string name, int octetsPerRead)
    {
        using ServerFixture server = new();
        Transcript transcript = Transcript.Load(name);
        await server.PlayAsync(transcript, octetsPerRead);
        bool isOurFault = transcript.Lines.Any(l => l.Action == TranscriptAction.Directive && l.Text.Contains("fail", StringComparison.Ordinal));
        Assert.True(isOurFault || server.HighestLogged <= LogLevel.Information, $"a client alone made us log:\n{server.Logged}");
        Assert.DoesNotContain("demo", server.Logged, StringComparison.Ordinal);
    }
}
