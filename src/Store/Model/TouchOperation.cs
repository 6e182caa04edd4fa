namespace MailAccess.Store.Model;

/// <summary>A commit that changes no message but the mailbox's mod-sequence: something else of the mailbox has changed. RFC 7162 §3.2.</summary>
internal static class TouchOperation
{
    public static async ValueTask<StoreResult<Done>> RunAsync(MailboxModel model)
    {
        CommitTicket ticket;
        lock (model.Gate)
        {
            if (model.IsGone)
            {
                return StoreError.NotFound;
            }
            MailboxSnapshot before = model.Head;
            var builder = new SnapshotBuilder(before) { HighestModSeq = new ModSeq(before.HighestModSeq.Value + 1) };
            var change = new MailboxChange(model, before, builder.Build());
            ticket = new CommitTicket(change);
            model.Advance(change, ticket);
            model.Submit(ticket);
        }
        model.AfterSubmit();
        StoreError error = await ticket.Settled;
        return error == StoreError.None ? default(Done) : error;
    }
}
