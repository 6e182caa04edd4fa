using System.Globalization;
using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>What a right-hand side of a transport table or mailertable means.</summary>
internal enum TransportKind
{
    /// <summary>As if the table had said nothing.</summary>
    AsElse,
    /// <summary>To a next hop: <see cref="TransportValue.Hop"/>, or the address' own domain where that is null.</summary>
    Relay,
    /// <summary>To the users of this machine, with all that belongs to it.</summary>
    Local,
    /// <summary>Into mailboxes, without aliases.</summary>
    Mailboxes,
    /// <summary>To a configured program.</summary>
    Agent,
    /// <summary>Nowhere.</summary>
    Discard,
    /// <summary>Refused or put off.</summary>
    Reply,
    /// <summary>Not understood.</summary>
    Wrong,
}

/// <summary>
/// A right-hand side, read: <c>smtp:[host]:25</c>, <c>lmtp:unix:/path</c>, <c>:</c>, <c>error:…</c>, <c>uucp:host</c> (Postfix's transport(5)),
/// <c>esmtp:host</c>, <c>error:nohost …</c> (Sendmail's mailertable).
/// </summary>
/// <param name="Kind">What it means.</param>
/// <param name="Text">Behind the colon; for <see cref="TransportKind.Wrong"/>, what is wrong.</param>
internal sealed record TransportValue(TransportKind Kind, string Text)
{
    private const int HopsMax = 32;

    private static readonly char[] Separators = [',', ' ', '\t', '\n', '\v', '\f', '\r'];

    private static readonly string[] SmtpNames = ["smtp", "esmtp", "smtp8", "dsmtp", "relay"];

    public NextHop? Hop { get; init; }

    /// <summary>The name before the colon.</summary>
    public string Name { get; init; } = "";

    public SmtpReply? Reply { get; init; }

