using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>
/// An address of the envelope, parsed: <c>local-part@domain</c>, or only <c>postmaster</c>, or nothing
/// (the null reverse-path). RFC 5321 §4.1.2, RFC 6531 §3.3.
/// </summary>
/// <remarks>
/// There is no way to an instance but through the grammar, so no octet of an address can break out of a command or a
/// header field: no CR, LF, NUL or other control is ever inside.
/// </remarks>
public sealed record MailPath
{
    /// <summary>The null reverse-path, <c>&lt;&gt;</c>.</summary>
    public static readonly MailPath Null = new("", "");

    private MailPath(string localPart, string domain)
    {
        LocalPart = localPart;
        Domain = domain;
    }

    /// <summary>Unquoted: without the quotes and backslashes of a quoted string.</summary>
    public string LocalPart { get; }

    /// <summary>As written by the peer, a domain name or an address literal in brackets; empty where there is none.</summary>
    public string Domain { get; }

    /// <summary>True for <c>&lt;&gt;</c>.</summary>
    public bool IsNull => LocalPart.Length == 0 && Domain.Length == 0;

    /// <summary>Only ASCII: needs no SMTPUTF8.</summary>
    public bool IsAscii => Ascii.IsValid(LocalPart) && Ascii.IsValid(Domain);

    /// <summary>The domain is an address literal, <c>[192.0.2.1]</c> or <c>[IPv6:2001:db8::1]</c>.</summary>
    public bool IsAddressLiteral => Domain.StartsWith('[');

    /// <summary>With A-labels in place of U-labels, for whom that is enough to know no SMTPUTF8 (RFC 6531 §3.2, RFC 5891); where there are none, the same.</summary>
    public MailPath WithAsciiDomain() =>
        !Ascii.IsValid(Domain) && MailDomain.TryNormalize(Domain, out string name) && TryCreate(LocalPart, name, out MailPath? ascii) ? ascii : this;

    /// <summary>
    /// From what was already taken apart: a local part without quotes, and a domain, which may be empty for
    /// <c>postmaster</c> alone. Refuses what the grammar could not have written.
    /// </summary>
    public static bool TryCreate(string localPart, string domain, [NotNullWhen(true)] out MailPath? path)
    {
        path = null;
        if (MailPathGrammar.CheckLocalPart(localPart) != SmtpSyntaxError.None)
        {
            return false;
        }
        bool domainFits = domain.Length == 0
            ? localPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase)
            : MailPathGrammar.CheckDomain(domain) == SmtpSyntaxError.None;
        path = domainFits ? new MailPath(localPart, domain) : null;
        return domainFits;
    }

    /// <summary>
    /// An address from configuration, a table or a header: <c>local-part@domain</c> as <see cref="ToString"/> writes it,
    /// without angle brackets; <c>postmaster</c> may stand alone. Not the null path.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MailPath? path)
    {
        path = null;
        // A char is never more octets than three; anything longer than the limit times that cannot be a path.
        if (text.Length is 0 or > MailPathGrammar.PathOctetsMax || text.Contains('\uFFFD'))
        {
            return false;
        }
        byte[] octets = Encoding.UTF8.GetBytes(text);
        SmtpCursor cursor = new(octets);
        return MailPathGrammar.ParseMailbox(ref cursor, out path) == SmtpSyntaxError.None && cursor.AtEnd;
    }

    /// <summary>As on the wire, quoted where needed, without angle brackets.</summary>
    public override string ToString() => MailPathFormat.Format(this);

    /// <summary>For the grammar alone, after its checks.</summary>
    internal static MailPath FromGrammar(string localPart, string domain) => new(localPart, domain);
}
