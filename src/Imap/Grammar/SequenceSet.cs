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
/// sequence-set =/ seq-last-command; seq-last-command = "$" — RFC 5182 §3: it can only stand last.
/// </summary>
internal sealed class SequenceSet
{
    /// <summary>Stands for <c>*</c>; 0 is no nz-number.</summary>
    private const uint Largest = 0;

    private readonly (uint From, uint To)[] _ranges;

    private SequenceSet((uint From, uint To)[] ranges, bool hasSaved)
    {
        _ranges = ranges;
        HasSaved = hasSaved;
    }

    /// <summary><c>$</c> is in it: what the last SEARCH saved.</summary>
    public bool HasSaved { get; }

    /// <summary>Numbers are in it, beside <c>$</c> or alone.</summary>
    public bool HasNumbers => _ranges.Length > 0;

    /// <summary>All of it is written out: no <c>*</c>, no <c>$</c>.</summary>
    public bool IsFixed => !HasSaved && !Array.Exists(_ranges, r => r.From == Largest || r.To == Largest);

    /// <summary>No number is lower than the one before it. Of a fixed set.</summary>
    public bool IsAscending
    {
        get
        {
            ulong last = 0;
            foreach ((uint from, uint to) in _ranges)
            {
                if (from <= last || to < from)
                {
                    return false;
                }
                last = to;
            }
            return true;
        }
    }

    /// <summary>How many numbers the ranges span. Of an ascending set.</summary>
    public long NumbersCount => _ranges.Sum(r => (long)r.To - r.From + 1);

    /// <summary>The numbers one by one, which may be very many. Of an ascending set.</summary>
    public IEnumerable<uint> Numbers()
    {
        foreach ((uint from, uint to) in _ranges)
        {
            for (ulong number = from; number <= to; number++)
            {
                yield return (uint)number;
            }
        }
    }

    /// <summary>Reads the longest sequence-set at the start; false where there is none or it has too many ranges.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int rangesMax, out SequenceSet? set, out int length)
    {
        List<(uint From, uint To)> ranges = [];
        set = null;
        length = 0;
        while (ranges.Count < rangesMax)
        {
            if (length < text.Length && text[length] == (byte)'$')
            {
                length++;
                set = new SequenceSet([.. ranges], hasSaved: true);
                return true;
            }
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
                set = new SequenceSet([.. ranges], hasSaved: false);
                return true;
            }
            length++;
        }
        return false;
    }

    /// <summary>
    /// The messages of the view that are meant, with those that <c>$</c> stands for. False where a sequence number is greater than the
    /// number of messages, also as <c>*</c> in an empty mailbox: BAD (RFC 3501 §9, seq-number). UIDs that no message has are passed over.
    /// </summary>
    public bool TryResolve(MailboxSnapshot view, Numbering numbering, UidSet saved, out IndexRanges indices)
    {
        bool isKnown = numbering == Numbering.Uid || Array.TrueForAll(_ranges, r => IsIn(view, r.From) && IsIn(view, r.To));
        indices = isKnown ? Resolve(view, numbering, saved) : IndexRanges.Empty;
        return isKnown;
    }

    /// <summary>The same for searches, which numbers beyond the mailbox only find nothing in: RFC 7377 §2.</summary>
    public IndexRanges Resolve(MailboxSnapshot view, Numbering numbering, UidSet saved)
    {
        // It means the same messages by number and by UID; what was expunged since is no more in it. RFC 5182 §2.1.
        IndexRanges known = HasSaved ? IndexRanges.Of(view, saved) : IndexRanges.Empty;
        if (view.Count == 0 || _ranges.Length == 0)
        {
            return known;
        }
        // 3291:* includes the last message, even if its UID is less than 3291 (RFC 3501 §9, seq-range).
        uint highest = numbering == Numbering.Uid ? view[view.Count - 1].Uid.Value : (uint)view.Count;
        (uint First, uint Last)[] numbers = [.. _ranges.Select(r => (From: r.From == Largest ? highest : r.From, To: r.To == Largest ? highest : r.To))
            .Select(r => (Math.Min(r.From, r.To), Math.Max(r.From, r.To)))];
        IndexRanges named = numbering == Numbering.Uid
            ? IndexRanges.Of(view, UidSet.FromRanges(numbers.Select(r => (new Uid(r.First), new Uid(r.Last)))))
            : IndexRanges.FromRanges([.. numbers.Where(r => r.First <= highest).Select(r => ((int)r.First - 1, (int)Math.Min(r.Last, highest) - 1))]);
        return HasSaved ? named.Union(known) : named;
    }

    /// <summary>
    /// The UIDs that are meant, whether messages have them or had them: <c>*</c> reaches from the highest that is there to the highest
    /// that was ever there, since it was that to a client which has not heard of what went. <c>$</c> means only messages that are there.
    /// </summary>
    public UidSet ToUids(MailboxSnapshot view)
    {
        uint given = Math.Max(view.UidNext.Value - 1, 1);
        uint present = view.Count > 0 ? view[view.Count - 1].Uid.Value : given;
        List<(Uid First, Uid Last)> uids = new(_ranges.Length);
        foreach ((uint from, uint to) in _ranges)
        {
            bool hasLargest = from == Largest || to == Largest;
            uint first = Math.Min(from == Largest ? present : from, to == Largest ? present : to);
            uint last = Math.Max(Math.Max(from, to), hasLargest ? given : 0);
            uids.Add((new Uid(first), new Uid(last)));
        }
        return UidSet.FromRanges(uids);
    }

    /// <summary>
    /// What it means for as long as the mailbox is selected: sequence numbers, <c>$</c> and a lone <c>*</c> stand for the messages that
    /// they name now (RFC 5267 §4.3); <c>7:*</c> as UIDs goes on to whatever comes.
    /// </summary>
    public UidSet Freeze(MailboxSnapshot view, Numbering numbering, UidSet saved)
    {
        UidSet now = Resolve(view, numbering, saved).ToUids(view);
        IEnumerable<(uint From, uint To)> lasting = numbering == Numbering.Sequence ? []
            : _ranges.Where(r => r.From != Largest || r.To != Largest).Select(r => r.From == Largest ? (r.To, r.From) : r);
        return UidSet.FromRanges([.. now, .. lasting.Select(r => (new Uid(r.From), new Uid(r.To == Largest ? uint.MaxValue : r.To)))]);
    }

    private static bool IsIn(MailboxSnapshot view, uint number) => number == Largest ? view.Count > 0 : number <= (uint)view.Count;

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
