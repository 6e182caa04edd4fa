using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>What a proxy or filter says of the client behind it: the attributes of Postfix's XCLIENT and XFORWARD.</summary>
/// <remarks>Every value was checked by the rules of its attribute; nothing in it can end a line or a header field.</remarks>
internal sealed class ClientAttributes
{
    /// <summary>Of XCLIENT, but LOGIN.</summary>
    public static readonly IReadOnlyList<string> Override = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "DESTADDR", "DESTPORT"];

    /// <summary>Of XCLIENT where accounts log in.</summary>
    public static readonly IReadOnlyList<string> OverrideWithLogin = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"];

    /// <summary>Of XFORWARD.</summary>
    public static readonly IReadOnlyList<string> Forward = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"];

    private const int ValueLengthMax = 255;

    private readonly Dictionary<string, string?> _values;

    private ClientAttributes(Dictionary<string, string?> values) => _values = values;

    /// <summary>The address was told; it may have been told to be unknown.</summary>
    public bool TellsAddress => _values.ContainsKey("ADDR");

    public IPAddress? Address => _values.GetValueOrDefault("ADDR") is { } text && TryReadAddress(text, out IPAddress? address) ? address : null;

    /// <summary>The client's name in the DNS.</summary>
    public string? HostName => _values.GetValueOrDefault("NAME");

    public string? Hello => _values.GetValueOrDefault("HELO");

    public string? Login => _values.GetValueOrDefault("LOGIN");

    /// <summary>1*( SP attribute-name "=" attribute-value ), the value in xtext. What was said before stays unless said anew. Null: malformed.</summary>
    public static ClientAttributes? Parse(ReadOnlySpan<byte> arguments, IReadOnlyList<string> known, ClientAttributes? before)
    {
        if (!Ascii.IsValid(arguments))
        {
            return null;
        }
        Dictionary<string, string?> given = [];
        foreach (string word in Encoding.ASCII.GetString(arguments).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals].ToUpperInvariant();
            if (equals < 0 || !known.Contains(name) || !Xtext.TryDecodePrintable(word[(equals + 1)..], out string value)
                || !TryRead(name, value, out string? meant) || !given.TryAdd(name, meant))
            {
                return null;
            }
        }
        if (given.Count == 0)
        {
            return null;
        }
        Dictionary<string, string?> all = before is null ? [] : new(before._values);
        foreach ((string name, string? value) in given)
        {
            all[name] = value;
        }
        return new ClientAttributes(all);
    }

    /// <summary>For the log: the attributes in order of their names.</summary>
    public override string ToString() => string.Join(", ", _values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value ?? "unknown"}"));

    private static bool TryRead(string name, string value, out string? meant)
    {
        bool isUnknown = value.Equals("[UNAVAILABLE]", StringComparison.OrdinalIgnoreCase) || value.Equals("[TEMPUNAVAIL]", StringComparison.OrdinalIgnoreCase);
        meant = isUnknown ? null : value;
        return isUnknown || (value.Length <= ValueLengthMax && name switch
        {
            "NAME" => SmtpParser.IsDomain(value) && value[0] != '[',
            "ADDR" or "DESTADDR" => TryReadAddress(value, out _),
            "PORT" or "DESTPORT" => ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0,
            "PROTO" => value.ToUpperInvariant() is "SMTP" or "ESMTP" or "LMTP",
            "SOURCE" => value.ToUpperInvariant() is "LOCAL" or "REMOTE",
            "LOGIN" => value.Length > 0,
            _ => value.Length > 0 && !value.Contains(' ', StringComparison.Ordinal),
        });
    }

    // An IPv4 address in four decimal numbers, or IPV6: and an address without zone. One that stands for an IPv4 address is that address: rates, lists of
    // networks and the log know it by no other form, whoever named it.
    private static bool TryReadAddress(string text, out IPAddress? address)
    {
        if (text.StartsWith("IPV6:", StringComparison.OrdinalIgnoreCase))
        {
            bool isAddress = IPAddress.TryParse(text.AsSpan(5), out address) && address.AddressFamily == AddressFamily.InterNetworkV6
                && !text.Contains('%', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal);
            address = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
            return isAddress;
        }
        return IPAddress.TryParse(text, out address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == text;
    }
}
