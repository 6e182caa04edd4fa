using System.Diagnostics;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>Writes the data items that need no look at the message itself: from its record and its summary.</summary>
internal sealed class FetchItemWriter(ImapWriter writer, SelectedMailbox selected)
{
    /// <summary>Its name and its value.</summary>
    /// <param name="kind">Which item.</param>
    /// <param name="record">The message.</param>
    /// <param name="latest">Where its keywords have their names.</param>
    /// <param name="summary">Of the message.</param>
    /// <param name="shown">Of what the client is shown for it.</param>
    public void Write(FetchKind kind, in MessageRecord record, MailboxSnapshot latest, MessageSummary summary, MessageSummary shown)
    {
        switch (kind)
        {
            case FetchKind.Flags:
                writer.Write("FLAGS "u8);
                writer.WriteFlags(record, latest.Keywords, selected.HasRecentFlag(record.Uid));
                break;
            case FetchKind.Uid:
                writer.Write("UID "u8);
                writer.WriteNumber(record.Uid.Value);
                break;
            case FetchKind.InternalDate:
                writer.Write("INTERNALDATE "u8);
                writer.WriteDateTime(record.InternalDateSeconds);
                break;
            case FetchKind.Size:
                writer.Write("RFC822.SIZE "u8);
                writer.WriteNumber(record.Octets);
                break;
            case FetchKind.Envelope:
                writer.Write("ENVELOPE "u8);
                WriteRendered(shown, shown.Envelope.Span);
                break;
            case FetchKind.Body:
                writer.Write("BODY "u8);
                WriteRendered(shown, shown.Body.Span);
                break;
            case FetchKind.BodyStructure:
                writer.Write("BODYSTRUCTURE "u8);
                WriteRendered(shown, shown.BodyStructure.Span);
                break;
            case FetchKind.EmailId:
                writer.Write("EMAILID "u8);
                writer.WriteObjectId(summary.EmailId);
                break;
            case FetchKind.ThreadId:
                writer.Write("THREADID "u8);
                writer.WriteObjectId(summary.ThreadId);
                break;
            case FetchKind.SavedDate:
                writer.Write("SAVEDATE "u8);
                writer.WriteDateTime(record.SavedDateSeconds);
                break;
            case FetchKind.ModSeq:
                selected.WriteModSeq(writer, record);
                break;
            case FetchKind.Preview or FetchKind.LazyPreview:
                WritePreview(summary);
                break;
            default:
                throw new UnreachableException($"{kind} is written elsewhere");
        }
    }

    private void WriteRendered(MessageSummary shown, ReadOnlySpan<byte> rendered)
    {
        if (writer.IsUtf8 && shown.IsInternationalized)
        {
            RenderedStrings.Write(writer, rendered);
        }
        else
        {
            writer.Write(rendered);
        }
    }

    /// <summary>Without a summary nothing was ready, which is NIL and not an empty preview. RFC 8970 §3.2.</summary>
    private void WritePreview(MessageSummary summary)
    {
        writer.Write("PREVIEW "u8);
        if (summary.Encoded.IsEmpty)
        {
            writer.Write("NIL"u8);
            return;
        }
        writer.WriteString(summary.Preview.Span);
    }
}
