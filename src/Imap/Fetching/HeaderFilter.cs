using System.Text;

namespace MailAccess.Imap.Fetching;

/// <summary>HEADER.FIELDS and HEADER.FIELDS.NOT: the fields with (or without) these names, unchanged. RFC 3501 §6.4.5.</summary>
internal static class HeaderFilter
{
    /// <summary>
    /// Copies fields with their folded lines and line ends, and the empty line behind them. The destination holds at
    /// least two octets more than the header. Gives the number of octets.
    /// </summary>
    public static int Copy(ReadOnlySpan<byte> header, IReadOnlyList<byte[]> names, bool named, Span<byte> destination)
    {
        int length = 0;
        bool taken = false;
        while (!header.IsEmpty)
        {
            int end = header.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? header : header[..(end + 1)];
            header = header[line.Length..];
            if (line[0] is (byte)'\r' or (byte)'\n')
            {
                break; // The empty line: it is added below, whether or not the header has it.
            }
            if (line[0] is not ((byte)' ' or (byte)'\t'))
            {
                taken = IsNamed(line, names) == named;
            }
            if (taken)
            {
                line.CopyTo(destination[length..]);
                length += line.Length;
            }
        }
        "\r\n"u8.CopyTo(destination[length..]);
        return length + 2;
    }

    private static bool IsNamed(ReadOnlySpan<byte> line, IReadOnlyList<byte[]> names)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 0)
        {
            return false; // No field at all: belongs to those without the names.
        }
        ReadOnlySpan<byte> name = line[..colon].TrimEnd(" \t"u8);
        foreach (byte[] wanted in names)
        {
            if (Ascii.EqualsIgnoreCase(name, wanted))
            {
                return true;
            }
        }
        return false;
    }
}
