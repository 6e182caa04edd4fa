using System.Globalization;

namespace MailAccess.Dns;

/// <summary>One TLSA record: what a server's certificate, or one that signed it, must be. RFC 6698 §2.1. The numbers are as they came; what is known of them is the caller's.</summary>
/// <param name="Usage">0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218 §2.1).</param>
/// <param name="Selector">0: the whole certificate; 1: its public key (SubjectPublicKeyInfo).</param>
/// <param name="MatchingType">0: as it is; 1: SHA-256; 2: SHA-512.</param>
/// <param name="Data">What the selected octets, or their digest, must be.</param>
public sealed record TlsaRecord(byte Usage, byte Selector, byte MatchingType, ReadOnlyMemory<byte> Data)
{
    /// <summary>Equal where the octets are.</summary>
    public bool Equals(TlsaRecord? other) =>
        other is not null && (Usage, Selector, MatchingType) == (other.Usage, other.Selector, other.MatchingType) && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add((Usage, Selector, MatchingType));
        hash.AddBytes(Data.Span);
        return hash.ToHashCode();
    }

    /// <summary>As in a master file, without spaces in the data. RFC 6698 §2.2.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Usage} {Selector} {MatchingType} {Convert.ToHexString(Data.Span)}");
}
