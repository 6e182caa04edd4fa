using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Commands;

/// <summary>SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS — RFC 4314 §3.</summary>
internal static class AccessCommands
{
    public static readonly ImapCommand SetDefinition = Row("SETACL", SetAsync);

    public static readonly ImapCommand DeleteDefinition = Row("DELETEACL", DeleteAsync);

    public static readonly ImapCommand GetDefinition = Row("GETACL", GetAsync);

    public static readonly ImapCommand ListRightsDefinition = Row("LISTRIGHTS", ListRightsAsync);

    public static readonly ImapCommand MyRightsDefinition = Row("MYRIGHTS", MyRightsAsync);

    private delegate ValueTask<ImapCompletion> Handler(ImapSession session, IUserAccount account, ImapArguments arguments);

    /// <summary>An identifier with its sign.</summary>
    private readonly record struct Identifier(AccessSubject Subject, bool IsNegative, string Text);

    private static ImapCommand Row(string verb, Handler handler) => new(
        verb, ImapStates.LoggedIn, ImapCommand.AllChanges,
        (session, arguments) => session.Account is IUserAccount { Sharing: not null } account
            ? handler(session, account, arguments) : new(ImapCompletion.Bad("nothing is shared on this server")))
    { Capability = "ACL" };

    private static async ValueTask<ImapCompletion> SetAsync(ImapSession session, IUserAccount account, ImapArguments arguments)
    {
        // setacl = "SETACL" SP mailbox SP identifier SP mod-rights     RFC 4314 §7
        if (!(TryMailboxAndIdentifier(arguments, out MailboxName? name, out Identifier identifier)
              && arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> octets) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        string text = Encoding.Latin1.GetString(octets.Span);
        AccessChange change = text.StartsWith('+') ? AccessChange.Add : text.StartsWith('-') ? AccessChange.Remove : AccessChange.Replace;
        if (!RightsText.TryParse(change == AccessChange.Replace ? text : text.AsSpan(1), out Rights rights))
        {
            return ImapCompletion.Bad("no such right"); // §3.1: BAD, and nothing is ignored silently.
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Done> done =
            await account.SetAccessAsync(name, identifier.Subject, identifier.IsNegative, change, rights, CancellationToken.None);
        return done.TryGet(out _) ? ImapCompletion.Ok("set") : ImapErrors.ToCompletion(done.Error);
    }

    private static async ValueTask<ImapCompletion> DeleteAsync(ImapSession session, IUserAccount account, ImapArguments arguments)
    {
        // deleteacl = "DELETEACL" SP mailbox SP identifier     RFC 4314 §7
        if (!(TryMailboxAndIdentifier(arguments, out MailboxName? name, out Identifier identifier) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Done> done = await account.DeleteAccessAsync(name, identifier.Subject, identifier.IsNegative, CancellationToken.None);
        return done.TryGet(out _) ? ImapCompletion.Ok("deleted") : ImapErrors.ToCompletion(done.Error);
    }

    private static async ValueTask<ImapCompletion> GetAsync(ImapSession session, IUserAccount account, ImapArguments arguments)
    {
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IReadOnlyList<AccessEntry>> read = await account.GetAccessAsync(name, CancellationToken.None);
        if (!read.TryGet(out IReadOnlyList<AccessEntry>? entries))
        {
            return ImapErrors.ToCompletion(read.Error);
        }
        // acl-data = "ACL" SP mailbox *(SP identifier SP rights)     RFC 4314 §7
        Begin(session.Writer, "* ACL ", name);
        foreach (AccessEntry entry in entries)
        {
            WriteWord(session.Writer, entry.Identifier);
            WriteWord(session.Writer, entry.Rights.ToResponse());
        }
        session.Writer.Write("\r\n"u8);
        return ImapCompletion.Ok("that is the list");
    }

    private static async ValueTask<ImapCompletion> ListRightsAsync(ImapSession session, IUserAccount account, ImapArguments arguments)
    {
        // listrights = "LISTRIGHTS" SP mailbox SP identifier     RFC 4314 §7
        if (!(TryMailboxAndIdentifier(arguments, out MailboxName? name, out Identifier identifier) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Rights> read = await account.GetRequiredRightsAsync(name, identifier.Subject, CancellationToken.None);
        if (!read.TryGet(out Rights required))
        {
            return ImapErrors.ToCompletion(read.Error);
        }
        required = identifier.IsNegative ? Rights.None : required;
        // No right is tied to another, so c and d stand by themselves. §2.1.1.
        Begin(session.Writer, "* LISTRIGHTS ", name);
        WriteWord(session.Writer, identifier.Text);
        WriteWord(session.Writer, required.ToLetters());
        session.Writer.Write(string.Concat((Rights.All & ~required).ToResponse().Select(c => " " + c)));
        session.Writer.Write("\r\n"u8);
        return ImapCompletion.Ok("those are the rights");
    }

    private static async ValueTask<ImapCompletion> MyRightsAsync(ImapSession session, IUserAccount account, ImapArguments arguments)
    {
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Rights> read = await account.GetMyRightsAsync(name, CancellationToken.None);
        if (!read.TryGet(out Rights rights))
        {
            return ImapErrors.ToCompletion(read.Error);
        }
        WriteMyRights(session.Writer, name, rights);
        return ImapCompletion.Ok("those are your rights");
    }

    /// <summary>myrights-data = "MYRIGHTS" SP mailbox SP rights — RFC 4314 §7.</summary>
    public static void WriteMyRights(ImapWriter writer, MailboxName name, Rights rights)
    {
        Begin(writer, "* MYRIGHTS ", name);
        WriteWord(writer, rights.ToResponse());
        writer.Write("\r\n"u8);
    }

    private static bool TryMailboxAndIdentifier(ImapArguments arguments, out MailboxName? name, out Identifier identifier)
    {
        identifier = default;
        name = null;
        if (!(arguments.TrySpace() && arguments.TryMailbox(out name) && arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> octets)))
        {
            return false;
        }
        // An identifier that names nobody is BAD, §3. Names of users are compared as they stand.
        bool isText = System.Text.Unicode.Utf8.IsValid(octets.Span);
        string text = isText ? Encoding.UTF8.GetString(octets.Span) : "";
        bool isNegative = text.StartsWith('-');
        if (!AccessSubject.TryParse(isNegative ? text[1..] : text, out AccessSubject? subject))
        {
            return arguments.Missing("an identifier");
        }
        identifier = new Identifier(subject, isNegative, text);
        return true;
    }

    private static void Begin(ImapWriter writer, string start, MailboxName name)
    {
        writer.Write(start);
        writer.WriteMailbox(name);
    }

    private static void WriteWord(ImapWriter writer, string word)
    {
        writer.Write(" "u8);
        bool isAtom = word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '$' or '!' or '-' or '.' or '@' or '_');
        if (isAtom)
        {
            writer.Write(word);
            return;
        }
        writer.WriteString(Encoding.UTF8.GetBytes(word));
    }
}
