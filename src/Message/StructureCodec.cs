using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>
/// The tree of <see cref="MimePart"/> in a summary: per part type, subtype, transfer encoding, charset (length u8, 255 for
/// null, octets), then six numbers and the count of its parts as LEB128, then the parts.
/// </summary>
internal static class StructureCodec
{
    private const int Null = 255;
    private const int NestingMax = 1_000; // More than any MessageLimits asks for; guards against a damaged cache.

    public static byte[] Encode(MimePart part)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(part, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Null for octets that are no tree.</summary>
    public static MimePart? Decode(ReadOnlySpan<byte> encoded)
    {
        Reader reader = new(encoded);
        MimePart? part = encoded.IsEmpty ? null : reader.ReadPart(0);
        return reader.IsValid && reader.AtEnd ? part : null;
    }

    private static void Write(MimePart part, ArrayBufferWriter<byte> output)
    {
        WriteText(part.Type, output);
        WriteText(part.Subtype, output);
        WriteText(part.TransferEncoding, output);
        WriteText(part.Charset, output);
        WriteNumber(part.HeaderOffset, output);
        WriteNumber(part.HeaderOctets, output);
        WriteNumber(part.BodyOffset, output);
        WriteNumber(part.BodyOctets, output);
        WriteNumber(part.BodyLines, output);
        WriteNumber(part.Parts.Count, output);
        foreach (MimePart child in part.Parts)
        {
            Write(child, output);
        }
    }

    private static void WriteText(string? text, ArrayBufferWriter<byte> output)
    {
        byte[] octets = text is null ? [] : Encoding.Latin1.GetBytes(text.Length < Null ? text : text[..(Null - 1)]);
        output.Write([text is null ? (byte)Null : (byte)octets.Length]);
        output.Write(octets);
    }

    private static void WriteNumber(long number, ArrayBufferWriter<byte> output)
    {
        ulong rest = (ulong)number;
        for (; rest >= 0x80; rest >>= 7)
        {
            output.Write([(byte)(rest | 0x80)]);
        }
        output.Write([(byte)rest]);
    }

    private ref struct Reader(ReadOnlySpan<byte> encoded)
    {
        private ReadOnlySpan<byte> _rest = encoded;

        public bool IsValid { get; private set; } = true;

        public readonly bool AtEnd => _rest.IsEmpty;

        public MimePart? ReadPart(int depth)
        {
            string? type = ReadText();
            string? subtype = ReadText();
            string? encoding = ReadText();
            string? charset = ReadText();
            Span<long> numbers = stackalloc long[6];
            foreach (ref long number in numbers)
            {
                number = ReadNumber();
            }
            long count = numbers[5];
            if (type is null || subtype is null || encoding is null || depth > NestingMax || count > _rest.Length)
            {
                IsValid = false;
                return null;
            }
            List<MimePart> parts = [];
            while (IsValid && parts.Count < count && ReadPart(depth + 1) is MimePart child)
            {
                parts.Add(child);
            }
            return new MimePart
            {
                Type = type,
                Subtype = subtype,
                TransferEncoding = encoding,
                Charset = charset,
                HeaderOffset = numbers[0],
                HeaderOctets = numbers[1],
                BodyOffset = numbers[2],
                BodyOctets = numbers[3],
                BodyLines = numbers[4],
                Parts = parts,
            };
        }

        private string? ReadText()
        {
            if (_rest.IsEmpty || (_rest[0] != Null && _rest.Length <= _rest[0]))
            {
                IsValid = false;
                return null;
            }
            int length = _rest[0];
            if (length == Null)
            {
                _rest = _rest[1..];
                return null;
            }
            string text = Encoding.Latin1.GetString(_rest.Slice(1, length));
            _rest = _rest[(1 + length)..];
            return text;
        }

        private long ReadNumber()
        {
            long number = 0;
            for (int i = 0; i < _rest.Length && i < 9; i++)
            {
                number |= (long)(_rest[i] & 0x7F) << (7 * i);
                if (_rest[i] < 0x80)
                {
                    _rest = _rest[(i + 1)..];
                    return number;
                }
            }
            IsValid = false;
            return 0;
        }
    }
}
