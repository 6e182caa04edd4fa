using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailAccess.Message;

/// <summary>The Received field that an SMTP server puts before a message. RFC 5321 §4.4</summary>
public sealed record ReceivedField
{
    private static readonly SearchValues<char> LiteralCharacters = SearchValues.Create("0123456789abcdefABCDEFIPv:.");

    /// <summary>What the client said in HELO or EHLO; null where it said nothing or shall not be told.</summary>
    public string? HeloName { get; init; }

    /// <summary>The client's address; null where there is none or it shall not be told.</summary>
    public IPAddress? ClientAddress { get; init; }

    /// <summary>The client's name in the DNS, verified; null where unknown.</summary>
    public string? ClientHostName { get; init; }

    /// <summary>Our name.</summary>
    public required string By { get; init; }

    /// <summary>Protocol by its registered name: SMTP, ESMTPSA, LMTP, UTF8SMTPSA … RFC 3848, RFC 6531 §4.3.</summary>
    public required string Protocol { get; init; }

    /// <summary>Such as <c>TLSv1.3</c>; null without TLS.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>Cipher suite by name; null without TLS.</summary>
    public string? TlsCipher { get; init; }

    /// <summary>Our identifier of the transaction; null for none.</summary>
    public string? Id { get; init; }

    /// <summary>
    /// The recipient where there is only one: with more, the field would tell one of another (RFC 5321 §7.2). Null for none.
    /// </summary>
    public string? For { get; init; }

    /// <summary>The message's priority, from -9 to 9; null where none was asked for. RFC 6710 §7</summary>
    public int? Priority { get; init; }

    /// <summary>When it was received.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The field with its CRLF, folded.</summary>
    public string Compose()
    {
        List<string> clauses = [];
        if (FromClause() is string from)
        {
            clauses.Add(from);
        }
        clauses.Add($"by {(HeaderText.IsDomain(By) ? By : "localhost")}");
        clauses.Add($"with {AtomOr(Protocol, "SMTP")}{TlsComment()}");
        if (Id is not null && IsAtom(Id))
        {
            clauses.Add($"id {Id}");
        }
        if (For is not null && IsPath(For))
        {
            clauses.Add($"for <{For}>");
        }
        if (Priority is int priority)
        {
            clauses.Add(string.Create(CultureInfo.InvariantCulture, $"PRIORITY {priority}"));
        }
        clauses[^1] += ";";
        clauses.Add(MessageDate.Format(Date));
        return HeaderText.Field("Received", string.Join(' ', clauses));
    }

    /// <summary>The field's octets, UTF-8 where the names are.</summary>
    public byte[] ComposeOctets() => Encoding.UTF8.GetBytes(Compose());

    /// <summary>From-domain = "FROM" FWS Extended-Domain; TCP-info = address-literal / (Domain FWS address-literal).</summary>
    private string? FromClause()
    {
        string? literal = ClientAddress is null ? null : Literal(ClientAddress);
        string? helo = HeaderText.IsDomain(HeloName) || (HeloName is not null && IsAddressLiteral(HeloName)) ? HeloName : null;
        if (helo is null && literal is null)
        {
            return null;
        }
        string? host = HeaderText.IsDomain(ClientHostName) ? ClientHostName : null;
        string information = literal is null ? "" : host is null ? $" ({literal})" : $" ({host} {literal})";
        return $"from {helo ?? literal}{information}";
    }

    private string TlsComment() => (TlsVersion, TlsCipher) switch
    {
        (null, null) => "",
        (null, string cipher) => $" ({Comment(cipher)})",
        (string version, null) => $" ({Comment(version)})",
        (string version, string cipher) => $" ({Comment(version)} cipher {Comment(cipher)})",
    };

    private static string Literal(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return $"[{plain}]";
        }
        return $"[IPv6:{new IPAddress(plain.GetAddressBytes())}]"; // Without the zone, which means nothing elsewhere.
    }

    private static string Comment(string text) => new([.. HeaderText.Sanitize(text).Where(c => c is not ('(' or ')' or '\\'))]);

    private static string AtomOr(string text, string fallback) => IsAtom(text) ? text : fallback;

    private static bool IsAtom(string text) => text.Length is > 0 and <= 128
        && text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal));

    private static bool IsAddressLiteral(string text) => text.Length is > 2 and < 100 && text[0] == '[' && text[^1] == ']'
        && !text.AsSpan(1, text.Length - 2).ContainsAnyExcept(LiteralCharacters);

    private static bool IsPath(string text) => text.Length <= 512 && text.Contains('@', StringComparison.Ordinal)
        && !text.Any(c => char.IsControl(c) || c is '<' or '>' or '\u2028' or '\u2029');
}
