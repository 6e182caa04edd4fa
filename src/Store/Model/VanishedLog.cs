namespace MailAccess.Store.Model;

/// <summary>UIDs that went with one commit.</summary>
internal readonly record struct VanishedUids(ModSeq ModSeq, Uid First, Uid Last)
{
    /// <summary>The commit's expunged UIDs, which ascend, as ranges.</summary>
    public static IEnumerable<VanishedUids> Of(ModSeq modSeq, IEnumerable<Uid> uids) =>
        UidSet.FromUids(uids).Select(r => new VanishedUids(modSeq, r.First, r.Last));
}

/// <summary>
/// Which UIDs were expunged when, for VANISHED (RFC 7162 §3.2.10). Bounded: what was forgotten is at or below the floor.
/// </summary>
/// <remarks>Not thread-safe. Entries ascend by mod-sequence; a commit is in it whole or not at all.</remarks>
internal sealed class VanishedLog(ModSeq floor)
{
    private readonly List<VanishedUids> _entries = [];

    /// <summary>Nothing is known of commits up to this one.</summary>
    public ModSeq Floor { get; private set; } = floor;

    public IReadOnlyList<VanishedUids> Entries => _entries;

    /// <summary>Adds what is newer than all that is known: a commit that comes twice is taken once.</summary>
    public void Add(IEnumerable<VanishedUids> entries)
    {
        ModSeq last = _entries.Count > 0 ? _entries[^1].ModSeq : Floor;
        _entries.AddRange(entries.Where(e => e.ModSeq > last));
    }

    /// <summary>Forgets the older half where there are too many.</summary>
    public void Trim(int entriesMax)
    {
        if (_entries.Count > entriesMax)
        {
            Floor = _entries[_entries.Count - (entriesMax / 2) - 1].ModSeq;
            _entries.RemoveAll(e => e.ModSeq <= Floor);
        }
    }

    /// <summary>
    /// UIDs expunged after the mod-sequence. Where that is too long ago, all that the mailbox does not have: RFC 7162 §3.2.5.2 lets a
    /// server name UIDs that the client may have heard of, or never had.
    /// </summary>
    public UidSet Since(ModSeq since, UidSet? among, MailboxSnapshot now)
    {
        if (since < Floor)
        {
            return Absent(now, among);
        }
        UidSet gone = UidSet.FromRanges(_entries.Where(e => e.ModSeq > since).Select(e => (e.First, e.Last)));
        return Intersect(gone, Absent(now, among)); // What is there has not vanished, whatever an old copy of a file says.
    }

    /// <summary>UIDs below UIDNEXT that no message has.</summary>
    public static UidSet Absent(MailboxSnapshot now, UidSet? among)
    {
        List<(Uid First, Uid Last)> gaps = [];
        uint next = 1;
        for (int i = 0; i <= now.Count; i++)
        {
            uint uid = i < now.Count ? now[i].Uid.Value : now.UidNext.Value;
            if (uid > next)
            {
                gaps.Add((new Uid(next), new Uid(uid - 1)));
            }
            next = uid + 1;
        }
        UidSet absent = UidSet.FromRanges(gaps);
        return among is null ? absent : Intersect(absent, among);
    }

    private static UidSet Intersect(UidSet left, UidSet right)
    {
        List<(Uid First, Uid Last)> common = [];
        using IEnumerator<(Uid First, Uid Last)> a = left.GetEnumerator();
        using IEnumerator<(Uid First, Uid Last)> b = right.GetEnumerator();
        bool hasBoth = a.MoveNext() && b.MoveNext();
        while (hasBoth)
        {
            Uid first = a.Current.First > b.Current.First ? a.Current.First : b.Current.First;
            Uid last = a.Current.Last < b.Current.Last ? a.Current.Last : b.Current.Last;
            if (first <= last)
            {
                common.Add((first, last));
            }
            hasBoth = a.Current.Last <= b.Current.Last ? a.MoveNext() : b.MoveNext();
        }
        return UidSet.FromRanges(common);
    }
}
