using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>
/// What a table is asked for. A domain with other letters than ASCII is asked for as A-labels and then as U-labels (RFC 5891), so that a table may
/// be written in either form, whichever of them the address came in. A string alone is a key without a domain.
/// </summary>
public readonly record struct LookUpKey
{
    private LookUpKey(string text, string? unicode) => (Text, Unicode) = (text, unicode);

    /// <summary>The key, its domain as A-labels.</summary>
    public string Text { get; }

    /// <summary>The same with U-labels; null: there is no difference.</summary>
    public string? Unicode { get; }

    /// <summary>A domain, also with a dot before it, or a next hop.</summary>
    public static LookUpKey OfDomain(string domain) => new(domain, MailDomain.ToUnicode(domain));

    /// <summary>An address; the local part as <see cref="AddressName.Write"/> has it, or empty for all of a domain.</summary>
    public static LookUpKey OfAddress(string localPart, string domain) =>
        new($"{localPart}@{domain}", MailDomain.ToUnicode(domain) is { } unicode ? $"{localPart}@{unicode}" : null);

    /// <summary>A key without a domain, or one that is asked for as it is.</summary>
    public static implicit operator LookUpKey(string key) => FromString(key);

    /// <summary>The same.</summary>
    public static LookUpKey FromString(string key) => new(key, null);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
