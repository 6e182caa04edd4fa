using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace MailAccess.Message.Searching;

/// <summary>An ASCII string to look for in octets without regard to case, 32 octets at a time.</summary>
internal sealed class AsciiNeedle
{
    // From rare to frequent in mail: two octets that are rare together make few false starts.
    private const string FromRare = "~`^{}|\\#$%&*+!?;QZJX'\"()[]<>KVW@_:,/YBGPFMUDCLHRSNIOATE9876543210.=- ";

    private readonly byte[] _needle;
    private readonly int _first;
    private readonly int _second;

    /// <summary>Not empty.</summary>
    public AsciiNeedle(ReadOnlySpan<byte> needle)
    {
        _needle = needle.ToArray();
        int[] byRarity = [.. Enumerable.Range(0, _needle.Length).OrderBy(i => Commonness(_needle[i])).ThenBy(i => i)];
        _first = byRarity[0];
        _second = byRarity.Length > 1 ? byRarity[1] : _first;
    }

    public int Length => _needle.Length;

    /// <summary>Where it first stands, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Never compiled ahead, and useless before it is optimised.
    public int IndexIn(ReadOnlySpan<byte> text)
    {
        int last = text.Length - _needle.Length;
        if (last < Vector256<byte>.Count)
        {
            return IndexInShort(text, last);
        }
        Vector256<byte> firstMask = Vector256.Create(MaskOf(_needle[_first]));
        Vector256<byte> firstWanted = Vector256.Create(_needle[_first]) | firstMask;
        Vector256<byte> secondMask = Vector256.Create(MaskOf(_needle[_second]));
        Vector256<byte> secondWanted = Vector256.Create(_needle[_second]) | secondMask;
        ref byte start = ref MemoryMarshal.GetReference(text);
        int lastBlock = last + 1 - Vector256<byte>.Count;
        for (int i = 0; ; i = Math.Min(i + Vector256<byte>.Count, lastBlock))
        {
            // Within the text: i + 31 <= last, and both places are inside the needle.
            Vector256<byte> candidates =
                Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)(i + _first)) | firstMask, firstWanted)
                & Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)(i + _second)) | secondMask, secondWanted);
            if (candidates != Vector256<byte>.Zero)
            {
                for (uint bits = candidates.ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                {
                    int at = i + BitOperations.TrailingZeroCount(bits);
                    if (Ascii.EqualsIgnoreCase(text.Slice(at, _needle.Length), _needle))
                    {
                        return at;
                    }
                }
            }
            if (i == lastBlock)
            {
                return -1;
            }
        }
    }

    private int IndexInShort(ReadOnlySpan<byte> text, int last)
    {
        for (int i = 0; i <= last; i++)
        {
            if (Ascii.EqualsIgnoreCase(text.Slice(i, _needle.Length), _needle))
            {
                return i;
            }
        }
        return -1;
    }

    private static byte MaskOf(byte octet) => char.IsAsciiLetter((char)octet) ? (byte)0x20 : (byte)0;

    private static int Commonness(byte octet)
    {
        int rank = FromRare.IndexOf(char.ToUpperInvariant((char)octet), StringComparison.Ordinal);
        return rank < 0 ? -1 : rank;
    }
}
