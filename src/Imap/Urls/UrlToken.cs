using System.Security.Cryptography;

namespace MailAccess.Imap.Urls;

/// <summary>
/// The authorization token of the INTERNAL mechanism: an octet for the algorithm, so that another may come (RFC 4467 §2.4.1), and its result.
/// </summary>
internal static class UrlToken
{
    /// <summary>The mechanism; the only one. RFC 4467 §2.4.1.</summary>
    public const string Mechanism = "INTERNAL";

    /// <summary>HMAC-SHA-256 by the access key of the URL's owner to the mailbox, which also knows its identity and UIDVALIDITY.</summary>
    private const byte HmacSha256 = 1;

    /// <summary>enc-urlauth = 32*HEXDIG — RFC 5092 §11.</summary>
    public static string Format(ReadOnlySpan<byte> signature) => Convert.ToHexStringLower([HmacSha256, .. signature]);

    /// <summary>How long it takes says nothing of where they differ.</summary>
    public static bool Matches(ReadOnlySpan<byte> token, ReadOnlySpan<byte> signature) =>
        CryptographicOperations.FixedTimeEquals(token, [HmacSha256, .. signature]);

    /// <summary>Where no mailbox is found, as much work as where there is one: RFC 4467 §6.</summary>
    public static void Pretend(ReadOnlySpan<byte> token, ReadOnlySpan<byte> rump) =>
        _ = Matches(token, HMACSHA256.HashData(RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes), rump));
}
