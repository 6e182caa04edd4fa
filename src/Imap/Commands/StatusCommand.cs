using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>STATUS — RFC 3501 §6.3.10.</summary>
internal static class StatusCommand
{
    public static readonly ImapCommand Definition = new("STATUS", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static readonly (string Name, Func<IMailbox, MailboxSnapshot, long> Value)[] Items =
    [
        ("MESSAGES", (_, snapshot) => snapshot.Count),
        ("RECENT", CountRecent),
        ("UIDNEXT", (_, snapshot) => snapshot.UidNext.Value),
        ("UIDVALIDITY", (_, snapshot) => snapshot.UidValidity.Value),
        ("UNSEEN", (_, snapshot) => snapshot.UnseenCount),
        (MailboxId, (_, _) => 0), // No number: RFC 8474 §4.3.
    ];

    private const string MailboxId = "MAILBOXID";

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.TrySpace()
              && TryParseItems(arguments, out List<int> items) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return ImapErrors.ToCompletion(opened.Error);
        }
        await using (mailbox)
        {
            StoreResult<Done> refreshed = await mailbox.RefreshAsync(CancellationToken.None);
            if (!refreshed.TryGet(out _))
            {
                return ImapErrors.ToCompletion(refreshed.Error);
            }
            Write(session.Writer, mailbox, items);
        }
        return ImapCompletion.Ok("that is its status");
    }

    private static void Write(ImapWriter writer, IMailbox mailbox, List<int> items)
    {
        MailboxSnapshot snapshot = mailbox.Snapshot;
        writer.Write("* STATUS "u8);
        writer.WriteMailbox(mailbox.Name);
        string separator = " (";
        foreach (int item in items)
        {
            writer.Write(separator);
            writer.Write(Items[item].Name);
            writer.Write(" "u8);
            if (Items[item].Name == MailboxId)
            {
                writer.WriteObjectId(ObjectId.OfMailbox(mailbox.MailboxId));
            }
            else
            {
                writer.WriteNumber(Items[item].Value(mailbox, snapshot));
            }
            separator = " ";
        }
        writer.Write(")\r\n"u8);
    }

    private static bool TryParseItems(ImapArguments arguments, out List<int> items)
    {
        items = [];
        if (!arguments.TryChar((byte)'(', "a list of status items"))
        {
            return false;
        }
        do
        {
            if (!arguments.TryAtom(out ReadOnlyMemory<byte> atom))
            {
                return false;
            }
            int item = Array.FindIndex(Items, i => System.Text.Ascii.EqualsIgnoreCase(atom.Span, i.Name));
            if (item < 0 || items.Contains(item))
            {
                return arguments.Missing("each of MESSAGES, RECENT, UIDNEXT, UIDVALIDITY, UNSEEN, MAILBOXID at most once");
            }
            items.Add(item);
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "a status item or )");
    }

    private static long CountRecent(IMailbox mailbox, MailboxSnapshot snapshot)
    {
        int first = snapshot.IndexOf(mailbox.ClaimRecent(onlyLook: true));
        return snapshot.Count - (first < 0 ? ~first : first);
    }
}
