using System.Security.Cryptography;

namespace MailAccess.Auth.OAuth;

/// <summary>
/// Signature algorithms of JSON Web Tokens — RFC 7518 §3. Only those whose verifier holds no secret: with <c>none</c> there is no signature, and with
/// HMAC a public key would be the secret (RFC 8725 §2.1).
/// </summary>
public static class JwtAlgorithms
{
    /// <summary>All that can be chosen.</summary>
    public static IReadOnlyList<string> All { get; } = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    internal static HashAlgorithmName HashOf(string algorithm) => algorithm[2..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    /// <summary>kty — RFC 7518 §6.1: a key is used with the algorithms of its own kind alone.</summary>
    internal static string KeyTypeOf(string algorithm) => algorithm[0] == 'E' ? "EC" : "RSA";

    internal static RSASignaturePadding PaddingOf(string algorithm) => algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    /// <summary>crv — RFC 7518 §3.4: each of the three algorithms has one curve.</summary>
    internal static string CurveOf(string algorithm) => algorithm switch
    {
        "ES256" => "P-256",
        "ES384" => "P-384",
        _ => "P-521",
    };

    internal static ECCurve Named(string curve) => curve switch
    {
        "P-256" => ECCurve.NamedCurves.nistP256,
        "P-384" => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    };
}
