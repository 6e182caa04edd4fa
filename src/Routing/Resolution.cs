using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Where one recipient's copy goes in the end.</summary>
public abstract record Target
{
    private Target()
    {
    }

    /// <summary>Into an account's INBOX here, or where its own rules say.</summary>
    /// <param name="AccountName">By the name the store knows.</param>
    public sealed record Mailbox(string AccountName) : Target;

    /// <summary>To another server.</summary>
    public sealed record Relay(NextHop Hop) : Target;

    /// <summary>Appended to an mbox, or into a Maildir where the path ends in a slash.</summary>
    /// <param name="Path">Absolute.</param>
    /// <param name="User">The system's user who owns the rule and whose rights count; null: the server's own.</param>
    public sealed record File(string Path, string? User) : Target;

    /// <summary>To the standard input of a command: <c>|/usr/bin/vacation bob</c> in an alias or a .forward.</summary>
    /// <param name="Line">The command line without the bar.</param>
    /// <param name="User">As for <see cref="File"/>.</param>
    public sealed record Command(string Line, string? User) : Target;

    /// <summary>To a configured program (master.cf's pipe, Sendmail's mailers): <c>uucp:host</c> in a transport table.</summary>
    /// <param name="Name">The agent's name in the configuration.</param>
    /// <param name="NextHop">What the table said behind the colon; may be empty.</param>
    public sealed record Agent(string Name, string NextHop) : Target;

    /// <summary>Thrown away, and taken for delivered.</summary>
    public sealed record Discard(string Text) : Target;

    /// <summary>Refused, or put off where the reply is temporary: unknown users, <c>error:</c>, loops, tables that cannot be asked.</summary>
    public sealed record Failure(SmtpReply Reply) : Target;
}

/// <summary>A recipient at the end of the pipeline.</summary>
public sealed record RoutedRecipient
{
    /// <summary>The forward-path as it is now: in RCPT to the next server, in Delivered-To here.</summary>
    public required MailPath Path { get; init; }

    /// <summary>Where it goes.</summary>
    public required Target Target { get; init; }

    /// <summary>Who is told of failures in place of the message's sender (<c>owner-</c> aliases); null: the sender.</summary>
    public MailPath? ReversePath { get; init; }

    /// <summary>The address came out of an alias with several members or with an owner, a list: success is told by us, and not asked of the next server. RFC 3461 §5.2.7.3.</summary>
    public bool IsListMember { get; init; }
}

/// <summary>What becomes of one recipient. One or more, unless all of an expansion were the same as others of it.</summary>
/// <param name="Recipients">In the order of the tables, each address once.</param>
/// <param name="Steps">How it came to that; empty unless asked for.</param>
public sealed record Resolution(IReadOnlyList<RoutedRecipient> Recipients, IReadOnlyList<RoutingStep> Steps)
{
    /// <summary>
    /// The domain is one of those that we take mail for, from anybody: local, virtual or relay. Found by the same look-up that the recipients come from, so
    /// that nobody is told two different things while a table comes and goes. False also where that could not be found out; then the only recipient is a
    /// temporary failure.
    /// </summary>
    public bool IsOurs { get; init; }

    /// <summary>Whose domain it is could not be found out.</summary>
    public bool IsUndecided { get; init; }
}

/// <summary>One step of the pipeline, for <c>mailaccess explain</c> and for logs.</summary>
/// <param name="Depth">How many expansions it is inside of.</param>
/// <param name="Stage">The step's name as the documentation has it: <c>virtual</c>, <c>aliases</c>, <c>transport</c>.</param>
/// <param name="Input">The address or domain as it came to the step.</param>
/// <param name="Output">What it became, for people.</param>
/// <param name="Place">The file and line, or the configuration key, that decided; null where nothing did.</param>
public sealed record RoutingStep(int Depth, string Stage, string Input, string Output, TablePlace? Place);
