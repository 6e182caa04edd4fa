using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap;

/// <summary>The states of RFC 3501 §3 in which a command is valid; a session is in exactly one.</summary>
[Flags]
internal enum ImapStates
{
    /// <summary>§3.1</summary>
    NotAuthenticated = 1,
    /// <summary>§3.2</summary>
    Authenticated = 2,
    /// <summary>§3.3</summary>
    Selected = 4,
    /// <summary>command-auth: §6.3.</summary>
    LoggedIn = Authenticated | Selected,
    /// <summary>command-any: §6.1.</summary>
    Any = NotAuthenticated | LoggedIn,
}

/// <summary>What a command may do to the session's view; the loop acts on it.</summary>
[Flags]
internal enum ImapEffects
{
    /// <summary>Pending changes stay pending: there is no view, or it goes.</summary>
    None = 0,
    /// <summary>EXISTS and FETCH may be told at its end.</summary>
    ReportsChanges = 1,
    /// <summary>EXPUNGE too: not so in FETCH, STORE and SEARCH, whose numbers would shift. RFC 3501 §5.5, §7.4.1.</summary>
    MayExpunge = 2,
    /// <summary>The command itself adds or removes messages of the selected mailbox: what became of it is its answer, also where NOTIFY wants no news.</summary>
    ChangesMessages = 4,
}

/// <summary>What messages a command takes.</summary>
internal enum MessageIntakeKind
{
    /// <summary>None: all its literals are strings.</summary>
    None,
    /// <summary>As many as come. RFC 3502.</summary>
    Append,
    /// <summary>One for another. RFC 8508.</summary>
    Replace,
}

/// <summary>
/// Runs one command: parse, validate, execute; gives what the loop shall write. Parsing ends before the first await.
/// </summary>
internal delegate ValueTask<ImapCompletion> ImapHandler(ImapSession session, ImapArguments arguments);

/// <summary>A row of the table of commands.</summary>
/// <param name="Verb">In upper case; with <c>UID </c> in front where it is one of those.</param>
/// <param name="States">Where it is valid.</param>
/// <param name="Effects">What may follow it.</param>
/// <param name="Handler">Runs it.</param>
internal sealed record ImapCommand(string Verb, ImapStates States, ImapEffects Effects, ImapHandler Handler)
{
    /// <summary>Changes are told at its end, EXPUNGE among them.</summary>
    public const ImapEffects AllChanges = ImapEffects.ReportsChanges | ImapEffects.MayExpunge;

    /// <summary>The same of a command that removes messages.</summary>
    public const ImapEffects OwnChanges = AllChanges | ImapEffects.ChangesMessages;

    /// <summary>The extension it belongs to: off with it. Null: RFC 3501 itself.</summary>
    public string? Capability { get; init; }

    /// <summary>Its messages are named by sequence numbers, which are none under UIDONLY. RFC 9586 §3.2.</summary>
    public bool TakesNumbers { get; init; }

    /// <summary>What speaks against running it now; else the default.</summary>
    public ImapCompletion RefusalIn(ImapStates state, ImapExtensions enabled) => (States & state) == 0 ? ImapErrors.WrongState(state, this)
        : TakesNumbers && (enabled & ImapExtensions.UidOnly) != 0 ? ImapErrors.UidRequired
        : default;

    /// <summary>Literals of it may be messages, which its handler takes off the wire.</summary>
    public MessageIntakeKind Takes { get; init; }
}
