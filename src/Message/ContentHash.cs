using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MailAccess.Message;

/// <summary>SHA-256 of a message as it is sent, with CRLF line ends, as its octets flow in pieces of any size.</summary>
#pragma warning disable CA1001 // Finish lets the hash go; of a message that never ends its handle's finalizer does.
internal sealed class ContentHash
#pragma warning restore CA1001
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _afterCr;

    /// <param name="octets">The next piece.</param>
    /// <param name="hasBareLf">There is a line end in it without CR; the caller has counted them.</param>
    public void Append(ReadOnlySpan<byte> octets, bool hasBareLf)
    {
        if (octets.IsEmpty)
        {
            return;
        }
        bool endsInCr = octets[^1] == '\r';
        while (hasBareLf && octets.IndexOf((byte)'\n') is int lineFeed and >= 0)
        {
            bool hasCr = lineFeed == 0 ? _afterCr : octets[lineFeed - 1] == '\r';
            _hash.AppendData(octets[..lineFeed]);
            _hash.AppendData(hasCr ? "\n"u8 : "\r\n"u8);
            _afterCr = false;
            octets = octets[(lineFeed + 1)..];
        }
        _hash.AppendData(octets);
        _afterCr = endsInCr;
    }

    /// <summary>After the last octet, once: the first 128 bits.</summary>
    public UInt128 Finish()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        using (_hash)
        {
            _hash.GetHashAndReset(hash);
        }
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
