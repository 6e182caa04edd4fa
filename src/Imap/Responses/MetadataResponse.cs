using System.Text;
using MailAccess.Store;
using MailAccess.Store.Metadata;

namespace MailAccess.Imap.Responses;

/// <summary>metadata-resp = "METADATA" SP mailbox SP entry-values — RFC 5464 §5.</summary>
internal static class MetadataResponse
{
    /// <summary>Nothing where there are no annotations: entry-values cannot be empty. A null value is NIL.</summary>
    /// <param name="writer">The client's.</param>
    /// <param name="name">The mailbox; null: the server.</param>
    /// <param name="annotations">In this order.</param>
    public static void Write(ImapWriter writer, MailboxName? name, IReadOnlyList<Annotation> annotations)
    {
        if (annotations.Count == 0)
        {
            return;
        }
        writer.Write("* METADATA "u8);
        if (name is null)
        {
            writer.Write("\"\""u8);
        }
        else
        {
            writer.WriteMailbox(name);
        }
        string separator = " (";
        foreach (Annotation annotation in annotations)
        {
            writer.Write(separator);
            WriteEntry(writer, annotation.Entry);
            writer.Write(" "u8);
            WriteValue(writer, annotation.Value);
            separator = " ";
        }
        writer.Write(")\r\n"u8);
    }

    /// <summary>entry = astring — §5.</summary>
    public static void WriteEntry(ImapWriter writer, string entry)
    {
        if (entry.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '.' or '_'))
        {
            writer.Write(entry);
        }
        else
        {
            writer.WriteString(Encoding.ASCII.GetBytes(entry));
        }
    }

    private static void WriteValue(ImapWriter writer, ReadOnlyMemory<byte>? value)
    {
        if (value is null)
        {
            writer.Write("NIL"u8);
            return;
        }
        writer.Write(value.Value.Span.Contains((byte)0) ? "~"u8 : ""u8); // literal8: a literal must not hold NUL.
        writer.WriteString(value.Value.Span);
    }
}
