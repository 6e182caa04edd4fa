using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace MailAccess.Imap.Grammar;

/// <summary>Who may use a URL. RFC 4467 §3, RFC 5593 §3.1.</summary>
internal enum UrlAccessKind
{
    /// <summary><c>submit+</c>: a submission server, for this user.</summary>
    Submit,
    /// <summary><c>user+</c>: this user.</summary>
    User,
    /// <summary><c>authuser</c>: whoever has logged in with a name.</summary>
    AuthenticatedUser,
    /// <summary><c>anonymous</c>: whoever has logged in, however.</summary>
    Anonymous,
}

/// <summary>access = ("submit+" enc-user) / ("user+" enc-user) / "authuser" / "anonymous" — RFC 5092 §11.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="User">Behind the plus sign, decoded; else empty.</param>
internal sealed record UrlAccess(UrlAccessKind Kind, string User)
{
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out UrlAccess? access)
    {
        (UrlAccessKind Kind, bool HasUser)? kind =
            UrlText.TryTake(ref text, "submit+"u8) ? (UrlAccessKind.Submit, true)
            : UrlText.TryTake(ref text, "user+"u8) ? (UrlAccessKind.User, true)
            : UrlText.TryTake(ref text, "authuser"u8) ? (UrlAccessKind.AuthenticatedUser, false)
            : UrlText.TryTake(ref text, "anonymous"u8) ? (UrlAccessKind.Anonymous, false)
            : null;
        access = null;
        if (kind is not { } found || text.IsEmpty == found.HasUser || text.ContainsAny(";:@/"u8) || !UrlText.TryDecodeText(text, out string user))
        {
            return false;
        }
        access = new UrlAccess(found.Kind, user);
        return true;
    }
}

/// <summary>iua-verifier = ":" uauth-mechanism ":" enc-urlauth — RFC 5092 §11.</summary>
/// <param name="Mechanism">As written.</param>
/// <param name="Token">128 bits or more.</param>
internal sealed record UrlVerifier(string Mechanism, byte[] Token);

/// <summary>
/// "imap://" iserver "/" imessagepart [[expire] ";URLAUTH=" access [iua-verifier]]: an absolute URL of a message or of a part of one, as it is,
/// to be authorized, or authorized. RFC 5092 §11; RFC 4467 §9.
/// </summary>
internal sealed record AbsoluteUrl
{
    private const int TokenDigitsMin = 32;

    /// <summary>In whose scope the mailbox's name is; null: nobody's. RFC 5092 §3.1.</summary>
    public string? User { get; private init; }

    /// <summary>The server, in lower case.</summary>
    public required string Host { get; init; }

    /// <summary>Of the server; null: 143.</summary>
    public int? Port { get; private init; }

    /// <summary>What it names.</summary>
    public required ImapUrl Message { get; init; }

    /// <summary>Null: authorizes nobody but whoever may read the mailbox.</summary>
    public UrlAccess? Access { get; private init; }

    /// <summary>After this instant it is refused; null: never.</summary>
    public DateTimeOffset? Expires { get; private init; }

    /// <summary>What proves that its owner has authorized it; null: nothing yet.</summary>
    public UrlVerifier? Verifier { get; private init; }

    /// <summary>The URL up to its verifier, exactly as it was written: what is signed. RFC 4467 §6.</summary>
    public required ReadOnlyMemory<byte> Rump { get; init; }

    public static bool TryParse(ReadOnlyMemory<byte> url, ImapLimits limits, [NotNullWhen(true)] out AbsoluteUrl? parsed)
    {
        parsed = null;
        ReadOnlySpan<byte> text = url.Span;
        if (!UrlText.IsUrl(text) || !UrlText.TryTake(ref text, "imap://"u8) || !TryTakeServer(ref text, out (string? User, string Host, int? Port) server))
        {
            return false;
        }
        // A semicolon in a name is percent-encoded: the first of these is no part of what is before it.
        int end = UrlText.IndexOf(text, ";URLAUTH="u8);
        ReadOnlySpan<byte> path = end < 0 ? text : text[..end];
        ReadOnlySpan<byte> authorization = end < 0 ? default : text[(end + ";URLAUTH=".Length)..];
        DateTimeOffset? expires = null;
        if (end >= 0 && UrlText.IndexOf(path, ";EXPIRE="u8) is var at and >= 0)
        {
            if (!TryParseInstant(path[(at + ";EXPIRE=".Length)..], out DateTimeOffset instant))
            {
                return false;
            }
            path = path[..at];
            expires = instant;
        }
        UrlAccess? access = null;
        UrlVerifier? verifier = null;
        ReadOnlyMemory<byte> rump = url;
        if (end >= 0)
        {
            int colon = authorization.IndexOf((byte)':');
            if (!UrlAccess.TryParse(colon < 0 ? authorization : authorization[..colon], out access)
                || (colon >= 0 && !TryParseVerifier(authorization[(colon + 1)..], out verifier)))
            {
                return false;
            }
            rump = colon < 0 ? url : url[..^(authorization.Length - colon)];
        }
        if (!ImapUrl.TryParsePath(path, limits, takesPartial: true, out ImapUrl? message))
        {
            return false;
        }
        parsed = new AbsoluteUrl
        {
            User = server.User,
            Host = server.Host,
            Port = server.Port,
            Message = message,
            Access = access,
            Expires = expires,
            Verifier = verifier,
            Rump = rump,
        };
        return true;
    }

