using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace MailAccess.Auth.OAuth;

/// <summary>A public key of an issuer — RFC 7517 §4, RFC 7518 §6. Immutable; the platform's key is made for each use.</summary>
internal sealed class JsonWebKey
{
    /// <summary>RFC 7518 §3.3: a key of 2048 bits or larger.</summary>
    private const int RsaBitsMin = 2048;

    /// <summary>More only costs time.</summary>
    private const int RsaBitsMax = 16_384;

    private readonly string _type;
    private readonly string? _algorithm;
    private readonly string _curve;
    private readonly byte[] _first; // n, or x
    private readonly byte[] _second; // e, or y

    private JsonWebKey(string? id, string type, string? algorithm, string curve, byte[] first, byte[] second)
    {
        Id = id;
        _type = type;
        _algorithm = algorithm;
        _curve = curve;
        _first = first;
        _second = second;
    }

    /// <summary>kid, or null.</summary>
    public string? Id { get; }

    /// <summary>
    /// The keys of a set that can verify; a key that is not understood is passed over, RFC 7517 §5. Null where this is no key set.
    /// </summary>
    public static IReadOnlyList<JsonWebKey>? ReadSet(JsonElement set, int keysMax) =>
        set.ValueKind == JsonValueKind.Object && set.TryGetProperty("keys", out JsonElement keys) && keys.ValueKind == JsonValueKind.Array
            ? [.. keys.EnumerateArray().Take(keysMax).Select(Read).OfType<JsonWebKey>()] : null;

    /// <summary>Whether the key, and not only the token, allows this algorithm: RFC 8725 §3.1.</summary>
    public bool Serves(string algorithm) =>
        _type == JwtAlgorithms.KeyTypeOf(algorithm) && (_algorithm is null || _algorithm == algorithm)
        && (_type == "RSA" || _curve == JwtAlgorithms.CurveOf(algorithm));

    public bool Verifies(string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        try
        {
            HashAlgorithmName hash = JwtAlgorithms.HashOf(algorithm);
            if (_type == "RSA")
            {
                using var rsa = RSA.Create(new RSAParameters { Modulus = _first, Exponent = _second });
                return rsa.VerifyData(signed, signature, hash, JwtAlgorithms.PaddingOf(algorithm));
            }
            using var ecdsa = ECDsa.Create(new ECParameters { Curve = JwtAlgorithms.Named(_curve), Q = new ECPoint { X = _first, Y = _second } });
            return ecdsa.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation); // RFC 7518 §3.4
        }
        catch (CryptographicException)
        {
            return false; // No point of the curve, no modulus.
        }
    }

    private static JsonWebKey? Read(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || OAuthJson.TextOf(key, "use") is not (null or "sig") || !MayVerify(key))
        {
            return null;
        }
        string type = OAuthJson.TextOf(key, "kty") ?? "";
        string curve = OAuthJson.TextOf(key, "crv") ?? "";
        bool isRsa = type == "RSA";
        bool isEllipticCurve = type == "EC" && curve is "P-256" or "P-384" or "P-521";
        if (!(isRsa || isEllipticCurve) || !TryOctets(key, isRsa ? "n" : "x", out byte[] first) || !TryOctets(key, isRsa ? "e" : "y", out byte[] second)
            || (isRsa && first.Length * 8 is < RsaBitsMin or > RsaBitsMax))
        {
            return null;
        }
        return new JsonWebKey(OAuthJson.TextOf(key, "kid"), type, OAuthJson.TextOf(key, "alg"), curve, first, second);
    }

    /// <summary>key_ops — RFC 7517 §4.3.</summary>
    private static bool MayVerify(JsonElement key) =>
        !key.TryGetProperty("key_ops", out JsonElement operations)
        || (operations.ValueKind == JsonValueKind.Array
            && operations.EnumerateArray().Any(o => o.ValueKind == JsonValueKind.String && o.ValueEquals("verify")));

    private static bool TryOctets(JsonElement key, string member, out byte[] octets)
    {
        octets = [];
        if (OAuthJson.TextOf(key, member) is not { Length: > 0 } text || !Base64Url.IsValid(text))
        {
            return false;
        }
        octets = Base64Url.DecodeFromChars(text);
        return octets.Length > 0;
    }
}
