using System.Runtime.InteropServices;
using System.Text;

namespace MailAccess.Message.Folding;

/// <summary>
/// What each code point is compared as, and its canonical combining class: a table made from the Unicode Character Database by
/// <c>tools/casemap.py</c>, since the framework has neither decomposition nor this case mapping in invariant mode.
/// </summary>
internal sealed class CaseMap
{
    private const uint Magic = 0x4D43_414D;
    private const int BlockBits = 6;
    private const int EndOfTable = 0x3_0000;
    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11_172;

    private readonly ushort[] _blockOf;
    private readonly ushort[] _entries;
    private readonly uint[] _starts;
    private readonly char[] _pool;
    private readonly uint[] _classRuns;

    private CaseMap(ReadOnlySpan<byte> data)
    {
        if (MemoryMarshal.Read<uint>(data) != Magic)
        {
            throw new InvalidDataException("casemap.bin is not what tools/casemap.py writes.");
        }
        int blocks = MemoryMarshal.Read<int>(data[8..]);
        int units = MemoryMarshal.Read<int>(data[12..]);
        data = data[20..];
        _blockOf = Take<ushort>(ref data, EndOfTable >> BlockBits);
        _entries = Take<ushort>(ref data, blocks << BlockBits);
        _starts = Take<uint>(ref data, Take<int>(ref data, 1)[0]);
        _pool = Take<char>(ref data, units);
        _classRuns = Take<uint>(ref data, 2 * Take<int>(ref data, 1)[0]);
    }

    public static CaseMap Instance { get; } = Load();

    /// <summary>Writes what the code point is compared as; at most <see cref="CharsMax"/> characters.</summary>
    public int Map(int codePoint, Span<char> destination)
    {
        if ((uint)(codePoint - HangulFirst) < HangulCount)
        {
            return MapHangul(codePoint - HangulFirst, destination);
        }
        int entry = codePoint < EndOfTable
            ? _entries[(_blockOf[codePoint >> BlockBits] << BlockBits) | (codePoint & ((1 << BlockBits) - 1))]
            : 0;
        if (entry == 0)
        {
            if (codePoint < 0x1_0000)
            {
                destination[0] = (char)codePoint;
                return 1;
            }
            return new Rune(codePoint).EncodeToUtf16(destination);
        }
        uint start = _starts[entry - 1];
        int length = (int)(start & 0xFF);
        _pool.AsSpan((int)(start >> 8), length).CopyTo(destination);
        return length;
    }

    /// <summary>The canonical combining class; 0 for what begins a character.</summary>
    public int ClassOf(int codePoint)
    {
        if (codePoint < 0x300)
        {
            return 0;
        }
        int low = 0;
        int high = (_classRuns.Length / 2) - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (codePoint < _classRuns[2 * middle] >> 8)
            {
                high = middle - 1;
            }
            else if (codePoint > _classRuns[(2 * middle) + 1])
            {
                low = middle + 1;
            }
            else
            {
                return (int)(_classRuns[2 * middle] & 0xFF);
            }
        }
        return 0;
    }

    /// <summary>U+FDFA becomes 18 characters.</summary>
    public const int CharsMax = 18;

    /// <summary>The Unicode Standard, chapter 3.12.</summary>
    private static int MapHangul(int syllable, Span<char> destination)
    {
        destination[0] = (char)(0x1100 + (syllable / 588));
        destination[1] = (char)(0x1161 + (syllable % 588 / 28));
        if (syllable % 28 == 0)
        {
            return 2;
        }
        destination[2] = (char)(0x11A7 + (syllable % 28));
        return 3;
    }

    private static T[] Take<T>(ref ReadOnlySpan<byte> data, int count)
        where T : unmanaged
    {
        T[] taken = new T[count];
        Span<byte> octets = MemoryMarshal.AsBytes(taken.AsSpan());
        data[..octets.Length].CopyTo(octets);
        data = data[octets.Length..];
        return taken;
    }

    private static CaseMap Load()
    {
        using Stream stream = typeof(CaseMap).Assembly.GetManifestResourceStream("casemap.bin")!;
        byte[] data = new byte[stream.Length];
        stream.ReadExactly(data);
        return new CaseMap(data);
    }
}
