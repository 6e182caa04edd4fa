using MailAccess.Message;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>Makes the summaries that the cache lacks, of the message asked for and of those that follow it.</summary>
internal static class MboxSummaries
{
    private const int BatchMessagesMax = 64;
    private const long BatchOctetsMax = 4 << 20;

    public static async ValueTask<StoreResult<MessageSummary>> MakeAsync(
        MboxStore store, MboxMailbox mailbox, MessageRecord wanted, CancellationToken cancellationToken)
    {
        List<MessageRecord> batch = BatchFrom(mailbox, wanted);
        List<(MessageRecord Record, ReadOnlyMemory<byte> Summary)> made = [];
        foreach (MessageRecord record in batch)
        {
            StoreResult<IMessageContent> opened = await mailbox.OpenMessageAsync(record.Uid, cancellationToken);
            if (!opened.TryGet(out IMessageContent? content))
            {
                if (record.Uid == wanted.Uid)
                {
                    return opened.Error;
                }
                continue;
            }
            await using (content)
            {
                made.Add((record, await ParseAsync(content, cancellationToken)));
            }
        }
        StoreResult<CommitTicket?> kept = await store.Workers.RunAsync(() => Remember(mailbox, made), mailbox.OnFault);
        mailbox.AfterSubmit();
        if (kept.TryGet(out CommitTicket? ticket) && ticket is not null)
        {
            await ticket.Settled; // Also where that failed the summary is right: it is only not kept.
        }
        return new MessageSummary(made[0].Summary);
    }

    private static List<MessageRecord> BatchFrom(MboxMailbox mailbox, MessageRecord wanted)
    {
        MailboxSnapshot now = mailbox.Published;
        List<MessageRecord> batch = [wanted];
        long octets = wanted.Octets;
        for (int i = now.IndexOf(wanted.Uid) + 1; i > 0 && i < now.Count && batch.Count < BatchMessagesMax; i++)
        {
            octets += now[i].Octets;
            if (octets > BatchOctetsMax || mailbox.TryGetSummary(now[i], out _))
            {
                break;
            }
            batch.Add(now[i]);
        }
        return batch;
    }

    private static async Task<ReadOnlyMemory<byte>> ParseAsync(IMessageContent content, CancellationToken cancellationToken)
    {
        var maker = new SummaryMaker();
        byte[] buffer = new byte[64 * 1024];
        int count;
        for (long at = 0; (count = await content.ReadAsync(at, buffer, cancellationToken)) > 0; at += count)
        {
            maker.Feed(buffer.AsSpan(0, count));
        }
        return maker.Finish();
    }

    /// <summary>On a worker: a commit that nobody hears of.</summary>
    private static StoreResult<CommitTicket?> Remember(MboxMailbox mailbox, List<(MessageRecord Record, ReadOnlyMemory<byte> Summary)> made)
    {
        long[] locators = mailbox.AddToCache([.. made.Select(m => (m.Record.Locator, m.Summary))]);
        lock (mailbox.Gate)
        {
            MailboxSnapshot before = mailbox.Head;
            var builder = new SnapshotBuilder(before);
            List<MessageRecord> upserts = [];
            for (int i = 0; i < made.Count; i++)
            {
                int index = before.IndexOf(made[i].Record.Uid);
                if (index >= 0 && locators[i] != 0)
                {
                    MessageRecord changed = before[index] with { CacheLocator = locators[i] };
                    builder.Update(index, changed);
                    upserts.Add(changed);
                }
            }
            if (upserts.Count == 0 || mailbox.IsGone)
            {
                return default(CommitTicket);
            }
            var change = new MailboxChange(mailbox, before, builder.Build()) { Upserts = upserts, IsSilent = true };
            var ticket = new CommitTicket(change);
            mailbox.Advance(change, ticket);
            mailbox.Submit(ticket);
            return ticket;
        }
    }
}
