using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>How much of a result is wanted: all of it, or so many messages from one end of the mailbox, so that a search can stop early.</summary>
internal readonly record struct SearchExtent(long Count, bool IsFromEnd = false)
{
    public static readonly SearchExtent All = new(long.MaxValue);
}

/// <summary>
/// Runs one search: each message is first asked by its record, then by its summary, and read only where neither decides.
/// </summary>
internal sealed class SearchRun(SearchTarget target, SearchPlan plan, ImapServices services)
{
    private const int SliceMessages = 256;

    private readonly MailboxSnapshot _view = target.View;
    private MailboxSnapshot _latest = target.Mailbox.Snapshot;
    private StoreError _error;
    private long _decided;

    /// <summary>Hears how many candidates are decided; null: nobody waits for this.</summary>
    public CommandProgress? Progress { get; init; }

    /// <summary>Something temporary kept us from reading a message: the result would be wrong.</summary>
    public StoreError Error => _error;

    /// <summary>Indices in the view of the messages that match, ascending.</summary>
    public async ValueTask<List<int>> RunAsync(SearchExtent extent, CancellationToken cancellationToken)
    {
        await MeasureAsync();
        if (extent.Count >= plan.Candidates.Count)
        {
            return await FindAsync(plan.Candidates, cancellationToken);
        }
        List<int> found = [];
        long piece = Math.Max(SliceMessages, extent.Count);
        for (long done = 0; done < plan.Candidates.Count && found.Count < extent.Count && _error == StoreError.None; done += piece, piece *= 4)
        {
            long count = Math.Min(piece, plan.Candidates.Count - done);
            IndexRanges part = plan.Candidates.Slice(extent.IsFromEnd ? plan.Candidates.Count - done - count : done, count);
            found.InsertRange(extent.IsFromEnd ? 0 : found.Count, await FindAsync(part, cancellationToken));
        }
        int surplus = (int)Math.Max(0, found.Count - extent.Count);
        found.RemoveRange(extent.IsFromEnd ? 0 : found.Count - surplus, surplus);
        return found;
    }

