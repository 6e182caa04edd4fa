using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>The productions of RFC 5321 §4.1.2 and §4.1.3 with the additions of RFC 6531 §3.3.</summary>
internal static class MailPathGrammar
{
    /// <summary>RFC 5321 §4.5.3.1.1 demands 64. VERP and SRS senders write longer ones, and their bounces must find home.</summary>
    public const int LocalPartOctetsMax = 255;

    /// <summary>RFC 5321 §4.5.3.1.2.</summary>
    public const int DomainOctetsMax = 255;

    /// <summary>RFC 1035 §2.3.4. Counted in characters where a label is not ASCII: its A-label decides, and is checked by DNS.</summary>
    public const int LabelLengthMax = 63;

    /// <summary>Both with <c>@</c>, all of the local part quoted.</summary>
    public const int PathOctetsMax = (LocalPartOctetsMax * 2) + 2 + 1 + DomainOctetsMax;

    // atext, RFC 5322 §3.2.3, and UTF8-non-ascii, RFC 6531 §3.3.
    private static readonly SearchValues<byte> DotStringOctets = SearchValues.Create(
        [.. "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~."u8, .. HighOctets()]);

    private static readonly SearchValues<byte> DomainOctets = SearchValues.Create(
        [.. "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."u8, .. HighOctets()]);

    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Path = "&lt;" [ A-d-l ":" ] Mailbox "&gt;" — RFC 5321 §4.1.2; the caller knows about &lt;&gt;.</summary>
    public static SmtpSyntaxError ParsePath(ref SmtpCursor cursor, out MailPath? path)
    {
        path = null;
        if (!cursor.TryTake((byte)'<'))
        {
            return SmtpSyntaxError.MissingBracket;
        }
        if (cursor.Peek == (byte)'@')
        {
            SmtpSyntaxError route = SkipSourceRoute(ref cursor);
            if (route != SmtpSyntaxError.None)
            {
                return route;
            }
        }
        SmtpSyntaxError mailbox = ParseMailbox(ref cursor, out path);
        if (mailbox != SmtpSyntaxError.None)
        {
            return mailbox;
        }
        return cursor.TryTake((byte)'>') ? SmtpSyntaxError.None : SmtpSyntaxError.MissingBracket;
    }

