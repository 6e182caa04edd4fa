using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Auth.Passwords;

/// <summary>A key that lives as long as the process and leaves it nowhere; labels keep its uses apart.</summary>
internal sealed class ProcessSecret
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>A short name for these parts, the same as long as the process lives, that cannot be traced back.</summary>
    public UInt128 Fingerprint(string label, params ReadOnlySpan<ReadOnlyMemory<byte>> parts) =>
        BinaryPrimitives.ReadUInt128BigEndian(Compute(label, parts));

    /// <summary>Octets that look random and are the same as long as the process lives.</summary>
    public byte[] Derive(string label, string text, int octets) => Compute(label, [Encoding.UTF8.GetBytes(text)])[..octets];

    private byte[] Compute(string label, ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        Span<byte> length = stackalloc byte[4];
        Append(mac, length, Encoding.UTF8.GetBytes(label));
        foreach (ReadOnlyMemory<byte> part in parts)
        {
            Append(mac, length, part.Span);
        }
        return mac.GetHashAndReset();
    }

    /// <summary>Each part with its length before it: no two lists of parts give the same octets.</summary>
    private static void Append(IncrementalHash mac, Span<byte> length, ReadOnlySpan<byte> part)
    {
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        mac.AppendData(length);
        mac.AppendData(part);
    }
}
