using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission.Tests;

/// <summary>Every conversation in <c>transcripts/</c>, whole and one octet at a time. The first folder names the role.</summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Names => [.. Transcript.NamesBelow("")];

    [Theory]
    [MemberData(nameof(Names))]
    public Task The_conversation_goes_as_written(string name) => PlayAsync(name, 0);

    [Theory]
    [MemberData(nameof(Names))]
    public Task The_conversation_goes_as_written_octet_by_octet(string name) => PlayAsync(name, 1);

    private static async Task PlayAsync(string name, int octetsPerRead)
    {
        SubmissionRole role = name.Split('/')[^2] switch
        {
            "submission" => SubmissionRole.Submission,
            "exchange" => SubmissionRole.Exchange,
            "lmtp" => SubmissionRole.Lmtp,
            string other => throw new FormatException(other),
        };
        ServerFixture server = new(role);
        Transcript transcript = Transcript.Load(name);
        await server.PlayAsync(transcript, octetsPerRead);
        if (!transcript.Lines.Any(l => l.Action == TranscriptAction.Directive && l.Text.StartsWith("sink-fails", StringComparison.Ordinal))
            && !name.Contains("broken", StringComparison.Ordinal))
        {
            Assert.True(server.Log.Highest < LogLevel.Warning, $"a client alone made us log:\n{server.Log.Text}");
        }
        Assert.DoesNotContain("demo", server.Log.Text, StringComparison.Ordinal);
    }
}
