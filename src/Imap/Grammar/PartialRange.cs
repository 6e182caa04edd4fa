using System.Text;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// Some of a result, by position. partial-range = partial-range-first / partial-range-last; partial-range-first = nz-number ":" nz-number;
/// partial-range-last = MINUS nz-number ":" MINUS nz-number — RFC 9394 §4.
/// </summary>
/// <param name="First">The nearer end, counted from 1.</param>
/// <param name="Last">The farther end; both are in it.</param>
/// <param name="IsFromEnd">Counted from the end of the result: -1 is the last.</param>
/// <param name="Text">As it was written: the answer repeats it.</param>
internal sealed record PartialRange(uint First, uint Last, bool IsFromEnd, string Text)
{
    /// <summary>How many it asks for.</summary>
    public long Span => (long)Last - First + 1;

    /// <summary>"PARTIAL" has been read; here from the space behind it.</summary>
    public static bool TryParse(ImapArguments arguments, out PartialRange? range)
    {
        range = null;
        if (!arguments.TrySpace() || !arguments.TryAtom(out ReadOnlyMemory<byte> atom))
        {
            return false;
        }
        ReadOnlySpan<byte> text = atom.Span;
        int at = 0;
        if (!TryEnd(text, ref at, out uint one, out bool isOneNegative) || at == text.Length || text[at++] != (byte)':'
            || !TryEnd(text, ref at, out uint other, out bool isOtherNegative) || at < text.Length || isOneNegative != isOtherNegative)
        {
            return arguments.Missing("a range such as 1:100 or -1:-100");
        }
        range = new PartialRange(Math.Min(one, other), Math.Max(one, other), isOneNegative, Encoding.ASCII.GetString(text));
        return true;
    }

    /// <summary>The positions that it means in a result of so many: where it starts, and how many there are.</summary>
    public (int Start, int Count) Of(int count)
    {
        long last = Math.Min(Last, count);
        long length = Math.Max(0, last - First + 1);
        return ((int)(length == 0 ? 0 : IsFromEnd ? count - last : First - 1), (int)length);
    }

    private static bool TryEnd(ReadOnlySpan<byte> text, ref int at, out uint number, out bool isNegative)
    {
        isNegative = at < text.Length && text[at] == (byte)'-';
        at += isNegative ? 1 : 0;
        return ImapNumbers.TryParse(text, ref at, out number) && number > 0;
    }
}
