using MailAccess.Store.Quota;

namespace MailAccess.Store.Model;

/// <summary>Removes messages for good, as one commit. RFC 9051 §6.4.3, RFC 4315 §2.1.</summary>
internal static class ExpungeOperation
{
    public static async ValueTask<StoreResult<UidSet>> RunAsync(MailboxModel model, UidSet uids, ExpungeScope scope)
    {
        CommitTicket? ticket;
        UidSet expunged;
        lock (model.Gate)
        {
            if (model.IsGone)
            {
                return StoreError.NotFound;
            }
            MailboxSnapshot head = model.Head;
            List<int> indices = [.. head.IndicesOf(uids).Where(i => scope == ExpungeScope.AllNamed || IsDeleted(head[i]))];
            MailboxChange? change = ChangeOf(model, indices);
            expunged = UidSet.FromUids(change?.Expunged.Select(r => r.Uid) ?? []);
            ticket = model.LastTicket; // Also what another session has just removed must be durable before we say it is gone.
            if (change is not null)
            {
                ticket = new CommitTicket(change);
                model.Advance(change, ticket);
                model.Submit(ticket);
            }
        }
        model.AfterSubmit();
        StoreError error = ticket is null ? StoreError.None : await ticket.Settled;
        return error == StoreError.None ? expunged : error;
    }

    /// <summary>The change that removes the messages at these ascending indices of the head; null where there are none. Under the gate.</summary>
    public static MailboxChange? ChangeOf(MailboxModel model, List<int> indices, QuotaHold? departure = null)
    {
        if (indices.Count == 0)
        {
            return null;
        }
        MailboxSnapshot before = model.Head;
        var builder = new SnapshotBuilder(before) { HighestModSeq = new ModSeq(before.HighestModSeq.Value + 1) };
        List<MessageRecord> expunged = [.. indices.Select(i => before[i])];
        builder.Remove(indices);
        return new MailboxChange(model, before, builder.Build()) { Expunged = expunged, Departure = departure };
    }

    private static bool IsDeleted(in MessageRecord record) => (record.Flags & SystemFlags.Deleted) != 0;
}
