using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailAccess.Auth.OAuth;
using MailAccess.Testing;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>An issuer of JSON Web Tokens with an RSA key <c>r1</c> and EC keys <c>e256</c>, <c>e384</c>, <c>e521</c>, who is asked for its keys over a handler.</summary>
internal sealed class TokenIssuer : HttpMessageHandler
{
    public const string Name = "https://login.example.test";

    /// <summary>Made once: a key of RSA takes its time.</summary>
    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly Dictionary<string, ECDsa> Curves = new()
    {
        ["e256"] = ECDsa.Create(ECCurve.NamedCurves.nistP256),
        ["e384"] = ECDsa.Create(ECCurve.NamedCurves.nistP384),
        ["e521"] = ECDsa.Create(ECCurve.NamedCurves.nistP521),
    };

    public TokenIssuer() => Keys = [RsaKey("r1"), .. Curves.Select(c => EcKey(c.Key, c.Value))];

    public ManualTimeProvider Clock { get; } = new();

    public CapturedLog Log { get; } = new();

    /// <summary>What the key set holds.</summary>
    public List<JsonObject> Keys { get; }

    public int Fetches { get; private set; }

    public bool IsAway { get; set; }

    public static byte[] RsaModulus => Rsa.ExportParameters(false).Modulus!;

    public OAuthTokens CreateTokens(Func<OAuthOptions, OAuthOptions>? change = null)
    {
        OAuthOptions options = new()
        {
            Jwt = new JwtOptions { Issuer = Name, KeySet = new Uri(Name + "/keys") },
            Audiences = ["mail.example.test", "other"],
        };
        return new OAuthTokens(change is null ? options : change(options), this, Clock, Log);
    }

    /// <summary>Claims of a good token for alice that lasts an hour.</summary>
    public JsonObject Claims() => new()
    {
        ["iss"] = Name,
        ["aud"] = "mail.example.test",
        ["exp"] = Clock.GetUtcNow().ToUnixTimeSeconds() + 3600,
        ["email"] = "alice@example.test",
    };

    public static string Sign(JsonNode claims, string algorithm = "RS256", string? key = "r1", Action<JsonObject>? change = null)
    {
        JsonObject header = new() { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (key is not null)
        {
            header["kid"] = key;
        }
        change?.Invoke(header);
        return SignRaw(header.ToJsonString(), claims.ToJsonString(), algorithm, key);
    }

    public static string SignRaw(string header, string claims, string algorithm = "RS256", string? key = "r1")
    {
        string signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        byte[] octets = Encoding.ASCII.GetBytes(signed);
        var hash = new HashAlgorithmName("SHA" + algorithm[2..]);
        byte[] signature = algorithm[..2] switch
        {
            "ES" => Curves[key!].SignData(octets, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            "PS" => Rsa.SignData(octets, hash, RSASignaturePadding.Pss),
            _ => Rsa.SignData(octets, hash, RSASignaturePadding.Pkcs1),
        };
        return $"{signed}.{Encode(signature)}";
    }

    public static string Encode(ReadOnlySpan<byte> octets) => Base64Url.EncodeToString(octets);

    public static JsonObject RsaKey(string id)
    {
        RSAParameters key = Rsa.ExportParameters(false);
        return new JsonObject { ["kty"] = "RSA", ["kid"] = id, ["use"] = "sig", ["n"] = Encode(key.Modulus), ["e"] = Encode(key.Exponent) };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Fetches++;
        Assert.Equal(HttpMethod.Get, request.Method);
        JsonObject set = new() { ["keys"] = new JsonArray([.. Keys.Select(k => k.DeepClone())]) };
        return Task.FromResult(IsAway
            ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
            : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(set.ToJsonString()) });
    }

    private static JsonObject EcKey(string id, ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(false);
        return new JsonObject { ["kty"] = "EC", ["kid"] = id, ["crv"] = "P-" + id[1..], ["x"] = Encode(parameters.Q.X), ["y"] = Encode(parameters.Q.Y) };
    }
}