    /// <summary>
    /// iserver "/" with iserver = [iuserinfo "@"] host [":" port] and iuserinfo = enc-user [iauth] / [enc-user] iauth. How whoever resolves the URL
    /// were to log in (iauth) is of no use here.
    /// </summary>
    private static bool TryTakeServer(ref ReadOnlySpan<byte> text, out (string? User, string Host, int? Port) server)
    {
        server = (null, "", null);
        int slash = text.IndexOf((byte)'/');
        if (slash < 1)
        {
            return false;
        }
        ReadOnlySpan<byte> authority = text[..slash];
        text = text[(slash + 1)..];
        if (authority.IndexOf((byte)'@') is var at and >= 0)
        {
            ReadOnlySpan<byte> user = authority[..at];
            authority = authority[(at + 1)..];
            if (UrlText.IndexOf(user, ";AUTH="u8) is var auth and >= 0)
            {
                ReadOnlySpan<byte> mechanism = user[(auth + ";AUTH=".Length)..];
                user = user[..auth];
                if (mechanism.IsEmpty || mechanism.ContainsAny(";:@"u8))
                {
                    return false;
                }
            }
            else if (user.IsEmpty)
            {
                return false;
            }
            if (user.ContainsAny(";:"u8) || !UrlText.TryDecodeText(user, out string name))
            {
                return false;
            }
            server.User = name.Length == 0 ? null : name;
        }
        if (authority.IndexOf((byte)':') is var colon and >= 0)
        {
            if (!int.TryParse(authority[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is 0 or > ushort.MaxValue)
            {
                return false;
            }
            server.Port = port;
            authority = authority[..colon];
        }
        server.Host = Encoding.ASCII.GetString(authority).ToLowerInvariant();
        return !authority.IsEmpty && !authority.ContainsAny("@;%"u8);
    }

    private static bool TryParseVerifier(ReadOnlySpan<byte> text, [NotNullWhen(true)] out UrlVerifier? verifier)
    {
        verifier = null;
        int colon = text.IndexOf((byte)':');
        ReadOnlySpan<byte> token = colon < 0 ? default : text[(colon + 1)..];
        if (colon < 1 || !IsMechanism(text[..colon]) || token.Length < TokenDigitsMin)
        {
            return false;
        }
        byte[] octets = new byte[token.Length / 2];
        bool isHexadecimal = token.Length % 2 == 0 && Convert.FromHexString(token, octets, out _, out _) == System.Buffers.OperationStatus.Done;
        verifier = new UrlVerifier(Encoding.ASCII.GetString(text[..colon]), octets);
        return isHexadecimal;
    }

    /// <summary>uauth-mechanism = "INTERNAL" / 1*(ALPHA / DIGIT / "-" / ".") — RFC 5092 §11.</summary>
    private static bool IsMechanism(ReadOnlySpan<byte> text)
    {
        foreach (byte octet in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'.'))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>date-time = full-date "T" full-time — RFC 3339 §5.6. Fractions of a second are dropped: it ends that much earlier.</summary>
    private static bool TryParseInstant(ReadOnlySpan<byte> octets, out DateTimeOffset instant)
    {
        const string Pattern = "yyyy-MM-ddTHH:mm:ss";
        instant = default;
        string text = Encoding.ASCII.GetString(octets).ToUpperInvariant();
        if (text.Length <= Pattern.Length)
        {
            return false;
        }
        // time-second goes up to 60, in the minute of a leap second: §5.7.
        string stamp = text[..Pattern.Length];
        stamp = stamp.EndsWith(":60", StringComparison.Ordinal) ? stamp[..^2] + "59" : stamp;
        string zone = text[Pattern.Length..];
        if (zone[0] == '.')
        {
            int digits = zone.AsSpan(1).IndexOfAnyExceptInRange('0', '9');
            if (digits < 1)
            {
                return false;
            }
            zone = zone[(1 + digits)..];
        }
        return DateTime.TryParseExact(stamp, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)
            && TryParseZone(zone, out TimeSpan offset) && TryShift(time, offset, out instant);
    }

    /// <summary>time-offset = "Z" / ("+" / "-") time-hour ":" time-minute</summary>
    private static bool TryParseZone(string zone, out TimeSpan offset)
    {
        offset = default;
        if (zone == "Z")
        {
            return true;
        }
        if (zone.Length != 6 || zone[0] is not ('+' or '-') || !TimeSpan.TryParseExact(zone[1..], @"hh\:mm", CultureInfo.InvariantCulture, out offset))
        {
            return false;
        }
        offset = zone[0] == '-' ? -offset : offset;
        return true;
    }

    private static bool TryShift(DateTime local, TimeSpan offset, out DateTimeOffset instant)
    {
        long ticks = local.Ticks - offset.Ticks;
        bool isThere = ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks;
        instant = isThere ? new DateTimeOffset(ticks, TimeSpan.Zero) : default;
        return isThere;
    }
}
