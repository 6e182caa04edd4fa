using System.Buffers;
using MailAccess.Message;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Makes the summaries that the cache of one mailbox lacks (messages of other programs, a lost cache, an older version): of the message asked
/// for, and of those that follow it, since a client that asks for one asks for the next. All cores take part, and one commit remembers them.
/// While it waits for the disk, and while the client is sent what there is, the next ones are made.
/// </summary>
internal sealed class SummaryMaking(MaildirStore store, MaildirMailbox mailbox)
{
    private const int BatchMessagesMax = 512; // Each commit waits for the disk once; making so many takes some ten milliseconds.
    private const long PartOctetsMax = 8 << 20;
    private const int PartsMax = 8;
    private const int ReadOctets = 64 * 1024;

    private static readonly int Parts = Math.Clamp(Environment.ProcessorCount, 1, PartsMax);

    private readonly Lock _gate = new();
    private Uid _behind;
    private Making? _ahead;
    private Task _underWay = Task.CompletedTask;

    /// <summary>Ends when nobody waits for summaries any more: then other work on the same files may go on.</summary>
    public Task UnderWay
    {
        get
        {
            lock (_gate)
            {
                return _underWay;
            }
        }
    }

    /// <summary>Returns when the summaries are in the cache and the records say where.</summary>
    public async ValueTask<StoreResult<MessageSummary>> RunAsync(MailboxSnapshot snapshot, int index)
    {
        Making making;
        bool goesOn;
        lock (_gate)
        {
            goesOn = snapshot[index].Uid == _behind;
            making = goesOn && _ahead is not null ? _ahead : Begin(snapshot, index);
            _ahead = null;
            _underWay = making.Ended;
        }
        StoreResult<List<MadeSummary>>[] parts = await making.Ended;
        List<MadeSummary> made = [.. parts.SelectMany(p => p.TryGet(out List<MadeSummary>? summaries) ? summaries : [])];
        if (parts[0].Error != StoreError.None)
        {
            return parts[0].Error; // What fails further on is not what was asked for.
        }
        GoOn(making, parts, goesOn);
        StoreResult<CommitTicket?> kept = await store.Workers.RunAsync<CommitTicket?>(() => Keep(made), mailbox.OnFault);
        if (kept.TryGet(out CommitTicket? ticket) && ticket is not null)
        {
            await ticket.Settled; // Also where that failed the summary is right: it is only not kept.
        }
        return new MessageSummary(made[0].Summary);
    }

    /// <summary>Who has asked for one batch after the other will ask for the next: it begins now.</summary>
    private void GoOn(Making making, StoreResult<List<MadeSummary>>[] parts, bool goesOn)
    {
        int next = making.First;
        foreach (StoreResult<List<MadeSummary>> part in parts)
        {
            int count = part.TryGet(out List<MadeSummary>? made) ? made.Count : 0;
            next += count;
            if (count < BatchMessagesMax / Parts)
            {
                break;
            }
        }
        lock (_gate)
        {
            if (next < making.Snapshot.Count)
            {
                _behind = making.Snapshot[next].Uid;
                _ahead = goesOn ? Begin(making.Snapshot, next) : null;
            }
            _underWay = _ahead?.Ended ?? Task.CompletedTask;
        }
    }

    private Making Begin(MailboxSnapshot snapshot, int index)
    {
        int messages = BatchMessagesMax / Parts;
        return new Making(snapshot, index, Task.WhenAll(Enumerable.Range(0, Parts).Select(i =>
        {
            int first = index + (i * messages);
            return first < snapshot.Count
                ? store.Workers.RunAsync(() => Make(snapshot, first, messages, isWanted: i == 0), mailbox.OnFault).AsTask()
                : Task.FromResult<StoreResult<List<MadeSummary>>>(new List<MadeSummary>());
        })));
    }

    /// <summary>On a worker: summaries of a run of messages that have none.</summary>
    private StoreResult<List<MadeSummary>> Make(MailboxSnapshot snapshot, int first, int messages, bool isWanted)
    {
        List<MadeSummary> made = [];
        byte[] buffer = ArrayPool<byte>.Shared.Rent(3 * ReadOctets);
        try
        {
            long octets = 0;
            int end = Math.Min(snapshot.Count, first + messages);
            for (int i = first; i < end && octets <= PartOctetsMax && ((i == first && isWanted) || !new MessageSummary(mailbox.ReadSummary(snapshot[i])).IsValid); i++)
            {
                if (Make(snapshot[i], buffer, ref octets) is { } summary)
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

    private StoreResult<CommitTicket?> Keep(List<MadeSummary> made)
    {
        long[] locators = mailbox.AddToCache(
            [.. made.Select(m => new SummaryToCache(mailbox.Names[Locator.Of(m.Record).NamePlace], m.Summary))]);
        return Remember(made, locators);
    }

    /// <summary>Null where the message is gone. Of one that was never looked at, size and date come with it: its file is read once.</summary>
    private MadeSummary? Make(MessageRecord record, byte[] buffer, ref long octets)
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
    private CommitTicket? Remember(List<MadeSummary> made, long[] locators)
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

/// <summary>Summaries of a run of messages, under way.</summary>
/// <param name="Snapshot">Which messages these are.</param>
/// <param name="First">Index of the first.</param>
/// <param name="Ended">Part by part, in order.</param>
internal sealed record Making(MailboxSnapshot Snapshot, int First, Task<StoreResult<List<MadeSummary>>[]> Ended);

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
