using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>RSET — RFC 5321 §4.1.1.5.</summary>
internal static class RsetCommand
{
    public static readonly SubmissionCommand Definition = new("RSET", CommandTraits.NoArgument | CommandTraits.Junk, Execute);

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments) => ExecuteAsync(session);

    private static async ValueTask<CommandResult> ExecuteAsync(SubmissionSession session)
    {
        await session.EndTransactionAsync();
        return SmtpReplies.Ok;
    }
}

/// <summary>NOOP — RFC 5321 §4.1.1.9. An argument means nothing.</summary>
internal static class NoopCommand
{
    public static readonly SubmissionCommand Definition =
        new("NOOP", CommandTraits.Junk, static (_, _) => new CommandResult(SmtpReplies.Ok));
}

/// <summary>QUIT — RFC 5321 §4.1.1.10.</summary>
internal static class QuitCommand
{
    public static readonly SubmissionCommand Definition =
        new("QUIT", CommandTraits.NoArgument, static (_, _) => new CommandResult(SmtpReplies.Goodbye, FollowUp.Quit));
}

/// <summary>HELP — RFC 5321 §4.1.1.8: what this role offers now.</summary>
internal static class HelpCommand
{
    public static readonly SubmissionCommand Definition = new("HELP", CommandTraits.Junk, Execute);

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        string verbs = string.Join(' ', SubmissionCommands.All.Where(c => c.IsOffered(session)).Select(c => c.Verb));
        return new CommandResult(new SmtpReply(214, new EnhancedCode(2, 0, 0), $"{verbs}\nsee RFC 5321, RFC 6409, RFC 2033"));
    }
}

/// <summary>Commands that we know and do not have: 502, RFC 5321 §4.2.4.</summary>
internal static class UnimplementedCommand
{
    /// <summary>Lists would tell who is here: RFC 5321 §7.3.</summary>
    public static readonly SubmissionCommand Expn = Refuse("EXPN");

    /// <summary>No queue is kept here for hosts that call for theirs: RFC 1985.</summary>
    public static readonly SubmissionCommand Etrn = Refuse("ETRN");

    /// <summary>RFC 5321 appendix F.1.</summary>
    public static readonly SubmissionCommand Turn = Refuse("TURN");

    private static SubmissionCommand Refuse(string verb) =>
        new(verb, CommandTraits.None, static (_, _) => new CommandResult(SmtpReplies.NotImplemented)) { IsOffered = static _ => false };
}
