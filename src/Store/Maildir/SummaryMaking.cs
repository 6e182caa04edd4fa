using System.Buffers;
using MailAccess.Message;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Makes the summaries that the cache lacks (messages of other programs, a lost cache, an older version): of the message asked for, and of
/// those that follow it, since a client that asks for one asks for the next. All cores take part, and one commit remembers them.
/// </summary>
internal static class SummaryMaking
{
    public const int BatchMessagesMax = 512; // Each commit waits for the disk once; making so many takes some ten milliseconds.
    private const long PartOctetsMax = 8 << 20;
    private const int PartsMax = 8;
    private const int ReadOctets = 64 * 1024;

    /// <summary>Returns when the summaries are in the cache and the records say where.</summary>
    public static async ValueTask<StoreResult<MessageSummary>> RunAsync(MaildirStore store, MaildirMailbox mailbox, MailboxSnapshot snapshot, int index)
    {
        int parts = Math.Clamp(Environment.ProcessorCount, 1, PartsMax);
        int messages = BatchMessagesMax / parts;
        var makings = new Task<StoreResult<List<MadeSummary>>>[parts];
        for (int i = 0; i < parts; i++)
        {
            int first = index + (i * messages);
            makings[i] = first < snapshot.Count
                ? store.Workers.RunAsync(() => Make(mailbox, snapshot, first, messages, isWanted: first == index), mailbox.OnFault).AsTask()
                : Task.FromResult<StoreResult<List<MadeSummary>>>(new List<MadeSummary>());
        }
        List<MadeSummary> made = [];
        StoreError error = StoreError.None;
        foreach (Task<StoreResult<List<MadeSummary>>> making in makings)
        {
            StoreResult<List<MadeSummary>> part = await making; // What fails further on is not what was asked for.
            error = making == makings[0] ? part.Error : error;
            made.AddRange(part.TryGet(out List<MadeSummary>? summaries) ? summaries : []);
        }
        if (error != StoreError.None)
        {
            return error;
        }
        StoreResult<CommitTicket?> kept = await store.Workers.RunAsync<CommitTicket?>(() => Keep(mailbox, made), mailbox.OnFault);
        if (kept.TryGet(out CommitTicket? ticket) && ticket is not null)
        {
            await ticket.Settled; // Also where that failed the summary is right: it is only not kept.
        }
        return new MessageSummary(made[0].Summary);
    }

    /// <summary>On a worker: summaries of a run of messages that have none.</summary>
    private static StoreResult<List<MadeSummary>> Make(MaildirMailbox mailbox, MailboxSnapshot snapshot, int first, int messages, bool isWanted)
    {
        List<MadeSummary> made = [];
        byte[] buffer = ArrayPool<byte>.Shared.Rent(3 * ReadOctets);
        try
        {
            long octets = 0;
            int end = Math.Min(snapshot.Count, first + messages);
            for (int i = first; i < end && octets <= PartOctetsMax && ((i == first && isWanted) || !new MessageSummary(mailbox.ReadSummary(snapshot[i])).IsValid); i++)
            {
                if (Make(mailbox, snapshot[i], buffer, ref octets) is { } summary)
                {
                    made.Add(summary);
                }
                else if (isWanted && i == first)
                {
                    return StoreError.Expunged;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return made;
    }

    private static StoreResult<CommitTicket?> Keep(MaildirMailbox mailbox, List<MadeSummary> made)
    {
        long[] locators = mailbox.AddToCache(
            [.. made.Select(m => new SummaryToCache(mailbox.Names[Locator.Of(m.Record).NamePlace], m.Summary))]);
        return Remember(mailbox, made, locators);
    }

    /// <summary>Null where the message is gone. Of one that was never looked at, size and date come with it: its file is read once.</summary>
    private static MadeSummary? Make(MaildirMailbox mailbox, MessageRecord record, byte[] buffer, ref long octets)
    {
        using IFile? file = mailbox.OpenFile(record);
        if (file is null)
        {
            return null;
        }
        FileFacts facts = record.IsMeasured ? default : file.Facts;
        SummaryMaker maker = Read(file, record.IsMeasured ? Locator.Of(record).HasBareLf : null, buffer, out long raw);
        if (!record.IsMeasured && !maker.IsCrlfThroughout)
        {
            maker = Read(file, hasBareLf: true, buffer, out raw); // Its first line has misled us.
        }
        octets += raw;
        Measure? measure = record.IsMeasured ? null : Measure.Of(facts, maker.Octets, hasBareLf: maker.Octets > raw);
        return new MadeSummary(record, maker.Finish(), measure);
    }

    /// <summary>Where nobody knows yet how lines end, the first one tells.</summary>
    private static SummaryMaker Read(IFile file, bool? hasBareLf, byte[] buffer, out long octets)
    {
        var maker = new SummaryMaker();
        Span<byte> raw = buffer.AsSpan(0, ReadOctets);
        Span<byte> converted = buffer.AsSpan(ReadOctets, 2 * ReadOctets); // Room for a file of nothing but LF.
        bool afterCr = false;
        octets = 0;
        int count;
        do
        {
            count = file.Read(octets, raw);
            octets += count;
            hasBareLf ??= BeginsWithBareLf(raw[..count]);
            if (hasBareLf.Value)
            {
                LineEnds.ToCrlf(raw[..count], converted, ref afterCr, out _, out int written);
                maker.Feed(converted[..written]);
            }
            else
            {
                maker.Feed(raw[..count]);
            }
        }
        while (count == ReadOctets); // Less is the end of the file: most messages are read at once.
        return maker;
    }

    private static bool BeginsWithBareLf(ReadOnlySpan<byte> octets)
    {
        int lineFeed = octets.IndexOf((byte)'\n');
        return lineFeed == 0 || (lineFeed > 0 && octets[lineFeed - 1] != (byte)'\r');
    }

    /// <summary>A commit that nobody hears of.</summary>
    private static CommitTicket? Remember(MaildirMailbox mailbox, List<MadeSummary> made, long[] locators)
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
            for (int i = 0; i < made.Count; i++)
            {
                int index = before.IndexOf(made[i].Record.Uid);
                if (index >= 0 && (locators[i] != 0 || made[i].Measure is not null))
                {
                    MessageRecord changed = made[i].Measure is { } measure && !before[index].IsMeasured ? measure.ApplyTo(before[index]) : before[index];
                    changed = changed with { CacheLocator = locators[i] };
                    builder.Update(index, changed);
                    upserts.Add(changed);
                }
            }
            return SilentCommit.Submit(mailbox, before, builder, upserts);
        }
    }
}

/// <summary>A summary on its way to the cache.</summary>
/// <param name="Record">Of the message, as it was read.</param>
/// <param name="Summary">Encoded.</param>
/// <param name="Measure">Of a message that was not measured.</param>
internal readonly record struct MadeSummary(MessageRecord Record, ReadOnlyMemory<byte> Summary, Measure? Measure);

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
