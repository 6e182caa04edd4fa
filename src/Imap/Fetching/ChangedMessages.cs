using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>What has changed after a mod-sequence. RFC 7162 §3.1.4.1, §3.2.5.1, §3.2.6.</summary>
internal static class ChangedMessages
{
    /// <summary>Those of the messages, by index in the view, whose mod-sequence is higher now, or was when they were last there.</summary>
    public static IndexRanges Since(MailboxSnapshot view, MailboxSnapshot latest, IndexRanges targets, ModSeq since)
    {
        List<(int First, int Last)> changed = [];
        for (int range = 0; range < targets.Ranges.Length && since < latest.HighestModSeq; range++)
        {
            (int first, int last) = targets.Ranges[range];
            for (int i = first; i <= last; i++)
            {
                if (FetchRun.Current(view, latest, i, out _).ModSeq <= since)
                {
                    continue;
                }
                if (changed.Count > 0 && changed[^1].Last == i - 1)
                {
                    changed[^1] = (changed[^1].First, i);
                }
                else
                {
                    changed.Add((i, i));
                }
            }
        }
        return IndexRanges.FromRanges(changed);
    }

    /// <summary>
    /// Those of the UIDs whose messages went. None that the view still has, since they have yet to be told by number or UID as having
    /// gone just now; and none of which the client knows it, up to a UID.
    /// </summary>
    public static async ValueTask<UidSet> VanishedSinceAsync(IMailbox mailbox, MailboxSnapshot view, ModSeq since, UidSet among, Uid? knownUpTo)
    {
        if (knownUpTo is { } known)
        {
            among = among.Intersect(UidSet.FromRanges([(new Uid(known.Value + 1), new Uid(uint.MaxValue))]));
        }
        StoreResult<UidSet> vanished = await mailbox.VanishedSinceAsync(since, among, CancellationToken.None);
        // Where it is not known when they went, all that are not there: RFC 7162 §3.2.6 asks for that of what is forgotten.
        UidSet gone = vanished.TryGet(out UidSet? exactly) ? exactly : among;
        return gone.IsEmpty ? gone : gone.Intersect(view.AbsentUids());
    }
}
