using MailAccess.Message;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Makes the summaries that the cache lacks (messages of other programs, a lost cache): of the message asked for, and of those
/// that follow it, since a client that asks for one asks for the next.
/// </summary>
internal static class SummaryMaking
{
    private const int BatchMessagesMax = 64;
    private const long BatchOctetsMax = 4 << 20;

    /// <summary>Returns when the summaries are in the cache and the records say where.</summary>
    public static async ValueTask<StoreResult<MessageSummary>> RunAsync(MaildirStore store, MaildirMailbox mailbox, MailboxSnapshot snapshot, int index)
    {
        StoreResult<(MessageSummary Summary, CommitTicket? Ticket)> made =
            await store.Workers.RunAsync(() => Run(mailbox, snapshot, index), mailbox.OnFault);
        if (!made.TryGet(out (MessageSummary Summary, CommitTicket? Ticket) result))
        {
            return made.Error;
        }
        if (result.Ticket is { } ticket)
        {
            await ticket.Settled; // Also where that failed the summary is right: it is only not kept.
        }
        return result.Summary;
    }

    /// <summary>On a worker.</summary>
    private static StoreResult<(MessageSummary Summary, CommitTicket? Ticket)> Run(MaildirMailbox mailbox, MailboxSnapshot snapshot, int index)
    {
        List<MessageRecord> made = [];
        List<SummaryToCache> summaries = [];
        long octets = 0;
        for (int i = index; i < snapshot.Count && made.Count < BatchMessagesMax && octets < BatchOctetsMax; i++)
        {
            if (i > index && !mailbox.ReadSummary(snapshot[i]).IsEmpty)
            {
                break;
            }
            octets += snapshot[i].Octets;
            if (made.Count > 0 && octets > BatchOctetsMax)
            {
                break;
            }
            if (Make(mailbox, snapshot[i]) is { } summary)
            {
                made.Add(snapshot[i]);
                summaries.Add(new SummaryToCache(mailbox.Names[Locator.Of(snapshot[i]).NamePlace], summary));
            }
            else if (i == index)
            {
                return StoreError.Expunged;
            }
        }
        long[] locators = mailbox.AddToCache(summaries);
        return (new MessageSummary(summaries[0].Summary), Remember(mailbox, made, locators));
    }

    private static ReadOnlyMemory<byte>? Make(MaildirMailbox mailbox, MessageRecord record)
    {
        using IFile? file = mailbox.OpenFile(record);
        if (file is null)
        {
            return null;
        }
        var maker = new SummaryMaker();
        byte[] buffer = new byte[64 * 1024];
        bool hasBareLf = Locator.Of(record).HasBareLf;
        bool afterCr = false;
        long at = 0;
        int count;
        while ((count = file.Read(at, buffer)) > 0)
        {
            at += count;
            if (hasBareLf)
            {
                FeedConverted(maker, buffer.AsSpan(0, count), ref afterCr);
            }
            else
            {
                maker.Feed(buffer.AsSpan(0, count));
            }
        }
        return maker.Finish();
    }

    /// <summary>The parser counts octets as they are sent, with CRLF.</summary>
    private static void FeedConverted(SummaryMaker maker, ReadOnlySpan<byte> raw, ref bool afterCr)
    {
        while (!raw.IsEmpty)
        {
            int lineFeed = raw.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = lineFeed < 0 ? raw : raw[..lineFeed];
            maker.Feed(line);
            bool crBefore = line.IsEmpty ? afterCr : line[^1] == (byte)'\r';
            if (lineFeed < 0)
            {
                afterCr = crBefore;
                return;
            }
            maker.Feed(crBefore ? "\n"u8 : "\r\n"u8);
            afterCr = false;
            raw = raw[(lineFeed + 1)..];
        }
    }

    /// <summary>A commit that nobody hears of.</summary>
    private static CommitTicket? Remember(MaildirMailbox mailbox, List<MessageRecord> records, long[] locators)
    {
        lock (mailbox.Gate)
        {
            if (mailbox.IsGone)
            {
                return null;
            }
            MailboxSnapshot before = mailbox.Head;
            var builder = new SnapshotBuilder(before);
            List<MessageRecord> upserts = [];
            for (int i = 0; i < records.Count; i++)
            {
                int index = before.IndexOf(records[i].Uid);
                if (index >= 0 && locators[i] != 0)
                {
                    MessageRecord changed = before[index] with { CacheLocator = locators[i] };
                    builder.Update(index, changed);
                    upserts.Add(changed);
                }
            }
            return SilentCommit.Submit(mailbox, before, builder, upserts);
        }
    }
}

/// <summary>A commit of what only the store itself needs to know.</summary>
internal static class SilentCommit
{
    /// <summary>Under the gate.</summary>
    public static CommitTicket? Submit(
        MaildirMailbox mailbox, MailboxSnapshot before, SnapshotBuilder builder, List<MessageRecord> upserts, IReadOnlyList<FrameArrival>? names = null)
    {
        if (upserts.Count == 0)
        {
            return null;
        }
        var change = new MailboxChange(mailbox, before, builder.Build()) { Upserts = upserts, Arrivals = names ?? [], IsSilent = true };
        var ticket = new CommitTicket(change);
        mailbox.Advance(change, ticket);
        mailbox.Submit(ticket);
        return ticket;
    }
}