    private async ValueTask<List<int>> FindAsync(IndexRanges candidates, CancellationToken cancellationToken)
    {
        List<int> found = [];
        List<int> undecided = [];
        long sliceStart = services.Clock.GetTimestamp();
        for (int range = 0; range < candidates.Ranges.Length; range++)
        {
            (int first, int last) = candidates.Ranges[range];
            while (first <= last)
            {
                int end = Math.Min(last, first + SliceMessages - 1);
                int before = undecided.Count;
                DecideRange(first, end, found, undecided);
                _decided += end - first + 1 - (undecided.Count - before);
                first = end + 1;
                if (services.Clock.GetElapsedTime(sliceStart) > services.Limits.SearchSlice)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await Task.Yield(); // Others want this thread too.
                    await TickAsync();
                    sliceStart = services.Clock.GetTimestamp();
                }
            }
        }
        if (undecided.Count > 0)
        {
            undecided = plan.AsksSummaries ? await DecideBySummaryAsync(undecided, found, cancellationToken) : undecided;
            await DecideByContentAsync(undecided, found, cancellationToken);
            found.Sort();
        }
        return found;
    }

    /// <summary>Those of some messages that match, ascending.</summary>
    public async ValueTask<List<int>> RunAmongAsync(IndexRanges messages, CancellationToken cancellationToken)
    {
        await MeasureAsync();
        return await FindAsync(plan.Candidates.Intersect(messages), cancellationToken);
    }

    /// <summary>The highest mod-sequence of messages of the view; null of none.</summary>
    public ModSeq? HighestModSeqOf(IEnumerable<int> indices) => indices.Select(i => (ModSeq?)Current(i).ModSeq).Max();

    private void DecideRange(int first, int last, List<int> found, List<int> undecided)
    {
        for (int i = first; i <= last; i++)
        {
            switch (Decide(i))
            {
                case true:
                    found.Add(i);
                    break;
                case null:
                    undecided.Add(i);
                    break;
            }
        }
    }

    /// <summary>Sizes and dates of messages that another server left may not be known yet.</summary>
    private async ValueTask MeasureAsync()
    {
        if (plan.NeedsMeasure && _latest.UnmeasuredCount > 0)
        {
            _error = (await WatchAsync(target.Mailbox.MeasureAsync(UidSet.All, CancellationToken.None))).Error;
            _latest = target.Mailbox.Snapshot;
        }
    }

    /// <summary>By what is known without opening the message; null where that is not enough.</summary>
    private bool? Decide(int index)
    {
        ref readonly MessageRecord record = ref Current(index);
        if (plan.NeedsMeasure && !record.IsMeasured)
        {
            return false; // Expunged meanwhile: it matches nothing.
        }
        bool? byRecord = new SearchFacts(target, in record, index).Decide(plan.Key);
        return byRecord is null && target.Mailbox.TryGetSummary(record, out MessageSummary summary)
            ? new SearchFacts(target, in record, index) { Summary = summary }.Decide(plan.Key)
            : byRecord;
    }

    /// <summary>
    /// By summaries that have to be read, or made and then kept: the next search has them. Gives what they do not decide either.
    /// </summary>
    private async ValueTask<List<int>> DecideBySummaryAsync(List<int> undecided, List<int> found, CancellationToken cancellationToken)
    {
        List<int> left = [];
        foreach (int index in undecided)
        {
            StoreResult<MessageSummary> asked = await target.Mailbox.GetSummaryAsync(_view[index].Uid, cancellationToken);
            _decided++;
            await TickAsync();
            if (!asked.TryGet(out MessageSummary summary))
            {
                // What was expunged meanwhile matches nothing; what cannot be read now makes the whole search fail.
                _error = asked.Error is StoreError.NotFound or StoreError.Expunged ? _error : asked.Error;
                continue;
            }
            switch (new SearchFacts(target, in Current(index), index) { Summary = summary }.Decide(plan.Key))
            {
                case true:
                    found.Add(index);
                    break;
                case null:
                    left.Add(index);
                    _decided--;
                    break;
            }
        }
        return left;
    }

    private ValueTask TickAsync() => Progress?.TickAsync(_decided, plan.Candidates.Count) ?? default;

    private ValueTask<T> WatchAsync<T>(ValueTask<T> work)
    {
        Progress?.Count(_decided, plan.Candidates.Count);
        return Progress?.WatchAsync(work) ?? work;
    }

    /// <summary>Lets the store look into the messages that neither record nor summary decides.</summary>
    private async ValueTask DecideByContentAsync(List<int> undecided, List<int> found, CancellationToken cancellationToken)
    {
        if (undecided.Count == 0 || _error != StoreError.None)
        {
            return;
        }
        StoreResult<ContentMatches> searched = await WatchAsync(ContentMatches.FindAsync(
            target.Mailbox, UidSet.FromUids(undecided.Select(i => _view[i].Uid)), plan.Texts, cancellationToken));
        if (!searched.TryGet(out ContentMatches? matches))
        {
            _error = searched.Error;
            return;
        }
        foreach (int index in undecided)
        {
            MessageRecord record = Current(index);
            bool hasSummary = target.Mailbox.TryGetSummary(record, out MessageSummary summary);
            DateOnly? sentDay = null;
            if (plan.HasSentDates && !(hasSummary && summary.HasHeaderFields))
            {
                StoreResult<DateOnly?> sent = await SentDayAsync(record, cancellationToken);
                if (!sent.TryGet(out DateOnly? day))
                {
                    // What was expunged meanwhile matches nothing; what cannot be read now makes the whole search fail.
                    if (sent.Error is not (StoreError.NotFound or StoreError.Expunged))
                    {
                        _error = sent.Error;
                        return;
                    }
                    continue;
                }
                sentDay = day;
            }
            SearchFacts facts = new(target, in Current(index), index) { Summary = hasSummary ? summary : null, Matches = matches, SentDay = sentDay };
            if (facts.Decide(plan.Key) == true)
            {
                found.Add(index);
            }
        }
    }

    /// <summary>The day of the Date field of a message without a summary.</summary>
    private async ValueTask<StoreResult<DateOnly?>> SentDayAsync(MessageRecord record, CancellationToken cancellationToken)
    {
        StoreResult<IMessageContent> opened = await target.Mailbox.OpenMessageAsync(record.Uid, cancellationToken);
        if (!opened.TryGet(out IMessageContent? content))
        {
            return opened.Error;
        }
        await using (content)
        {
            byte[] header = new byte[(int)Math.Min(record.Octets, services.Limits.SearchDateOctetsMax)];
            int length = 0;
            while (length < header.Length && await content.ReadAsync(length, header.AsMemory(length), cancellationToken) is int read and > 0)
            {
                length += read;
            }
            return HeaderReader.Find(header.AsSpan(0, length), "Date"u8) is { } date && MailDates.TryParseDay(date, out DateOnly day)
                ? day
                : (DateOnly?)null;
        }
    }

    private ref readonly MessageRecord Current(int index) => ref target.Current(_latest, index);
}
