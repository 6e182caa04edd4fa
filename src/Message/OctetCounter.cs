using System.Numerics;
using System.Runtime.CompilerServices;

namespace MailAccess.Message;

/// <summary>Counts octets as they came, as they are with every line end as CRLF, and line ends, across pieces.</summary>
internal sealed class OctetCounter
{
    private bool _endsInCarriageReturn;

    public long RawOctets { get; private set; }

    public long CrlfOctets { get; private set; }

    public long Lines { get; private set; }

    public void Count(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
        {
            return;
        }
        int lineFeeds = octets.Count((byte)'\n');
        if (lineFeeds > 0)
        {
            int pairs = CountPairs(octets) + (_endsInCarriageReturn && octets[0] == '\n' ? 1 : 0);
            CrlfOctets += lineFeeds - pairs;
            Lines += lineFeeds;
        }
        CrlfOctets += octets.Length;
        RawOctets += octets.Length;
        _endsInCarriageReturn = octets[^1] == '\r';
    }

    /// <summary>
    /// How often CR LF stands there. Three times as fast as counting the two as a string, which is what the parser would
    /// otherwise spend its time on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Never compiled ahead, and useless before it is optimised.
    private static int CountPairs(ReadOnlySpan<byte> octets)
    {
        const int RoundsMax = 255; // As many as a lane of one octet can count.
        int pairs = 0;
        int i = 0;
        Vector<byte> carriageReturns = new((byte)'\r');
        Vector<byte> lineFeeds = new((byte)'\n');
        while (i + Vector<byte>.Count < octets.Length)
        {
            Vector<byte> lanes = Vector<byte>.Zero;
            for (int round = 0; round < RoundsMax && i + Vector<byte>.Count < octets.Length; round++, i += Vector<byte>.Count)
            {
                // A hit is all ones, which is minus one.
                lanes -= Vector.Equals(new Vector<byte>(octets[i..]), carriageReturns)
                    & Vector.Equals(new Vector<byte>(octets[(i + 1)..]), lineFeeds);
            }
            Vector.Widen(lanes, out Vector<ushort> low, out Vector<ushort> high);
            pairs += Vector.Sum(low + high);
        }
        return pairs + octets[i..].Count("\r\n"u8);
    }
}
