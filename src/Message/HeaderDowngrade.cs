using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace MailAccess.Message;

/// <summary>
/// Presents an internationalized header (RFC 6532) to programs that know none: encoded words for text, addresses that cannot be answered
/// for internationalized ones, and nothing where there is no such form. RFC 6858 §2.
/// </summary>
/// <remarks>Fields with octets above 127 that are no UTF-8 are not internationalized but broken, and stay as they are.</remarks>
public static class HeaderDowngrade
{
    /// <summary>Stands for an address that no US-ASCII can say; the domain is nobody's for ever. RFC 6858 §2.1, RFC 6761 §6.4.</summary>
    private const string NoAddress = "<invalid@internationalized-address.invalid>";

    private const string FieldEnd = "\r\n";

    private static readonly string[] AddressFields =
    [
        "Bcc", "Cc", "From", "Reply-To", "Resent-Bcc", "Resent-Cc", "Resent-From", "Resent-Sender", "Resent-To", "Return-Path", "Sender", "To",
    ];

    /// <summary>These octets are UTF-8, and not US-ASCII alone.</summary>
    public static bool IsInternationalized(ReadOnlySpan<byte> octets) => !Ascii.IsValid(octets) && Utf8.IsValid(octets);

    /// <summary>Adds what changes in a header; nothing where nothing must.</summary>
    /// <param name="header">Of a message or of a part, with CRLF line ends.</param>
    /// <param name="offset">Where the header stands in the message.</param>
    /// <param name="edits">Gets the changes.</param>
    public static void Find(ReadOnlySpan<byte> header, long offset, ICollection<OctetEdit> edits)
    {
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (IsInternationalized(field.Raw))
            {
                string changed = TryPresent(field, out string? value) ? $"{Encoding.ASCII.GetString(field.Name)}: {value}{FieldEnd}" : "";
                edits.Add(new OctetEdit(offset + field.Offset, field.Raw.Length, Encoding.ASCII.GetBytes(changed)));
            }
        }
    }

    /// <summary>False: the field is left out.</summary>
    private static bool TryPresent(HeaderField field, [NotNullWhen(true)] out string? value)
    {
        string name = Encoding.ASCII.GetString(field.Name);
        value = name.Equals("Subject", StringComparison.OrdinalIgnoreCase) ? EncodedWords.Encode(field.Decode())
            : AddressFields.Contains(name, StringComparer.OrdinalIgnoreCase) ? PresentAddresses(name, field.Unfold())
            : name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase)
                ? PresentParameters(field.Unfold())
            : null;
        return value is not null;
    }

    private static string? PresentAddresses(string field, byte[] value)
    {
        if (field.Equals("Return-Path", StringComparison.OrdinalIgnoreCase))
        {
            return NoAddress; // path = angle-addr: it has no display name, RFC 5322 §3.6.7.
        }
        StringBuilder list = new();
        foreach (MailAddress address in AddressParser.Parse(value))
        {
            bool isFirst = list.Length == 0 || list[^1] == ':';
            switch (address.Kind)
            {
                case MailAddressKind.GroupStart:
                    list.Append(isFirst ? "" : ",\r\n ").Append(PresentPhrase(address.DisplayName)).Append(':');
                    break;
                case MailAddressKind.GroupEnd:
                    list.Append(';');
                    break;
                default:
                    list.Append(list.Length == 0 ? "" : isFirst ? "\r\n " : ",\r\n ").Append(PresentAddress(address));
                    break;
            }
        }
        return list.Length == 0 ? null : list.ToString();
    }

    private static string PresentAddress(MailAddress address)
    {
        if (HeaderText.IsAscii(address.Address))
        {
            return address.DisplayName is null ? address.Address : $"{PresentPhrase(address.DisplayName)}\r\n <{address.Address}>";
        }
        string shown = address.DisplayText is { Length: > 0 } name ? $"{name} ({address.Address})" : address.Address;
        return $"{EncodedWords.Encode(shown)}\r\n {NoAddress}";
    }

    /// <summary>phrase = 1*word — RFC 5322 §3.2.5.</summary>
    private static string PresentPhrase(byte[]? octets)
    {
        ReadOnlySpan<byte> phrase = octets;
        if (!Ascii.IsValid(phrase))
        {
            return EncodedWords.Encode(EncodedWords.Decode(phrase));
        }
        string text = Encoding.ASCII.GetString(phrase);
        return text.Length > 0 && text.All(c => c == ' ' || char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal))
            ? text
            : MailAddress.Quote(text);
    }

    /// <summary>Without the parameters that cannot be said (RFC 6858 §2.2); null where the value itself cannot.</summary>
    private static string? PresentParameters(ReadOnlySpan<byte> value)
    {
        StringBuilder kept = new();
        MimeScanner scanner = new(value);
        for (bool isFirst = true; !scanner.AtEnd; isFirst = false)
        {
            ReadOnlySpan<byte> segment = scanner.ReadSegment((byte)';');
            if (Ascii.IsValid(segment))
            {
                kept.Append(isFirst ? "" : ";\r\n ").Append(Encoding.ASCII.GetString(segment.Trim(" \t"u8)));
            }
            else if (isFirst)
            {
                return null;
            }
        }
        return kept.Length == 0 ? null : kept.ToString();
    }
}
