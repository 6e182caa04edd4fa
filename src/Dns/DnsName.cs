using System.Globalization;
using System.Text;

namespace MailAccess.Dns;

/// <summary>Domain names on the wire and as text (RFC 1035 §3.1, §4.1.4, §5.1). Text has no final dot, but for the root: <c>.</c></summary>
internal static class DnsName
{
    private const int LabelOctetsMax = 63;
    private const int NameOctetsMax = 255;

    /// <summary>Compression pointers followed in one name; each must point backwards, so this only bounds the work.</summary>
    private const int PointersMax = 64;

    /// <summary>Appends a name without compression; false where the text is no domain name.</summary>
    public static bool TryWrite(ReadOnlySpan<char> text, List<byte> destination)
    {
        int start = destination.Count;
        if (text is "." || (text.Length > 0 && TryWriteLabels(text, destination)))
        {
            destination.Add(0);
            if (destination.Count - start <= NameOctetsMax)
            {
                return true;
            }
        }
        destination.RemoveRange(start, destination.Count - start);
        return false;
    }

    /// <summary>Reads a name; <paramref name="offset"/> moves behind it. False for loops, pointers forward, and what is cut off or too long.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int offset, out string name)
    {
        name = "";
        StringBuilder text = new();
        int octets = 1; // The root's length octet.
        int pointers = 0;
        int position = offset;
        int end = -1;
        while (true)
        {
            if (position >= message.Length)
            {
                return false;
            }
            int length = message[position];
            if (length >= 0xC0)
            {
                if (position + 1 >= message.Length)
                {
                    return false;
                }
                int target = ((length & 0x3F) << 8) | message[position + 1];
                // "a pointer to a prior occurrence", RFC 1035 §4.1.4: never forward, so there is no loop.
                if (target >= position || ++pointers > PointersMax)
                {
                    return false;
                }
                end = end < 0 ? position + 2 : end;
                position = target;
                continue;
            }
            position++;
            if (length > LabelOctetsMax || position + length > message.Length || (octets += length + 1) > NameOctetsMax)
            {
                return false;
            }
            if (length == 0)
            {
                break;
            }
            AppendLabel(text, message.Slice(position, length));
            position += length;
        }
        offset = end < 0 ? position : end;
        name = text.Length == 0 ? "." : text.ToString();
        return true;
    }

    /// <summary>Names are compared without regard to ASCII case and the final dot. RFC 4343.</summary>
    public static bool Same(string left, string right) => Normalize(left).Equals(Normalize(right), StringComparison.OrdinalIgnoreCase);

    /// <summary>Without the final dot, but for the root.</summary>
    public static string Normalize(string name) =>
        name.Length > 1 && name[^1] == '.' && !name.EndsWith("\\.", StringComparison.Ordinal) ? name[..^1] : name;

    private static bool TryWriteLabels(ReadOnlySpan<char> text, List<byte> destination)
    {
        int lengthAt = destination.Count;
        destination.Add(0);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '.')
            {
                if (!TryCloseLabel(destination, lengthAt))
                {
                    return false;
                }
                if (i == text.Length - 1)
                {
                    return true; // The final dot of an absolute name.
                }
                lengthAt = destination.Count;
                destination.Add(0);
                continue;
            }
            if (c == '\\')
            {
                if (!TryUnescape(text, ref i, out c))
                {
                    return false;
                }
            }
            else if (c is <= ' ' or > '~')
            {
                return false; // Only A-labels here: U-labels are the caller's to convert.
            }
            destination.Add((byte)c);
        }
        return TryCloseLabel(destination, lengthAt);
    }

    private static bool TryCloseLabel(List<byte> destination, int lengthAt)
    {
        int length = destination.Count - lengthAt - 1;
        if (length is 0 or > LabelOctetsMax)
        {
            return false;
        }
        destination[lengthAt] = (byte)length;
        return true;
    }

    // "\X" and "\DDD", RFC 1035 §5.1.
    private static bool TryUnescape(ReadOnlySpan<char> text, ref int i, out char c)
    {
        c = '\0';
        if (i + 1 >= text.Length)
        {
            return false;
        }
        if (!char.IsAsciiDigit(text[i + 1]))
        {
            c = text[++i];
            return c is > ' ' and <= '~';
        }
        if (i + 3 >= text.Length || !byte.TryParse(text.Slice(i + 1, 3), NumberStyles.None, CultureInfo.InvariantCulture, out byte value))
        {
            return false;
        }
        c = (char)value;
        i += 3;
        return true;
    }

    private static void AppendLabel(StringBuilder text, ReadOnlySpan<byte> label)
    {
        if (text.Length > 0)
        {
            text.Append('.');
        }
        foreach (byte octet in label)
        {
            if (octet is (byte)'.' or (byte)'\\')
            {
                text.Append('\\').Append((char)octet);
            }
            else if (octet is > 0x20 and < 0x7F)
            {
                text.Append((char)octet);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\{octet:D3}");
            }
        }
    }
}
