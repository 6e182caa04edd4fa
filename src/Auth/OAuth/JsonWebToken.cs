using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace MailAccess.Auth.OAuth;

/// <summary>A signed JSON Web Token taken apart — RFC 7519 §7.2, RFC 7515 §5.2. Nothing of it may be believed before its signature was verified.</summary>
internal sealed class JsonWebToken
{
    private readonly string _signed;
    private readonly byte[] _signature;

    private JsonWebToken(JsonElement header, JsonElement claims, string signed, byte[] signature)
    {
        Header = header;
        Claims = claims;
        _signed = signed;
        _signature = signature;
    }

    public JsonElement Header { get; }

    public JsonElement Claims { get; }

    /// <summary>iss, unverified: good for choosing who is asked about the token.</summary>
    public string? Issuer => OAuthJson.TextOf(Claims, "iss");

    public string? KeyId => OAuthJson.TextOf(Header, "kid");

    /// <summary>False for what is none: some other kind of token, perhaps.</summary>
    public static bool TryParse(string token, [NotNullWhen(true)] out JsonWebToken? parsed)
    {
        parsed = null;
        string[] parts = token.Split('.');
        if (parts.Length != 3 || !TryReadObject(parts[0], out JsonElement header) || !TryReadObject(parts[1], out JsonElement claims)
            || !TryDecode(parts[2], out byte[] signature))
        {
            return false;
        }
        parsed = new JsonWebToken(header, claims, token[..token.LastIndexOf('.')], signature);
        return true;
    }

    /// <summary>The algorithm, if it is one of those allowed and the header asks for nothing that we do not do; else null.</summary>
    public string? FindAlgorithm(IReadOnlyList<string> allowed)
    {
        // crit names what must be understood (RFC 7515 §4.1.11), and typ what else it may be (RFC 8725 §3.11, RFC 9068 §2.1).
        bool isPlain = !Header.TryGetProperty("crit", out _)
            && (!Header.TryGetProperty("typ", out _) || OAuthJson.TextOf(Header, "typ")?.ToUpperInvariant() is "JWT" or "AT+JWT" or "APPLICATION/AT+JWT" or "APPLICATION/JWT");
        // Algorithms' names are compared with case, RFC 7515 §4.1.1; whatever is not allowed does not exist: "none" above all.
        return isPlain && OAuthJson.TextOf(Header, "alg") is { } algorithm && JwtAlgorithms.All.Contains(algorithm, StringComparer.Ordinal)
            && allowed.Contains(algorithm, StringComparer.Ordinal) ? algorithm : null;
    }

    public bool IsSignedBy(JsonWebKey key, string algorithm) =>
        key.Serves(algorithm) && key.Verifies(algorithm, Encoding.ASCII.GetBytes(_signed), _signature);

    private static bool TryReadObject(string part, out JsonElement value)
    {
        value = default;
        return TryDecode(part, out byte[] octets) && OAuthJson.TryReadObject(octets, out value);
    }

    /// <summary>base64url without padding, RFC 7515 §2.</summary>
    private static bool TryDecode(string part, out byte[] octets)
    {
        octets = [];
        if (part.Length == 0 || part.AsSpan().ContainsAny("= \t\r\n") || !Base64Url.IsValid(part))
        {
            return false;
        }
        octets = Base64Url.DecodeFromChars(part);
        return true;
    }
}
