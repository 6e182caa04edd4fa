using System.Globalization;

namespace MailAccess.Store.Maildir;

/// <summary>
/// A message's file name: <c>base:2,letters</c>. The base names the message for ever; the letters are its flags.
/// </summary>
internal readonly record struct FileName(string Base, FlagLetters Letters, bool IsCanonical)
{
    /// <summary>Reads any name that may stand in <c>new</c> or <c>cur</c>; false for dot files.</summary>
    public static bool TryParse(string name, out FileName parsed)
    {
        parsed = default;
        if (name.Length == 0 || name[0] == '.')
        {
            return false;
        }
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            parsed = new FileName(name, default, true);
            return true;
        }
        string baseName = name[..colon];
        ReadOnlySpan<char> info = name.AsSpan(colon + 1);
        FlagLetters letters = info.StartsWith("2,") ? FlagLetters.Parse(info[2..]) : default;
        parsed = new FileName(baseName, letters, InCur(baseName, letters) == name);
        return baseName.Length > 0;
    }

    /// <summary>The name as we write it in <c>cur</c>.</summary>
    public static string InCur(string baseName, FlagLetters letters) => $"{baseName}:2,{letters}";

    /// <inheritdoc cref="SizeIn(string, char)"/>
    public static long SizeIn(ReadOnlySpan<byte> baseName, byte key)
    {
        int start = baseName.IndexOf([(byte)',', key, (byte)'=']);
        return start >= 0 && System.Buffers.Text.Utf8Parser.TryParse(baseName[(start + 3)..], out long size, out int length)
            && size >= 0 && (start + 3 + length == baseName.Length || baseName[start + 3 + length] == (byte)',') ? size : -1;
    }

    /// <summary>The number behind <c>,S=</c> or <c>,W=</c> in the base, or -1.</summary>
    public static long SizeIn(string baseName, char key)
    {
        int start = baseName.IndexOf($",{key}=", StringComparison.Ordinal);
        if (start < 0)
        {
            return -1;
        }
        ReadOnlySpan<char> digits = baseName.AsSpan(start + 3);
        int end = digits.IndexOf(',');
        return long.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : -1;
    }
}

/// <summary>The letters of a file name: the six of Maildir in the low bits, then the keywords a to z.</summary>
internal readonly record struct FlagLetters(uint Bits)
{
    public const int KeywordLetters = 26;
    private const string System = "DFPRST";

    /// <summary>"Passed", which IMAP calls <c>$Forwarded</c>.</summary>
    private const uint PassedBit = 1 << 2;

    /// <summary>In a set of keywords the bit behind the 26 letters: passed.</summary>
    public const uint PassedKeyword = 1 << KeywordLetters;

    public static FlagLetters Parse(ReadOnlySpan<char> letters)
    {
        uint bits = 0;
        foreach (char letter in letters)
        {
            if (letter == ',')
            {
                break; // Extensions of other programs follow.
            }
            int system = System.IndexOf(letter, StringComparison.Ordinal);
            if (system >= 0)
            {
                bits |= 1u << system;
            }
            else if (letter is >= 'a' and <= 'z')
            {
                bits |= 1u << (6 + letter - 'a');
            }
        }
        return new FlagLetters(bits);
    }

    /// <summary>The same from octets; whether they are spelled as we spell them: each letter once, in order, and nothing else.</summary>
    public static FlagLetters Parse(ReadOnlySpan<byte> letters, out bool isOrdered)
    {
        uint bits = 0;
        isOrdered = true;
        foreach (byte letter in letters)
        {
            if (letter == (byte)',')
            {
                isOrdered = false;
                break; // Extensions of other programs follow.
            }
            int bit = letter is >= (byte)'a' and <= (byte)'z' ? 6 + letter - 'a' : System.IndexOf((char)letter, StringComparison.Ordinal);
            isOrdered &= bit >= 0 && bits >> bit == 0;
            bits |= bit >= 0 ? 1u << bit : 0;
        }
        return new FlagLetters(bits);
    }

    /// <summary>From flags and keywords, as <see cref="Keywords"/> gives them.</summary>
    public static FlagLetters From(SystemFlags flags, uint keywordLetters = 0)
    {
        uint bits = (keywordLetters & PassedKeyword) != 0 ? PassedBit : 0;
        bits |= (flags & SystemFlags.Draft) != 0 ? 1u << 0 : 0;
        bits |= (flags & SystemFlags.Flagged) != 0 ? 1u << 1 : 0;
        bits |= (flags & SystemFlags.Answered) != 0 ? 1u << 3 : 0;
        bits |= (flags & SystemFlags.Seen) != 0 ? 1u << 4 : 0;
        bits |= (flags & SystemFlags.Deleted) != 0 ? 1u << 5 : 0;
        return new FlagLetters(bits | (keywordLetters << 6));
    }

    /// <summary>Bits 0 to 25: a to z; bit 26: passed.</summary>
    public uint Keywords => (Bits >> 6) | ((Bits & PassedBit) != 0 ? PassedKeyword : 0);

    public SystemFlags Flags =>
        ((Bits & 1) != 0 ? SystemFlags.Draft : 0)
        | ((Bits & 2) != 0 ? SystemFlags.Flagged : 0)
        | ((Bits & 8) != 0 ? SystemFlags.Answered : 0)
        | ((Bits & 16) != 0 ? SystemFlags.Seen : 0)
        | ((Bits & 32) != 0 ? SystemFlags.Deleted : 0);

    /// <summary>In ASCII order, as the Maildir specification asks.</summary>
    public override string ToString()
    {
        Span<char> letters = stackalloc char[32];
        int count = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            if ((Bits & (1u << bit)) != 0)
            {
                letters[count++] = bit < 6 ? System[bit] : (char)('a' + bit - 6);
            }
        }
        return new string(letters[..count]);
    }
}
