using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Message;

/// <summary>
/// An objectid of RFC 8474 §3: a letter that says of what, so that no id is all digits (§7), and 128 bits in lower-case
/// hexadecimal digits, so that no two differ by case only.
/// </summary>
public readonly record struct ObjectId(char Prefix, UInt128 Value)
{
    /// <summary>Prefix of EMAILID.</summary>
    public const char EmailPrefix = 'M';

    /// <summary>Prefix of THREADID.</summary>
    public const char ThreadPrefix = 'T';

    /// <summary>Prefix of MAILBOXID.</summary>
    public const char MailboxPrefix = 'F';

    /// <summary>Octets of every id in its ASCII form.</summary>
    public const int Length = 33;

    /// <summary>The id of the mailbox with this identity.</summary>
    public static ObjectId OfMailbox(Guid guid)
    {
        Span<byte> octets = stackalloc byte[16];
        guid.TryWriteBytes(octets, bigEndian: true, out _);
        return new ObjectId(MailboxPrefix, BinaryPrimitives.ReadUInt128BigEndian(octets));
    }

    /// <summary>Writes its <see cref="Length"/> octets.</summary>
    public void Format(Span<byte> destination)
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, Value);
        destination[0] = (byte)Prefix;
        Convert.TryToHexStringLower(octets, destination[1..], out _);
    }

    /// <summary>Reads the form that <see cref="Format"/> writes; other ids are none of ours, and equal to none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ObjectId id)
    {
        id = default;
        if (text.Length != Length || text[1..].ContainsAnyInRange((byte)'A', (byte)'F')
            || !UInt128.TryParse(text[1..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value))
        {
            return false;
        }
        id = new ObjectId((char)text[0], value);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[Length];
        Format(text);
        return Encoding.ASCII.GetString(text);
    }

    /// <summary>The first 128 bits of the SHA-256 of the octets.</summary>
    internal static UInt128 Hash(ReadOnlySpan<byte> octets)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(octets, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