    /// <param name="value">As the table has it.</param>
    /// <param name="isMailertable">Colons stand between several hosts, as Sendmail has it.</param>
    public static TransportValue Read(string value, bool isMailertable = false)
    {
        int colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return new TransportValue(TransportKind.Wrong, $"\"{value}\" has no colon: transport:nexthop is expected");
        }
        string name = value[..colon].Trim();
        string rest = value[(colon + 1)..].Trim();
        TransportValue read = name.ToLowerInvariant() switch
        {
            "" => rest.Length == 0 ? new TransportValue(TransportKind.AsElse, rest) : ReadHops(rest, HopProtocol.Smtp, isMailertable),
            "local" => new TransportValue(TransportKind.Local, rest),
            "virtual" => new TransportValue(TransportKind.Mailboxes, rest),
            "discard" => new TransportValue(TransportKind.Discard, rest),
            "error" => new TransportValue(TransportKind.Reply, rest) { Reply = TableReply.Read(rest, isTemporary: false) },
            "retry" => new TransportValue(TransportKind.Reply, rest) { Reply = TableReply.Read(rest, isTemporary: true) },
            "lmtp" => ReadHops(rest, HopProtocol.Lmtp, isMailertable),
            "smtps" or "submissions" => ReadHops(rest, HopProtocol.Smtp, isMailertable) is { Hop: { } hops } over
                ? over with { Hop = NextHop.Join(hops.All.Select(h => h with { ImplicitTls = true, Port = h.Port ?? 465 })) }
                : new TransportValue(TransportKind.Wrong, $"\"{value}\" names no host"),
            { } other when SmtpNames.Contains(other) => ReadHops(rest, HopProtocol.Smtp, isMailertable),
            _ => new TransportValue(TransportKind.Agent, rest),
        };
        return read with { Name = name };
    }

    /// <summary>
    /// One next hop or several, to be tried in their order, with commas or white space between; in a mailertable also with colons, where what stands
    /// behind a colon is no port.
    /// </summary>
    public static TransportValue ReadHops(string text, HopProtocol protocol, bool isMailertable = false)
    {
        List<string> hops = [.. text.Split(Separators, StringSplitOptions.RemoveEmptyEntries).SelectMany(t => isMailertable ? SplitColons(t) : [t])];
        if (hops.Count < 2)
        {
            return ReadHop(hops.Count == 0 ? "" : hops[0], protocol);
        }
        if (hops.Count > HopsMax)
        {
            return new TransportValue(TransportKind.Wrong, $"more than {HopsMax} next hops");
        }
        List<NextHop> read = [];
        foreach (string hop in hops)
        {
            TransportValue one = ReadHop(hop, protocol);
            if (one.Hop is null)
            {
                return one;
            }
            read.Add(one.Hop);
        }
        return Relay(NextHop.Join(read));
    }

    private static List<string> SplitColons(string text)
    {
        if (text[0] == '/' || text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("inet:", StringComparison.OrdinalIgnoreCase))
        {
            return [text];
        }
        List<string> hops = [];
        int start = 0;
        bool isBracketed = false;
        for (int at = 0; at <= text.Length; at++)
        {
            char c = at < text.Length ? text[at] : ':';
            isBracketed = c == '[' || (isBracketed && c != ']');
            if (c != ':' || (isBracketed && at < text.Length))
            {
                continue;
            }
            string part = text[start..at];
            if (hops.Count > 0 && TryReadPort(part, out _))
            {
                hops[^1] += ":" + part;
            }
            else
            {
                hops.Add(part);
            }
            start = at + 1;
        }
        return hops;
    }

    /// <summary><c>[host]:port</c>, <c>domain</c>, <c>domain:port</c>, and of LMTP also <c>unix:/path</c>, <c>inet:host:port</c>, <c>/path</c>.</summary>
    private static TransportValue ReadHop(string text, HopProtocol protocol)
    {
        if (text.Length == 0)
        {
            return protocol == HopProtocol.Lmtp ? Wrong(text) : new TransportValue(TransportKind.Relay, text);
        }
        if (text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) || text[0] == '/')
        {
            string path = text[0] == '/' ? text : text[5..].Trim();
            return path.StartsWith('/') ? Relay(new NextHop { Socket = path, Protocol = protocol })
                : new TransportValue(TransportKind.Wrong, $"\"{text}\": the path of a socket begins with a slash");
        }
        string host = text.StartsWith("inet:", StringComparison.OrdinalIgnoreCase) ? text[5..].Trim() : text;
        int? port = null;
        int end = host.LastIndexOf(']');
        int colon = host.IndexOf(':', Math.Max(end, 0));
        if (colon >= 0)
        {
            if (!TryReadPort(host[(colon + 1)..], out int given))
            {
                return Wrong(text);
            }
            port = given;
            host = host[..colon];
        }
        bool isFixed = host.StartsWith('[') && host.EndsWith(']');
        string name = (isFixed ? host[1..^1] : host).Trim();
        if (isFixed && name.StartsWith("ipv6:", StringComparison.OrdinalIgnoreCase))
        {
            name = name[5..];
        }
        bool isAddress = System.Net.IPAddress.TryParse(name, out _);
        if (!isAddress && (!MailPath.TryCreate("x", name.TrimEnd('.'), out MailPath? valid) || !MailDomain.TryNormalize(valid.Domain, out name)))
        {
            return Wrong(text);
        }
        return Relay(isFixed || isAddress || protocol == HopProtocol.Lmtp
            ? new NextHop { Host = name, Port = port, Protocol = protocol }
            : new NextHop { Domain = name, Port = port, Protocol = protocol });
    }

    private static bool TryReadPort(string text, out int port)
    {
        port = text.ToLowerInvariant() switch
        {
            "smtp" => 25,
            "lmtp" => 24,
            "submission" => 587,
            "submissions" or "smtps" => 465,
            _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0,
        };
        return port is > 0 and <= 65535;
    }

    private static TransportValue Relay(NextHop hop) => new(TransportKind.Relay, hop.ToString()) { Hop = hop };

    private static TransportValue Wrong(string text) => new(TransportKind.Wrong, $"\"{text}\" is no host, [host], or one of them with a port");
}
