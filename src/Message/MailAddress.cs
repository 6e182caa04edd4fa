using System.Text;

namespace MailAccess.Message;

/// <summary>What an entry of an address list is.</summary>
public enum MailAddressKind
{
    /// <summary>A mailbox, RFC 5322 §3.4.</summary>
    Mailbox,

    /// <summary>A group begins; its name is the display name, the entries up to its end are its members.</summary>
    GroupStart,

    /// <summary>The group ends.</summary>
    GroupEnd,
}

/// <summary>
/// One entry of an address list, in the octets of the header: quoting and comments removed, encoded words left as they are.
/// </summary>
public sealed class MailAddress
{
    /// <summary>Mailbox, or begin or end of a group.</summary>
    public MailAddressKind Kind { get; init; }

    /// <summary>Display name, or the comment where there is none (RFC 5322 §3.4), or the group's name; null where absent.</summary>
    public byte[]? DisplayName { get; init; }

    /// <summary>An obsolete source route as in <c>@a,@b</c>, RFC 5322 §4.4; null where absent.</summary>
    public byte[]? Route { get; init; }

    /// <summary>Local part without quoting; empty for groups.</summary>
    public byte[] LocalPart { get; init; } = [];

    /// <summary>Domain or domain literal; empty where the address has none.</summary>
    public byte[] Domain { get; init; } = [];

    /// <summary>Where the entry begins in the octets that were parsed, its display name included; not for groups.</summary>
    public int EntryOffset { get; init; }

    /// <summary>Where the address itself stands in them: local part, "@" and domain as written, with comments inside, without angle brackets and route.</summary>
    public int Offset { get; init; }

    /// <summary>How many octets it takes there; 0 where there is no address.</summary>
    public int Length { get; init; }

    /// <summary>A mailbox with a local part and a domain.</summary>
    public bool IsComplete => Kind == MailAddressKind.Mailbox && LocalPart.Length > 0 && Domain.Length > 0;

    /// <summary>local-part "@" domain as text, quoted where it must be; UTF-8 as in RFC 6532.</summary>
    public string Address
    {
        get
        {
            string local = Encoding.UTF8.GetString(LocalPart);
            return (IsDotAtom(LocalPart) ? local : Quote(local)) + (Domain.Length == 0 ? "" : "@" + Encoding.UTF8.GetString(Domain));
        }
    }

    /// <summary>The display name decoded for people; null where absent.</summary>
    public string? DisplayText => DisplayName is null ? null : EncodedWords.Decode(DisplayName);

    /// <inheritdoc/>
    public override string ToString() => Kind == MailAddressKind.Mailbox ? Address : $"{Kind} {DisplayText}";

    /// <summary>dot-atom-text — RFC 5322 §3.2.3, with UTF8-non-ascii of RFC 6532 §3.2.</summary>
    private static bool IsDotAtom(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] == '.' || text[^1] == '.' || text.IndexOf(".."u8) >= 0)
        {
            return false;
        }
        foreach (byte octet in text)
        {
            if (octet < 0x80 && !char.IsAsciiLetterOrDigit((char)octet) && !"!#$%&'*+-/=?^_`{|}~."u8.Contains(octet))
            {
                return false;
            }
        }
        return true;
    }

    internal static string Quote(string local) =>
        "\"" + local.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