    /// <summary>Mailbox = Local-part "@" ( Domain / address-literal ) — RFC 5321 §4.1.2; or postmaster alone, §4.1.1.3.</summary>
    public static SmtpSyntaxError ParseMailbox(ref SmtpCursor cursor, [NotNull] out MailPath? path)
    {
        path = MailPath.Null;
        SmtpSyntaxError local = cursor.Peek == (byte)'"'
            ? ParseQuotedString(ref cursor, out string localPart)
            : ParseDotString(ref cursor, out localPart);
        if (local != SmtpSyntaxError.None)
        {
            return local;
        }
        if (!cursor.TryTake((byte)'@'))
        {
            path = MailPath.FromGrammar(localPart, "");
            return localPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase)
                ? SmtpSyntaxError.None
                : cursor.AtEnd || cursor.Peek == (byte)'>' ? SmtpSyntaxError.MissingDomain : SmtpSyntaxError.BadLocalPart;
        }
        SmtpSyntaxError domain = ParseDomainOrLiteral(ref cursor, out string domainText);
        path = domain == SmtpSyntaxError.None ? MailPath.FromGrammar(localPart, domainText) : MailPath.Null;
        return domain;
    }

    /// <summary>Decoded, without quotes: may every character stand in a local part?</summary>
    public static SmtpSyntaxError CheckLocalPart(string localPart)
    {
        if (localPart.Any(char.IsControl) || !IsWellFormed(localPart))
        {
            return SmtpSyntaxError.BadLocalPart;
        }
        return Encoding.UTF8.GetByteCount(localPart) > LocalPartOctetsMax ? SmtpSyntaxError.LocalPartTooLong : SmtpSyntaxError.None;
    }

    /// <summary>A domain name or an address literal in brackets.</summary>
    public static SmtpSyntaxError CheckDomain(string domain)
    {
        if (!IsWellFormed(domain))
        {
            return SmtpSyntaxError.BadDomain;
        }
        if (domain.StartsWith('['))
        {
            return domain.EndsWith(']') && IsAddressLiteral(domain.AsSpan(1..^1)) ? SmtpSyntaxError.None : SmtpSyntaxError.BadAddressLiteral;
        }
        if (Encoding.UTF8.GetByteCount(domain) > DomainOctetsMax)
        {
            return SmtpSyntaxError.DomainTooLong;
        }
        foreach (Range range in domain.AsSpan().Split('.'))
        {
            SmtpSyntaxError error = CheckLabel(domain.AsSpan(range));
            if (error != SmtpSyntaxError.None)
            {
                return error;
            }
        }
        return SmtpSyntaxError.None;
    }

    /// <summary>Source routes are read and ignored: RFC 5321 §4.1.1.3, appendix C.</summary>
    private static SmtpSyntaxError SkipSourceRoute(ref SmtpCursor cursor)
    {
        // A-d-l = At-domain *( "," At-domain )   At-domain = "@" Domain
        do
        {
            if (!cursor.TryTake((byte)'@') || ParseDomainOrLiteral(ref cursor, out _) != SmtpSyntaxError.None)
            {
                return SmtpSyntaxError.BadSourceRoute;
            }
        }
        while (cursor.TryTake((byte)','));
        return cursor.TryTake((byte)':') ? SmtpSyntaxError.None : SmtpSyntaxError.BadSourceRoute;
    }

    /// <summary>Dot-string = Atom *("." Atom)</summary>
    private static SmtpSyntaxError ParseDotString(ref SmtpCursor cursor, out string localPart)
    {
        localPart = "";
        int length = cursor.Rest.IndexOfAnyExcept(DotStringOctets);
        ReadOnlySpan<byte> octets = cursor.Take(length < 0 ? cursor.Rest.Length : length);
        if (octets.IsEmpty || octets[0] == '.' || octets[^1] == '.' || octets.IndexOf(".."u8) >= 0)
        {
            return SmtpSyntaxError.BadLocalPart;
        }
        return TryDecode(octets, out localPart) ? CheckLocalPart(localPart) : SmtpSyntaxError.BadUtf8;
    }

    /// <summary>Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE</summary>
    private static SmtpSyntaxError ParseQuotedString(ref SmtpCursor cursor, out string localPart)
    {
        localPart = "";
        cursor.TryTake((byte)'"');
        ArrayBufferWriter<byte> unquoted = new();
        while (!cursor.TryTake((byte)'"'))
        {
            bool escaped = cursor.TryTake((byte)'\\');
            byte octet = cursor.Peek;
            // qtextSMTP = %d32-33 / %d35-91 / %d93-126 (/ UTF8-non-ascii); quoted-pairSMTP = %d92 %d32-126
            if (octet is < 32 or 127 || (escaped && octet > 127))
            {
                return SmtpSyntaxError.BadLocalPart;
            }
            unquoted.Write(cursor.Take(1));
        }
        return TryDecode(unquoted.WrittenSpan, out localPart) ? CheckLocalPart(localPart) : SmtpSyntaxError.BadUtf8;
    }

    private static SmtpSyntaxError ParseDomainOrLiteral(ref SmtpCursor cursor, out string domain)
    {
        domain = "";
        int length;
        if (cursor.Peek == (byte)'[')
        {
            length = cursor.Rest.IndexOf((byte)']') + 1;
            if (length == 0)
            {
                return SmtpSyntaxError.BadAddressLiteral;
            }
        }
        else
        {
            length = cursor.Rest.IndexOfAnyExcept(DomainOctets);
            length = length < 0 ? cursor.Rest.Length : length;
        }
        return TryDecode(cursor.Take(length), out domain) ? CheckDomain(domain) : SmtpSyntaxError.BadUtf8;
    }

    /// <summary>sub-domain = Let-dig [Ldh-str] (/ U-label, RFC 6531 §3.3)</summary>
    private static SmtpSyntaxError CheckLabel(ReadOnlySpan<char> label)
    {
        if (label.IsEmpty || label[0] == '-' || label[^1] == '-')
        {
            return SmtpSyntaxError.BadDomain;
        }
        int length = 0;
        foreach (Rune rune in label.EnumerateRunes())
        {
            bool fits = rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value == '-' : IsLabelRune(rune);
            if (!fits)
            {
                return SmtpSyntaxError.BadDomain;
            }
            length++;
        }
        return length > LabelLengthMax ? SmtpSyntaxError.LabelTooLong : SmtpSyntaxError.None;
    }

    // Letters, marks and digits, and the joiners of RFC 5892 appendix A.1 and A.2; whether a name exists is for DNS to say.
    private static bool IsLabelRune(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || rune.Value is 0x200C or 0x200D or 0x00B7 or 0x30FB
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    /// <summary>IPv4-address-literal / IPv6-address-literal — RFC 5321 §4.1.3. No other tag is registered.</summary>
    private static bool IsAddressLiteral(ReadOnlySpan<char> text)
    {
        const string ipv6Tag = "IPv6:";
        if (text.StartsWith(ipv6Tag, StringComparison.OrdinalIgnoreCase))
        {
            ReadOnlySpan<char> address = text[ipv6Tag.Length..];
            // The framework also reads zones, brackets and ports, which the grammar does not know.
            return address.Length <= 45 && !address.ContainsAnyExcept(Ipv6Characters)
                && IPAddress.TryParse(address, out IPAddress? six) && six.AddressFamily == AddressFamily.InterNetworkV6;
        }
        int octets = 0;
        foreach (Range range in text.Split('.'))
        {
            // Snum = 1*3DIGIT. The framework's numbers may end in NUL.
            if (text[range].Length is 0 or > 3 || text[range].ContainsAnyExceptInRange('0', '9')
                || !byte.TryParse(text[range], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return false;
            }
            octets++;
        }
        return octets == 4;
    }

    private static bool TryDecode(ReadOnlySpan<byte> octets, out string text)
    {
        bool valid = System.Text.Unicode.Utf8.IsValid(octets);
        text = valid ? StrictUtf8.GetString(octets) : "";
        return valid;
    }

    // A lone surrogate would be written as something else than it was.
    private static bool IsWellFormed(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
            {
                return false;
            }
        }
        return true;
    }

    private static byte[] HighOctets() => [.. Enumerable.Range(128, 128).Select(o => (byte)o)];
}
