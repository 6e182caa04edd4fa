using MailAccess.Message;

namespace MailAccess.Routing;

/// <summary>The header fields that hold addresses, and whose.</summary>
internal static class AddressFields
{
    // RFC 5322 §3.6.2, §3.6.6; RFC 8098 §2.1; Errors-To and Return-Receipt-To as Sendmail knows them.
    private static readonly string[] Senders =
    [
        "From", "Sender", "Reply-To", "Resent-From", "Resent-Sender", "Resent-Reply-To", "Errors-To", "Return-Receipt-To", "Disposition-Notification-To",
    ];

    // RFC 5322 §3.6.3, §3.6.6.
    private static readonly string[] Recipients = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"];

    private static readonly Dictionary<string, AddressClasses> Classes = Senders.Select(n => (n, AddressClasses.HeaderSender))
        .Concat(Recipients.Select(n => (n, AddressClasses.HeaderRecipient)))
        .ToDictionary(f => f.Item1, f => f.Item2, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, AddressClasses>.AlternateLookup<ReadOnlySpan<char>> ByName = Classes.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int NameOctetsMax = Classes.Keys.Max(n => n.Length);

    /// <summary>Whose addresses a field holds; None: it is no such field.</summary>
    public static AddressClasses ClassOf(HeaderField field)
    {
        if (field.Name.Length > NameOctetsMax)
        {
            return AddressClasses.None;
        }
        Span<char> name = stackalloc char[NameOctetsMax];
        int length = System.Text.Encoding.Latin1.GetChars(field.Name, name);
        return ByName.TryGetValue(name[..length], out AddressClasses role) ? role : AddressClasses.None;
    }
}
