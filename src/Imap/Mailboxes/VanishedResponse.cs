using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>When messages went that a VANISHED names.</summary>
internal enum VanishedKind
{
    /// <summary>From under the client: it counts them out of its sequence numbers. RFC 7162 §3.2.10.2.</summary>
    Now,
    /// <summary>Before the client saw the mailbox, under no sequence number. RFC 7162 §3.2.10.1.</summary>
    Earlier,
}

/// <summary>expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids — RFC 7162 §7.</summary>
internal static class VanishedResponse
{
    /// <summary>Ranges in one response, so that a line stays below 12 KiB however many messages went.</summary>
    private const int RangesMax = 500;

    /// <summary>As many responses as it takes; none for the empty set.</summary>
    public static async ValueTask WriteAsync(ImapWriter writer, VanishedKind kind, UidSet uids)
    {
        int written = 0;
        foreach ((Uid first, Uid last) in uids)
        {
            bool begins = written % RangesMax == 0;
            writer.Write(!begins ? "," : (written > 0 ? "\r\n" : "") + (kind == VanishedKind.Earlier ? "* VANISHED (EARLIER) " : "* VANISHED "));
            writer.WriteNumber(first.Value);
            if (last > first)
            {
                writer.Write(":"u8);
                writer.WriteNumber(last.Value);
            }
            written++;
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        writer.Write(written > 0 ? "\r\n"u8 : ""u8);
    }
}
