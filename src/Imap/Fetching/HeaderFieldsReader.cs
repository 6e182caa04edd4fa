using System.Buffers;
using MailAccess.Imap.Grammar;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>Picks the fields of HEADER.FIELDS and HEADER.FIELDS.NOT. RFC 3501 §6.4.5.</summary>
internal static class HeaderFieldsReader
{
    private static ReadOnlySpan<byte> HeaderEnd => "\r\n\r\n"u8;

    /// <summary>Looks at a header's octets.</summary>
    public delegate void HeaderAction(ReadOnlySpan<byte> header);

    /// <summary>From a header's octets.</summary>
    public static void Pick(BodySection section, ReadOnlySpan<byte> header, IBufferWriter<byte> fields)
    {
        if (section.Text == SectionText.HeaderFields)
        {
            HeaderFilter.Only(header, section.Names, fields);
        }
        else
        {
            HeaderFilter.Except(header, section.Names, fields);
        }
    }

    /// <summary>From the message; false where it is shorter than its structure says.</summary>
    public static ValueTask<bool> ReadAsync(
        BodySection section, OctetRange range, IMessageContent content, int octetsMax, IBufferWriter<byte> fields) =>
        ReadAsync(range, content, octetsMax, header => Pick(section, header, fields));

    /// <summary>Shows a message's header; false where the message is shorter than that. A header beyond all reason is shown up to a bound.</summary>
    public static async ValueTask<bool> ReadAsync(OctetRange range, IMessageContent content, int octetsMax, HeaderAction show)
    {
        int octets = (int)Math.Min(range.Octets, octetsMax);
        byte[] header = ArrayPool<byte>.Shared.Rent(octets + HeaderEnd.Length);
        int length = 0;
        while (length < octets && await content.ReadAsync(range.Offset + length, header.AsMemory(length, octets - length), CancellationToken.None) is int read and > 0)
        {
            length += read;
        }
        if (length == octets)
        {
            HeaderEnd.CopyTo(header.AsSpan(length));
            show(header.AsSpan(0, octets < range.Octets ? length + HeaderEnd.Length : length));
        }
        ArrayPool<byte>.Shared.Return(header);
        return length == octets;
    }
}
