using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace MailAccess.Smtp;

/// <summary>The parameters of RCPT: NOTIFY and ORCPT of RFC 3461.</summary>
internal static class RcptParameters
{
    /// <summary>RFC 3461 §4.2: 500 characters.</summary>
    public const int OriginalRecipientLengthMax = 500;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789ABCDEFabcdef");

    public static SmtpSyntaxError Parse(ref SmtpCursor cursor, MailPath path, SmtpExtensions announced, out EnvelopeRecipient? recipient)
    {
        recipient = null;
        if (!path.IsAscii && (announced & SmtpExtensions.SmtpUtf8) == 0)
        {
            return SmtpSyntaxError.NeedsSmtpUtf8;
        }
        EnvelopeRecipient parsed = new() { Path = path };
        SmtpSyntaxError error;
        while (EsmtpParameter.TryRead(ref cursor, out EsmtpParameter parameter, out error))
        {
            bool isNotify = parameter.Is("NOTIFY"u8);
            if ((announced & SmtpExtensions.Dsn) == 0 || (!isNotify && !parameter.Is("ORCPT"u8)))
            {
                return SmtpSyntaxError.UnknownParameter;
            }
            if (isNotify ? parsed.Notify != DsnNotify.Unspecified : parsed.OriginalRecipient is not null)
            {
                return SmtpSyntaxError.DuplicateParameter;
            }
            if (isNotify)
            {
                if (!TryParseNotify(parameter.Value, out DsnNotify notify))
                {
                    return SmtpSyntaxError.BadNotify;
                }
                parsed = parsed with { Notify = notify };
                continue;
            }
            SmtpSyntaxError original = CheckOriginalRecipient(parameter.Value, announced);
            if (original != SmtpSyntaxError.None)
            {
                return original;
            }
            parsed = parsed with { OriginalRecipient = Encoding.UTF8.GetString(parameter.Value) };
        }
        recipient = error == SmtpSyntaxError.None ? parsed : null;
        return error;
    }

    /// <summary>notify-esmtp-value = "NEVER" / 1#notify-list-element — RFC 3461 §4.1.</summary>
    private static bool TryParseNotify(ReadOnlySpan<byte> value, out DsnNotify notify)
    {
        notify = DsnNotify.Unspecified;
        foreach (Range range in value.Split((byte)','))
        {
            ReadOnlySpan<byte> word = value[range];
            DsnNotify element =
                Ascii.EqualsIgnoreCase(word, "SUCCESS"u8) ? DsnNotify.Success
                : Ascii.EqualsIgnoreCase(word, "FAILURE"u8) ? DsnNotify.Failure
                : Ascii.EqualsIgnoreCase(word, "DELAY"u8) ? DsnNotify.Delay
                : Ascii.EqualsIgnoreCase(word, "NEVER"u8) ? DsnNotify.Never
                : DsnNotify.Unspecified;
            if (element == DsnNotify.Unspecified)
            {
                return false;
            }
            notify |= element;
        }
        return notify == DsnNotify.Never || (notify & DsnNotify.Never) == 0; // NEVER stands alone.
    }

    /// <summary>original-recipient-address = addr-type ";" xtext — RFC 3461 §4.2; for addr-type utf-8 RFC 6533 §3.</summary>
    private static SmtpSyntaxError CheckOriginalRecipient(ReadOnlySpan<byte> value, SmtpExtensions announced)
    {
        int semicolon = value.IndexOf((byte)';');
        if (value.Length > OriginalRecipientLengthMax || semicolon <= 0 || semicolon == value.Length - 1 || !IsAtom(value[..semicolon]))
        {
            return SmtpSyntaxError.BadOriginalRecipient;
        }
        ReadOnlySpan<byte> address = value[(semicolon + 1)..];
        if (!Ascii.IsValid(address) && (announced & SmtpExtensions.SmtpUtf8) == 0)
        {
            return SmtpSyntaxError.NeedsSmtpUtf8;
        }
        bool fits = Ascii.EqualsIgnoreCase(value[..semicolon], "utf-8"u8)
            ? IsUtf8Address(Encoding.UTF8.GetString(address))
            : Xtext.TryDecodePrintable(Encoding.UTF8.GetString(address), out _)
                || ((announced & SmtpExtensions.SmtpUtf8) != 0 && Ascii.EqualsIgnoreCase(value[..semicolon], "rfc822"u8) && IsUtf8InXtext(address));
        return fits ? SmtpSyntaxError.None : SmtpSyntaxError.BadOriginalRecipient;
    }

    private static bool IsAtom(ReadOnlySpan<byte> text)
    {
        foreach (byte octet in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != '-')
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// An address in UTF-8 under the type rfc822, in xtext. RFC 6533 §3 has the type utf-8 for it, yet Postfix (seen with 3.7) writes this for every
    /// recipient in UTF-8 that it was given without ORCPT; to refuse it would be to refuse the recipient.
    /// </summary>
    private static bool IsUtf8InXtext(ReadOnlySpan<byte> text) =>
        Xtext.TryDecode(text, out byte[] octets) && Utf8.IsValid(octets) && !Encoding.UTF8.GetString(octets).Any(char.IsControl);

    /// <summary>
    /// utf-8-addr-xtext and utf-8-addr-unitext of RFC 6533 §3: QCHAR, <c>\x{HEXPOINT}</c>, and characters beyond ASCII.
    /// </summary>
    private static bool IsUtf8Address(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            // QCHAR = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e
            if (text[i] is '+' or '=' || char.IsControl(text[i]))
            {
                return false;
            }
            if (text[i] != '\\')
            {
                continue;
            }
            int close = text.IndexOf('}', i);
            if (close < 0 || !text.AsSpan(i).StartsWith("\\x{", StringComparison.Ordinal)
                || close - i - 3 is < 2 or > 6 || text.AsSpan(i + 3, close - i - 3).ContainsAnyExcept(HexDigits))
            {
                return false;
            }
            i = close;
        }
        return true;
    }
}
