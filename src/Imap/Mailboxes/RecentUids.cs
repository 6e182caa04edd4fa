using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// The UIDs that are <c>\Recent</c> for this session: those it was the first to hear of. RFC 3501 §2.3.2.
/// A few ranges, however many messages.
/// </summary>
internal sealed class RecentUids(IMailbox mailbox, bool onlyLook)
{
    private readonly List<(Uid First, Uid Last)> _ranges = [];

    /// <summary>Takes what nobody has claimed yet; EXAMINE only looks.</summary>
    public void Claim()
    {
        if (onlyLook && _ranges.Count > 0)
        {
            return;
        }
        Uid first = mailbox.ClaimRecent(onlyLook);
        Uid end = onlyLook ? new Uid(uint.MaxValue) : mailbox.ClaimRecent(onlyLook: true); // The first that nobody has now.
        if (end <= first)
        {
            return;
        }
        Uid last = onlyLook ? end : new Uid(end.Value - 1);
        if (_ranges.Count > 0 && _ranges[^1].Last.Value + 1 >= first.Value)
        {
            _ranges[^1] = (_ranges[^1].First, last);
        }
        else
        {
            _ranges.Add((first, last));
        }
    }

    /// <summary>Membership.</summary>
    public bool Contains(Uid uid)
    {
        // Newest first: that is where recent messages are, and where most sessions have their only range.
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            if (uid >= _ranges[i].First)
            {
                return uid <= _ranges[i].Last;
            }
        }
        return false;
    }

    /// <summary>How many messages of the view are recent.</summary>
    public int CountIn(MailboxSnapshot view)
    {
        int count = 0;
        foreach ((Uid first, Uid last) in _ranges)
        {
            int start = view.IndexOf(first);
            int end = view.IndexOf(last);
            start = start < 0 ? ~start : start;
            end = end < 0 ? ~end : end + 1;
            count += Math.Max(0, end - start);
        }
        return count;
    }
}
