using System.Globalization;
using System.Security.Cryptography;

namespace MailAccess.Message;

/// <summary>Makes message identifiers that nobody made before. RFC 5322 §3.6.4</summary>
/// <param name="clock">Makes identifiers of different moments different.</param>
/// <param name="fillRandom">Fills octets at random; null for the system's generator.</param>
public sealed class MessageIdGenerator(TimeProvider clock, Action<byte[]>? fillRandom = null)
{
    private const int RandomOctets = 12;

    /// <summary>msg-id with its angle brackets. A domain that cannot stand there becomes <c>localhost</c>.</summary>
    public string Next(string domain)
    {
        byte[] random = new byte[RandomOctets];
        if (fillRandom is null)
        {
            RandomNumberGenerator.Fill(random);
        }
        else
        {
            fillRandom(random);
        }
        string moment = clock.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);
        return $"<{moment}.{Convert.ToHexStringLower(random)}@{(HeaderText.IsDomain(domain) ? domain : "localhost")}>";
    }
}
