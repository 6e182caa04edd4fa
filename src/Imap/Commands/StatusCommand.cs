using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>STATUS — RFC 3501 §6.3.10; DELETED and DELETED-STORAGE of RFC 9208 §4.1.4.</summary>
internal static class StatusCommand
{
    public static readonly ImapCommand Definition = new("STATUS", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static readonly (string Name, string? Capability, Func<IMailbox, MailboxSnapshot, long> Value)[] Items =
    [
        ("MESSAGES", null, (_, snapshot) => snapshot.Count),
        ("RECENT", null, CountRecent),
        ("UIDNEXT", null, (_, snapshot) => snapshot.UidNext.Value),
        ("UIDVALIDITY", null, (_, snapshot) => snapshot.UidValidity.Value),
        ("UNSEEN", null, (_, snapshot) => snapshot.UnseenCount),
        ("DELETED", "QUOTA", (_, snapshot) => snapshot.DeletedCount),
        ("DELETED-STORAGE", "QUOTA", (_, snapshot) => SumDeleted(snapshot)),
    ];

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.TrySpace()
              && TryParseItems(session, arguments, out List<int> items) && arguments.AtEnd))
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
            writer.WriteNumber(Items[item].Value(mailbox, snapshot));
            separator = " ";
        }
        writer.Write(")\r\n"u8);
    }

    private static bool TryParseItems(ImapSession session, ImapArguments arguments, out List<int> items)
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
            if (item < 0 || items.Contains(item) || session.Services.IsDisabled(Items[item].Capability))
            {
                return arguments.Missing($"each of {string.Join(", ", Items.Where(i => !session.Services.IsDisabled(i.Capability)).Select(i => i.Name))} at most once");
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

    /// <summary>What an EXPUNGE would make free, in octets.</summary>
    private static long SumDeleted(MailboxSnapshot snapshot)
    {
        long octets = 0;
        for (int i = 0; i < snapshot.Count && snapshot.DeletedCount > 0; i++)
        {
            octets += (snapshot[i].Flags & SystemFlags.Deleted) != 0 ? snapshot[i].Octets : 0;
        }
        return octets;
    }
}
