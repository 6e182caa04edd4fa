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
        ((enabled & ImapExtensions.CondStore) != 0 ? ChangeItems.Uid | ChangeItems.ModSeq : ChangeItems.None)
        | ((enabled & ImapExtensions.Revision2) != 0 ? ChangeItems.Uid : ChangeItems.None);
}
