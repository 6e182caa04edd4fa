using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>Whether the numbers of a command are sequence numbers or UIDs: the difference between COPY and UID COPY.</summary>
internal enum Numbering
{
    /// <summary>Sequence numbers of the session's view.</summary>
    Sequence,
    /// <summary>Unique identifiers.</summary>
    Uid,
}

/// <summary>
/// sequence-set = (seq-number / seq-range) *("," sequence-set) — RFC 3501 §9. As written, <c>*</c> not yet resolved.
/// </summary>
internal sealed class SequenceSet
{
    /// <summary>Stands for <c>*</c>; 0 is no nz-number.</summary>
    private const uint Largest = 0;

    private readonly (uint From, uint To)[] _ranges;

    private SequenceSet((uint From, uint To)[] ranges) => _ranges = ranges;

    /// <summary>Reads the longest sequence-set at the start; false where there is none or it has too many ranges.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int rangesMax, out SequenceSet? set, out int length)
    {
        List<(uint From, uint To)> ranges = [];
        set = null;
        length = 0;
        while (ranges.Count < rangesMax)
        {
            if (!TryParseNumber(text, ref length, out uint from))
            {
                return false;
            }
            uint to = from;
            if (length < text.Length && text[length] == (byte)':')
            {
                length++;
                if (!TryParseNumber(text, ref length, out to))
                {
                    return false;
                }
            }
            ranges.Add((from, to));
            if (length >= text.Length || text[length] != (byte)',')
            {
                set = new SequenceSet([.. ranges]);
                return true;
            }
            length++;
        }
        return false;
    }

    /// <summary>
    /// The messages of the view that are meant. False where a sequence number is greater than the number of messages,
    /// also as <c>*</c> in an empty mailbox: BAD (RFC 3501 §9, seq-number). UIDs that no message has are passed over.
    /// </summary>
    public bool TryResolve(MailboxSnapshot view, Numbering numbering, out IndexRanges indices)
    {
        List<(int First, int Last)> found = new(_ranges.Length);
        indices = IndexRanges.Empty;
        foreach ((uint from, uint to) in _ranges)
        {
            if (numbering == Numbering.Sequence)
            {
                uint first = from == Largest ? (uint)view.Count : from;
                uint last = to == Largest ? (uint)view.Count : to;
                if (first == 0 || last == 0 || first > (uint)view.Count || last > (uint)view.Count)
                {
                    return false;
                }
                found.Add(((int)Math.Min(first, last) - 1, (int)Math.Max(first, last) - 1));
            }
            else if (view.Count > 0)
            {
                // 3291:* includes the last message, even if its UID is less than 3291 (RFC 3501 §9, seq-range).
                uint highest = view[view.Count - 1].Uid.Value;
                uint first = from == Largest ? highest : from;
                uint last = to == Largest ? highest : to;
                int start = view.IndexOf(new Uid(Math.Min(first, last)));
                int end = view.IndexOf(new Uid(Math.Max(first, last)));
                start = start < 0 ? ~start : start;
                end = end < 0 ? ~end - 1 : end;
                if (start <= end)
                {
                    found.Add((start, end));
                }
            }
        }
        indices = IndexRanges.FromRanges(found);
        return true;
    }

    private static bool TryParseNumber(ReadOnlySpan<byte> text, ref int at, out uint number)
    {
        number = Largest;
        if (at < text.Length && text[at] == (byte)'*')
        {
            at++;
            return true;
        }
        return ImapNumbers.TryParse(text, ref at, out number) && number != 0;
    }
}
