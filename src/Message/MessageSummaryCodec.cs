using System.Buffers.Binary;

namespace MailAccess.Message;

/// <summary>Reads and writes the encoded form of <see cref="MessageSummary"/>.</summary>
internal static class MessageSummaryCodec
{
    private const int HeaderOctets = 2;
    private const int EntryOctets = 5;

    public static byte[] Encode(ReadOnlySpan<MessageSummaryField> kinds, IReadOnlyList<ReadOnlyMemory<byte>> fields)
    {
        int start = HeaderOctets + (fields.Count * EntryOctets);
        byte[] encoded = new byte[start + fields.Sum(f => f.Length)];
        encoded[0] = MessageSummary.Version;
        encoded[1] = checked((byte)fields.Count);
        int position = start;
        for (int i = 0; i < fields.Count; i++)
        {
            Span<byte> entry = encoded.AsSpan(HeaderOctets + (i * EntryOctets), EntryOctets);
            entry[0] = (byte)kinds[i];
            BinaryPrimitives.WriteUInt32LittleEndian(entry[1..], (uint)fields[i].Length);
            fields[i].CopyTo(encoded.AsMemory(position));
            position += fields[i].Length;
        }
        return encoded;
    }

    public static bool IsValid(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length < HeaderOctets || encoded[0] != MessageSummary.Version)
        {
            return false;
        }
        long total = HeaderOctets + (encoded[1] * EntryOctets);
        if (total > encoded.Length)
        {
            return false;
        }
        for (int i = 0; i < encoded[1]; i++)
        {
            total += BinaryPrimitives.ReadUInt32LittleEndian(encoded[(HeaderOctets + (i * EntryOctets) + 1)..]);
        }
        return total == encoded.Length;
    }

    public static bool Has(ReadOnlyMemory<byte> encoded, MessageSummaryField kind)
    {
        ReadOnlySpan<byte> span = encoded.Span;
        for (int i = 0; i < span[1]; i++)
        {
            if (span[HeaderOctets + (i * EntryOctets)] == (byte)kind)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The field's octets; empty where it is absent. The encoded form has been found valid.</summary>
    public static ReadOnlyMemory<byte> Get(ReadOnlyMemory<byte> encoded, MessageSummaryField kind)
    {
        ReadOnlySpan<byte> span = encoded.Span;
        int position = HeaderOctets + (span[1] * EntryOctets);
        for (int i = 0; i < span[1]; i++)
        {
            ReadOnlySpan<byte> entry = span.Slice(HeaderOctets + (i * EntryOctets), EntryOctets);
            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(entry[1..]);
            if (entry[0] == (byte)kind)
            {
                return encoded.Slice(position, length);
            }
            position += length;
        }
        return ReadOnlyMemory<byte>.Empty;
    }
}
