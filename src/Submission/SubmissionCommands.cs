using System.Text;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;

namespace MailAccess.Submission;

/// <summary>A handler: parse, validate, execute, and return what to say. It never writes. The octets are valid until its first await.</summary>
internal delegate ValueTask<CommandResult> CommandHandler(SubmissionSession session, ReadOnlySpan<byte> arguments);

/// <summary>What the loop asks of a session before it runs a command, and how it counts it.</summary>
[Flags]
internal enum CommandTraits
{
    None = 0,
    /// <summary>EHLO, HELO or LHLO came before.</summary>
    NeedsHello = 1,
    /// <summary>No argument may follow.</summary>
    NoArgument = 2,
    /// <summary>Does no work: counted, and beyond a limit an error.</summary>
    Junk = 4,
    /// <summary>A refusal counts as a refused recipient, not as an error.</summary>
    Recipient = 8,
    /// <summary>May be longer than RFC 5321 §4.5.3.1.4 has it.</summary>
    Extended = 16,
    /// <summary>May be as long as an AUTH exchange's lines.</summary>
    Authentication = 32,
    /// <summary>Octets follow that are no command: where it cannot be understood, nobody knows where the next command begins.</summary>
    Chunk = 64,
    /// <summary>May be as long as a URL of any mailbox here.</summary>
    Url = 128,
    /// <summary>A message follows where the reply is 354. RFC 2920 §3.1: until then nothing does.</summary>
    Message = 256,
}

/// <summary>One row of the table.</summary>
internal sealed record SubmissionCommand(string Verb, CommandTraits Traits, CommandHandler ExecuteAsync)
{
    /// <summary>Whether HELP names it: in this role, in this state of the session.</summary>
    public Predicate<SubmissionSession> IsOffered { get; init; } = static _ => true;

    /// <summary>For what mail is sent by: greeted, and logged in where that is needed.</summary>
    public static bool MaySend(SubmissionSession session) => session.Hello is not null && (session.Account is not null || !session.Role.OffersAuthentication);
}

/// <summary>The table of contents: every verb we know.</summary>
internal static class SubmissionCommands
{
    public static readonly IReadOnlyList<SubmissionCommand> All =
    [
        HelloCommand.Ehlo,
        HelloCommand.Helo,
        HelloCommand.Lhlo,
        MailCommand.Definition,
        RcptCommand.Definition,
        DataCommand.Definition,
        BdatCommand.Definition,
        BurlCommand.Definition,
        RsetCommand.Definition,
        NoopCommand.Definition,
        QuitCommand.Definition,
        VrfyCommand.Definition,
        HelpCommand.Definition,
        StartTlsCommand.Definition,
        AuthCommand.Definition,
        XclientCommand.Definition,
        XforwardCommand.Definition,
        UnimplementedCommand.Expn,
        UnimplementedCommand.Etrn,
        UnimplementedCommand.Turn,
    ];

    public static SubmissionCommand? Find(ReadOnlySpan<byte> verb)
    {
        foreach (SubmissionCommand command in All)
        {
            if (Ascii.EqualsIgnoreCase(verb, command.Verb))
            {
                return command;
            }
        }
        return null;
    }
}

/// <summary>What a handler wants said, and what comes then.</summary>
/// <remarks>No reply: what follows up says it.</remarks>
internal readonly record struct CommandResult(SmtpReply? Reply, FollowUp FollowUp = FollowUp.NextCommand)
{
    public static implicit operator CommandResult(SmtpReply reply) => new(reply);

    public static implicit operator ValueTask<CommandResult>(CommandResult result) => new(result);
}

/// <summary>What the loop does when the reply is written.</summary>
internal enum FollowUp
{
    /// <summary>The usual.</summary>
    NextCommand,
    /// <summary>The next line belongs to the SASL exchange.</summary>
    NextResponse,
    /// <summary>The message follows.</summary>
    Message,
    /// <summary>A chunk of the message follows; then it is answered.</summary>
    Chunk,
    /// <summary>A piece of the message is fetched by its URL; then it is answered.</summary>
    Url,
    /// <summary>The TLS handshake follows.</summary>
    Handshake,
    /// <summary>The client said goodbye.</summary>
    Quit,
    /// <summary>Somebody who does not speak SMTP.</summary>
    HangUp,
}
