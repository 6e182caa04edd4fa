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

    /// <summary>Adds what is newer than all that is known: a commit that comes twice is taken once. False where all was known.</summary>
    public bool Add(IEnumerable<VanishedUids> entries)
    {
        ModSeq last = _entries.Count > 0 ? _entries[^1].ModSeq : Floor;
        int count = _entries.Count;
        _entries.AddRange(entries.Where(e => e.ModSeq > last));
        return _entries.Count > count;
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
        return gone.Intersect(Absent(now, among)); // What is there has not vanished, whatever an old copy of a file says.
    }

    private static UidSet Absent(MailboxSnapshot now, UidSet? among) => among is null ? now.AbsentUids() : now.AbsentUids().Intersect(among);
}
