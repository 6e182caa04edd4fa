using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;

namespace MailAccess.Imap.Notifying;

/// <summary>
/// The data items of messages that are new in the selected mailbox, each message in one FETCH as far as possible: those that NOTIFY asks for
/// (RFC 5465 §5.2) and those of results that are kept up to date (§7).
/// </summary>
/// <param name="session">Whose.</param>
/// <param name="selected">Where; its view has the messages.</param>
/// <param name="items">NOTIFY's, or null.</param>
internal sealed class ArrivalReport(ImapSession session, SelectedMailbox selected, FetchPlan? items)
{
    private IndexRanges _told = IndexRanges.Empty;

    /// <summary>Before ADDTO tells that they are in a result.</summary>
    public async ValueTask TellAsync(IndexRanges arrivals, FetchPlan plan)
    {
        IndexRanges fresh = Without(arrivals, _told);
        await FetchAsync(Without(arrivals, fresh), plan);
        await FetchAsync(fresh, items is null ? plan : plan.With(items));
        _told = _told.Union(fresh);
    }

    /// <summary>The others.</summary>
    public ValueTask TellOthersAsync(IndexRanges arrivals) => items is null ? default : FetchAsync(Without(arrivals, _told), items);

    /// <summary>Not those that this client has brought here itself: RFC 5465 §5.2.</summary>
    private async ValueTask FetchAsync(IndexRanges arrivals, FetchPlan plan)
    {
        IndexRanges others = Without(arrivals, IndexRanges.FromRanges([.. arrivals.Indices.Where(i => selected.IsOwn(selected.View[i].Uid)).Select(i => (i, i))]));
        if (others.Count > 0)
        {
            await new FetchRun(session, selected, plan).RunAsync(others); // What is gone already gives what is known of it.
        }
    }

    private IndexRanges Without(IndexRanges some, IndexRanges others) => some.Intersect(others.Complement(selected.View.Count));
}
