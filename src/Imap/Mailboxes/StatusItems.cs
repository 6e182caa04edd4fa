using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>What STATUS can tell of a mailbox, and LIST with RETURN (STATUS …). RFC 3501 §6.3.10, RFC 9051 §6.3.11, RFC 5819 §2.</summary>
internal sealed class StatusItems
{
    private const string MailboxId = "MAILBOXID";
    private const string HighestModSeq = "HIGHESTMODSEQ";

    private static readonly Item[] All =
    [
        new(MailboxId, "OBJECTID", (_, _, _) => 0), // No number: RFC 8474 §4.3.
        new("MESSAGES", null, (_, _, snapshot) => snapshot.Count),
        new("RECENT", null, (_, mailbox, snapshot) => CountRecent(mailbox, snapshot)),
        new("UIDNEXT", null, (_, _, snapshot) => snapshot.UidNext.Value),
        new("UIDVALIDITY", null, (_, _, snapshot) => snapshot.UidValidity.Value),
        new(HighestModSeq, "CONDSTORE", (_, _, snapshot) => (long)snapshot.HighestModSeq.Value), // RFC 7162 §3.1.7.
        new("UNSEEN", null, (_, _, snapshot) => snapshot.UnseenCount),
        new("SIZE", "STATUS=SIZE", (_, _, snapshot) => snapshot.Octets) { CountsOctets = true }, // RFC 8438 §2.
        new("DELETED", "QUOTA", (_, _, snapshot) => snapshot.DeletedCount) { IsOfRevision2 = true }, // RFC 9208 §4.1.4, RFC 9051 §6.3.11.
        new("DELETED-STORAGE", "QUOTA", (_, _, snapshot) => SumDeleted(snapshot)) { CountsOctets = true },
        new("APPENDLIMIT", "APPENDLIMIT", (services, _, _) => services.Limits.AppendOctetsMax), // RFC 7889 §4.
    ];

    private readonly List<Item> _items = [];

    private StatusItems()
    {
    }

    /// <summary>HIGHESTMODSEQ is among them: whoever asks so knows mod-sequences, RFC 7162 §3.1.</summary>
    public bool AsksModSeq => _items.Exists(i => i.Name == HighestModSeq);

    /// <summary>"(" status-att *(SP status-att) ")" — RFC 3501 §9. What is asked for twice is told once.</summary>
    public static bool TryParse(ImapArguments arguments, ImapServices services, out StatusItems items)
    {
        items = new StatusItems();
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
            Item? item = Array.Find(All, i => Ascii.EqualsIgnoreCase(atom.Span, i.Name) && i.IsOn(services));
            if (item is null)
            {
                IEnumerable<string> known = All.Where(i => i.IsOn(services)).Select(i => i.Name);
                return arguments.Missing($"one of {string.Join(", ", known)}");
            }
            if (!items._items.Contains(item))
            {
                items._items.Add(item);
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "a status item or )");
    }

    /// <summary>These, named as on the wire.</summary>
    public static StatusItems Of(params IEnumerable<string> names)
    {
        StatusItems items = new();
        items._items.AddRange(names.Select(n => Array.Find(All, i => i.Name == n)!));
        return items;
    }

    /// <summary>Opens the mailbox as it is now; whoever gets it disposes of it after <see cref="Write"/>.</summary>
    public async ValueTask<StoreResult<IMailbox>> OpenAsync(IMailAccount account, MailboxName name)
    {
        StoreResult<IMailbox> opened = await account.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return opened;
        }
        StoreResult<Done> refreshed = await mailbox.RefreshAsync(CancellationToken.None);
        if (refreshed.TryGet(out _) && _items.Exists(i => i.CountsOctets) && mailbox.Snapshot.UnmeasuredCount > 0)
        {
            refreshed = await mailbox.MeasureAsync(UidSet.All, CancellationToken.None);
        }
        if (refreshed.TryGet(out _))
        {
            return opened;
        }
        await mailbox.DisposeAsync();
        return refreshed.Error;
    }

    /// <summary>mailbox-data =/ "STATUS" SP mailbox SP "(" [status-att-list] ")" — RFC 3501 §9.</summary>
    public void Write(ImapWriter writer, ImapServices services, IMailbox mailbox) => Write(writer, services, mailbox, mailbox.Snapshot);

    /// <summary>The same of a state that the caller has looked at.</summary>
    public void Write(ImapWriter writer, ImapServices services, IMailbox mailbox, MailboxSnapshot snapshot)
    {
        writer.Write("* STATUS "u8);
        writer.WriteMailbox(mailbox.Name);
        string separator = " (";
        foreach (Item item in _items)
        {
            writer.Write(separator);
            writer.Write(item.Name);
            writer.Write(" "u8);
            if (item.Name == MailboxId)
            {
                writer.WriteObjectId(ObjectId.OfMailbox(mailbox.MailboxId));
            }
            else
            {
                writer.WriteNumber(item.Value(services, mailbox, snapshot));
            }
            separator = " ";
        }
        writer.Write(")\r\n"u8);
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

    /// <param name="Name">On the wire.</param>
    /// <param name="Capability">The extension it belongs to, or null.</param>
    /// <param name="Value">What it is now.</param>
    private sealed record Item(string Name, string? Capability, Func<ImapServices, IMailbox, MailboxSnapshot, long> Value)
    {
        /// <summary>Sizes must be known for it.</summary>
        public bool CountsOctets { get; init; }

        /// <summary>IMAP4rev2 has it too.</summary>
        public bool IsOfRevision2 { get; init; }

        public bool IsOn(ImapServices services) =>
            !services.IsDisabled(Capability) || (IsOfRevision2 && !services.IsDisabled(ImapCapabilities.Revision2));
    }
}
