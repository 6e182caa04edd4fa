using System.Buffers;

namespace MailAccess.Message;

/// <summary>Picks fields of a header by name for <c>HEADER.FIELDS</c> and <c>HEADER.FIELDS.NOT</c>. RFC 9051 §6.4.5.1</summary>
public static class HeaderFilter
{
    /// <summary>Writes the fields with these names, unchanged, with CRLF line ends, and the empty line if the header has one.</summary>
    public static void Only(ReadOnlySpan<byte> header, IReadOnlyCollection<byte[]> names, IBufferWriter<byte> output)
    {
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (IsNamed(field, names))
            {
                WriteCrlf(field.Raw, output);
            }
        }
        WriteEmptyLine(header[reader.Position..], output);
    }

    /// <summary>
    /// Writes the header without the fields with these names, with CRLF line ends, and the empty line if it has one. Lines that are no field
    /// stay: nobody has named them.
    /// </summary>
    public static void Except(ReadOnlySpan<byte> header, IReadOnlyCollection<byte[]> names, IBufferWriter<byte> output)
    {
        int written = 0;
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (IsNamed(field, names))
            {
                WriteCrlf(header[written..field.Offset], output);
                written = field.Offset + field.Raw.Length;
            }
        }
        WriteCrlf(header[written..reader.Position], output);
        WriteEmptyLine(header[reader.Position..], output);
    }

    /// <summary>Writes octets with each LF as CRLF; adds a line end where the last line has none.</summary>
    internal static void WriteCrlf(ReadOnlySpan<byte> lines, IBufferWriter<byte> output)
    {
        while (!lines.IsEmpty)
        {
            int lineFeed = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = lineFeed < 0 ? lines : lines[..lineFeed];
            lines = lineFeed < 0 ? [] : lines[(lineFeed + 1)..];
            output.Write(line.EndsWith("\r"u8) ? line[..^1] : line);
            output.Write("\r\n"u8);
        }
    }

    /// <summary>"the blank line is included in all header fetches, except in the case of a message that has no body and no blank line" — RFC 9051 §6.4.5.1.</summary>
    private static void WriteEmptyLine(ReadOnlySpan<byte> rest, IBufferWriter<byte> output) => output.Write(rest.IsEmpty ? [] : "\r\n"u8);

    private static bool IsNamed(HeaderField field, IReadOnlyCollection<byte[]> names)
    {
        foreach (byte[] name in names)
        {
            if (field.Is(name))
            {
                return true;
            }
        }
        return false;
    }
}
