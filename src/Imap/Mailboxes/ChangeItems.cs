using MailAccess.Imap.Grammar;

namespace MailAccess.Imap.Mailboxes;

/// <summary>What a FETCH response tells of a message that changed.</summary>
[Flags]
internal enum ChangeItems
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>FLAGS</summary>
    Flags = 1,
    /// <summary>UID</summary>
    Uid = 2,
    /// <summary>MODSEQ</summary>
    ModSeq = 4,
}

/// <summary>What the client has enabled decides.</summary>
internal static class ChangeItemsOfExtensions
{
    /// <summary>Both of UID and MODSEQ for clients that know mod-sequences (RFC 7162 §3.2.4), UID for those of IMAP4rev2 (RFC 9051 §7.5.2).</summary>
    public static ChangeItems ItemsBesideFlags(this ImapExtensions enabled) =>
        ((enabled & ImapExtensions.CondStore) != 0 ? ChangeItems.ModSeq : ChangeItems.None)
        | ((enabled & (ImapExtensions.CondStore | ImapExtensions.Revision2)) != 0 ? enabled.UidItem() : ChangeItems.None);

    /// <summary>UID is part of every FETCH that a UID command causes, RFC 3501 §6.4.8.</summary>
    public static ChangeItems ItemsByNumbering(this ImapExtensions enabled, Numbering numbering) =>
        numbering == Numbering.Uid ? enabled.UidItem() : ChangeItems.None;

    /// <summary>A UIDFETCH begins with the UID: RFC 9586 §3.3.</summary>
    private static ChangeItems UidItem(this ImapExtensions enabled) =>
        (enabled & ImapExtensions.UidOnly) != 0 ? ChangeItems.None : ChangeItems.Uid;
}
