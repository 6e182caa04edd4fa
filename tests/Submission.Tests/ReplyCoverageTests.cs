using System.Reflection;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Submission.Tests;

/// <summary>Each reply that <see cref="SmtpReplies"/> names is said in some transcript, word for word.</summary>
public sealed class ReplyCoverageTests
{
    /// <summary>No transcript can have them: the queue says the first, for want of room on the disk; for the second somebody would have to send without a login who may still log in.</summary>
    private static readonly string[] Elsewhere = [nameof(SmtpReplies.InsufficientStorage), nameof(SmtpReplies.NotDuringTransaction)];

    private static readonly HashSet<string> Said =
    [
        .. Transcript.NamesBelow("").SelectMany(n => Transcript.Load(n).Lines)
            .Where(l => l.Action is TranscriptAction.Expect or TranscriptAction.ExpectLater).Select(l => l.Text),
    ];

    public static TheoryData<string> Names => [.. Fields().Select(f => f.Name).Except(Elsewhere)];

    public static TheoryData<SmtpSyntaxError> SyntaxErrors => [.. Enum.GetValues<SmtpSyntaxError>().Where(e => e != SmtpSyntaxError.None)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_reply_is_said_in_a_transcript(string name) =>
        Assert.Contains(SmtpReplyFormat.ToText((SmtpReply)Fields().Single(f => f.Name == name).GetValue(null)!), Said);

    [Theory]
    [MemberData(nameof(SyntaxErrors))]
    public void Each_word_on_what_is_wrong_is_said_in_a_transcript(SmtpSyntaxError error)
    {
        string[] texts = [SmtpReplyFormat.ToText(SmtpReplies.SenderSyntax(error)), SmtpReplyFormat.ToText(SmtpReplies.RecipientSyntax(error))];
        Assert.True(texts.Any(Said.Contains), texts[0]);
    }

    private static IEnumerable<FieldInfo> Fields() =>
        typeof(SmtpReplies).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.FieldType == typeof(SmtpReply));
}
