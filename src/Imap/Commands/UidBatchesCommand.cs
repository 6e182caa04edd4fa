using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>UIDBATCHES — RFC 10022: ranges of UIDs with so many messages each, the newest first, for a client that works through a mailbox in pieces.</summary>
internal static class UidBatchesCommand
{
    public static readonly ImapCommand Definition =
        new("UIDBATCHES", ImapStates.Selected, ImapCommand.AllChanges, ExecuteAsync) { Capability = "UIDBATCHES" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // message-batches = "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number]     RFC 10022
        (uint First, uint Last) wanted = (1, uint.MaxValue);
        if (!(arguments.TrySpace() && arguments.TryNzNumber(out uint size)
              && (arguments.Next != (byte)' ' || TryRange(arguments, out wanted)) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (wanted.Last < wanted.First)
        {
            return ImapCompletion.Bad("CLIENTBUG", "a range of batches ascends");
        }
        if (size < session.Services.Limits.BatchMessagesMin)
        {
            return ImapCompletion.No("TOOFEW", $"a batch has {session.Services.Limits.BatchMessagesMin} messages at least"); // Smaller ones would be sequence numbers.
        }
        await WriteAsync(session, size, wanted);
        return ImapCompletion.Ok("those are the batches");
    }

    private static bool TryRange(ImapArguments arguments, out (uint First, uint Last) range)
    {
        range = default;
        if (!(arguments.TrySpace() && arguments.TryNzNumber(out uint first) && arguments.TryChar((byte)':', ":") && arguments.TryNzNumber(out uint last)))
        {
            return false;
        }
        range = (first, last);
        return true;
    }

    /// <summary>
    /// "UIDBATCHES" SP "(" "TAG" SP tag-string ")" [SP uid-range *("," uid-range)]. A range ends where the next begins, and the last at UID 1: what
    /// is not there belongs to a batch too, so that each UID is in one.
    /// </summary>
    private static async ValueTask WriteAsync(ImapSession session, uint size, (uint First, uint Last) wanted)
    {
        ImapWriter writer = session.Writer;
        MailboxSnapshot view = session.Selected!.View;
        writer.Write("* UIDBATCHES (TAG "u8);
        writer.WriteString(session.Tag.Span);
        writer.Write(")"u8);
        string separator = " ";
        long step = Math.Min(size, Math.Max(view.Count, 1)); // Both numbers are the client's: their product must stay in range.
        for (long batch = wanted.First; batch <= wanted.Last && (batch - 1) * step < view.Count; batch++)
        {
            int newest = (int)(view.Count - 1 - ((batch - 1) * step));
            int oldest = (int)Math.Max(0, newest - step + 1);
            writer.Write(separator);
            writer.WriteNumber(newest == view.Count - 1 ? view[newest].Uid.Value : view[newest + 1].Uid.Value - 1);
            writer.Write(":"u8);
            writer.WriteNumber(oldest == 0 ? 1 : view[oldest].Uid.Value);
            separator = ",";
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        writer.Write("\r\n"u8);
    }
}
