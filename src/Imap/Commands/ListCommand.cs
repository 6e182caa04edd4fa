using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>LIST — RFC 3501 §6.3.8; children attributes of RFC 3348 §3, special uses of RFC 6154 §2.</summary>
internal static class ListCommand
{
    public static readonly ImapCommand Definition = new("LIST", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    /// <summary>list = "LIST" SP mailbox SP list-mailbox — RFC 3501 §9. A pattern that no name can match is null.</summary>
    public static bool TryParse(ImapArguments arguments, out MailboxPattern? pattern, out bool isEmpty)
    {
        pattern = null;
        isEmpty = false;
        if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> reference)
              && arguments.TrySpace() && arguments.TryListMailbox(out ReadOnlyMemory<byte> wanted) && arguments.AtEnd))
        {
            return false;
        }
        isEmpty = wanted.IsEmpty;
        if (reference.Length + wanted.Length > arguments.Limits.ListPatternOctetsMax)
        {
            return arguments.Missing("a shorter pattern");
        }
        // The canonical form is the reference with the pattern behind it: there is one hierarchy, and no name is absolute (§6.3.8).
        if (ModifiedUtf7.TryDecode(reference.Span, out string? start) && ModifiedUtf7.TryDecode(wanted.Span, out string? rest))
        {
            pattern = new MailboxPattern(start + rest);
        }
        return true;
    }

    /// <summary>mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox — RFC 3501 §9.</summary>
    public static void WriteLine(ImapWriter writer, ReadOnlySpan<byte> verb, string attributes, MailboxName name)
    {
        writer.Write("* "u8);
        writer.Write(verb);
        writer.Write(" ("u8);
        writer.Write(attributes);
        writer.Write(") \"/\" "u8);
        writer.WriteMailbox(name);
        writer.Write("\r\n"u8);
    }

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!TryParse(arguments, out MailboxPattern? pattern, out bool isEmpty))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (isEmpty)
        {
            // An empty pattern asks for the separator and the root of the reference, §6.3.8.
            session.Writer.Write("* LIST (\\Noselect) \"/\" \"\"\r\n"u8);
            return ImapCompletion.Ok("listed");
        }
        StoreResult<IReadOnlyList<MailboxListing>> all = await session.Account!.ListAsync(CancellationToken.None);
        if (!all.TryGet(out IReadOnlyList<MailboxListing>? listings))
        {
            return ImapErrors.ToCompletion(all.Error);
        }
        foreach (MailboxListing listing in listings.Where(l => pattern is not null && pattern.Matches(l.Name.Value)))
        {
            WriteLine(session.Writer, "LIST"u8, Attributes(listing, session.Services), listing.Name);
            if (session.Writer.IsFull)
            {
                await session.Writer.FlushAsync();
            }
        }
        return ImapCompletion.Ok("listed");
    }

    private static string Attributes(MailboxListing listing, ImapServices services)
    {
        List<string> attributes = [];
        if (!listing.IsSelectable)
        {
            attributes.Add("\\Noselect");
        }
        else if (listing.IsMarked)
        {
            attributes.Add("\\Marked");
        }
        if (!services.IsDisabled("CHILDREN"))
        {
            attributes.Add(listing.HasChildren ? "\\HasChildren" : "\\HasNoChildren");
        }
        if (listing.SpecialUse != SpecialUse.None && !services.IsDisabled("SPECIAL-USE"))
        {
            attributes.Add("\\" + listing.SpecialUse);
        }
        return string.Join(' ', attributes);
    }
}
