using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Sasl;

/// <summary>The one message in which a client sends its token.</summary>
/// <param name="AuthorizationName">As whom it wants to act; empty: as whoever the token is of.</param>
/// <param name="Token">The bearer token; null where the client sent none: it wants to know where to get one.</param>
internal sealed record OAuthMessage(string AuthorizationName, string? Token)
{
    private const char Separator = '\x01';

    private const string Scheme = "Bearer ";

    /// <summary>b64token — RFC 6750 §2.1.</summary>
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    /// <summary>client-resp = gs2-header kvsep *kvpair kvsep — RFC 7628 §3.1.</summary>
    public static bool TryParseBearer(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out OAuthMessage? message)
    {
        message = null;
        string text = System.Text.Unicode.Utf8.IsValid(octets) ? Encoding.UTF8.GetString(octets) : "";
        int headerEnd = text.IndexOf(Separator, StringComparison.Ordinal);
        // gs2-header = ("n" / "y") "," [ "a=" saslname ] ","     RFC 5801 §4; this mechanism binds no channel.
        string[] header = headerEnd < 0 ? [] : text[..headerEnd].Split(',');
        string name = "";
        if (header is not ["n" or "y", string authorization, ""]
            || (authorization.Length > 0
                && !(authorization.StartsWith("a=", StringComparison.Ordinal) && ScramText.TryDecodeName(authorization[2..], out name)))
            || !TryReadPairs(text[(headerEnd + 1)..], out Dictionary<string, string> pairs)
            || !TryReadToken(pairs, out string? token) || !IsName(name))
        {
            return false;
        }
        message = new OAuthMessage(name, token);
        return true;
    }

    /// <summary>"user=" name kvsep "auth=Bearer " token kvsep kvsep — as Google and Microsoft document XOAUTH2; there is no standard.</summary>
    public static bool TryParseXOAuth2(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out OAuthMessage? message)
    {
        message = null;
        if (!System.Text.Unicode.Utf8.IsValid(octets) || !TryReadPairs(Encoding.UTF8.GetString(octets), out Dictionary<string, string> pairs)
            || !pairs.TryGetValue("user", out string? name) || name.Length == 0 || !IsName(name) || !TryReadToken(pairs, out string? token))
        {
            return false;
        }
        message = new OAuthMessage(name, token);
        return true;
    }

    /// <summary>Never shows the token.</summary>
    public override string ToString() => $"a token for {AuthorizationName}";

    /// <summary>*kvpair kvsep, with kvpair = key "=" value kvsep; unknown keys are ignored, but none may come twice.</summary>
    private static bool TryReadPairs(string text, out Dictionary<string, string> pairs)
    {
        pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] parts = text.Split(Separator);
        // Behind the last separator there is nothing, and nothing between the last two.
        if (parts.Length < 2 || parts[^1].Length > 0 || parts[^2].Length > 0)
        {
            return false;
        }
        foreach (string part in parts[..^2])
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !part[..equals].All(char.IsAsciiLetter) || part.Any(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n'))
                || !pairs.TryAdd(part[..equals], part[(equals + 1)..]))
            {
                return false;
            }
        }
        return true;
    }

    private static bool TryReadToken(Dictionary<string, string> pairs, out string? token)
    {
        token = null;
        if (!pairs.TryGetValue("auth", out string? value) || value.Length == 0)
        {
            return true; // RFC 7628 §4.3: so a client asks for the error that says where tokens are to be had.
        }
        token = value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim(' ') : "";
        return token.Length > 0 && !token.AsSpan().ContainsAnyExcept(TokenCharacters);
    }

    private static bool IsName(string name) => name.Length == 0 || PasswordPreparation.TryGetText(Encoding.UTF8.GetBytes(name), out _);
}
