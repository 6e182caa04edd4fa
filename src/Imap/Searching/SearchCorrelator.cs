using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>What an ESEARCH response belongs to.</summary>
/// <param name="Tag">Of the command.</param>
/// <param name="Numbering">How it names messages.</param>
internal sealed record SearchCorrelator(byte[] Tag, Numbering Numbering)
{
    /// <summary>Where the messages are, in answers to ESEARCH: RFC 7377 §2.1. Else null, and they are in the selected mailbox.</summary>
    public (MailboxName Name, UidValidity UidValidity)? Mailbox { get; init; }

    /// <summary>
    /// The beginning of the response: "ESEARCH" SP "(" one-correlator *(SP one-correlator) ")" [SP "UID"] — RFC 4466 §3, RFC 7377 §4.
    /// </summary>
    public void Write(ImapWriter writer)
    {
        writer.Write("* ESEARCH (TAG "u8);
        writer.WriteString(Tag);
        if (Mailbox is { } mailbox)
        {
            writer.Write(" MAILBOX "u8);
            writer.WriteMailbox(mailbox.Name);
            writer.Write(" UIDVALIDITY "u8);
            writer.WriteNumber(mailbox.UidValidity.Value);
        }
        writer.Write(Numbering == Numbering.Uid ? ") UID"u8 : ")"u8);
    }
}
