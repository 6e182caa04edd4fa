using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>
/// Runs one SEARCH: each message is first asked by its record, then by its summary, and read only where neither decides.
/// </summary>
internal sealed class SearchRun(ImapSession session, SelectedMailbox selected)
{
    private const int SliceMessages = 256;

    private readonly MailboxSnapshot _view = selected.View;
    private MailboxSnapshot _latest = selected.Mailbox.Snapshot;
    private readonly List<SearchKey> _texts = [];
    private bool _hasSentDates;
    private bool _asksSummaries;
    private StoreError _error;
    private bool _needsMeasure;

    /// <summary>Something temporary kept us from reading a message: the result would be wrong.</summary>
    public StoreError Error => _error;

    /// <summary>Sequence sets and keywords as this mailbox has them; false where a sequence number is too high.</summary>
    public bool TryBind(SearchKey key, out SearchKey bound)
    {
        bound = key;
        switch (key)
        {
            case SearchKey.And all:
                SearchKey[] keys = new SearchKey[all.Keys.Count];
                for (int i = 0; i < keys.Length; i++)
                {
                    if (!TryBind(all.Keys[i], out keys[i]))
                    {
                        return false;
                    }
                }
                bound = new SearchKey.And(keys);
                return true;
            case SearchKey.Or either:
                bool both = TryBind(either.Left, out SearchKey left) & TryBind(either.Right, out SearchKey right);
                bound = new SearchKey.Or(left, right);
                return both;
            case SearchKey.Not negation:
                bool inner = TryBind(negation.Key, out SearchKey negated);
                bound = new SearchKey.Not(negated);
                return inner;
            case SearchKey.Messages messages:
                bool resolved = messages.Set.TryResolve(_view, messages.Numbering, out IndexRanges ranges);
                bound = new SearchKey.Indices(ranges);
                return resolved;
            case SearchKey.Keyword keyword:
                bound = new SearchKey.KeywordBits(_latest.Keywords.TryGetMask(keyword.Name, out ulong mask) ? mask : 0);
                return true;
            case SearchKey.Size or SearchKey.InternalDate:
                _needsMeasure = true;
                return true;
            case SearchKey.Header or SearchKey.Content:
                _asksSummaries |= key is SearchKey.Header { IsKept: true };
                _texts.Add(key);
                return true;
            case SearchKey.SentDate:
                _asksSummaries = true;
                _hasSentDates = true;
                return true;
            case SearchKey.Identity { Id: not null }:
                _asksSummaries = true;
                return true;
            default:
                return true;
        }
    }

    /// <summary>Indices in the view of the messages that match a bound key.</summary>
    public async ValueTask<List<int>> RunAsync(SearchKey key, CancellationToken cancellationToken)
    {
        List<int> found = [];
        List<int> undecided = [];
        await MeasureAsync();
        TimeProvider clock = session.Services.Clock;
        long sliceStart = clock.GetTimestamp();
        IndexRanges candidates = CandidatesOf(key);
        for (int range = 0; range < candidates.Ranges.Length; range++)
        {
            (int first, int last) = candidates.Ranges[range];
            while (first <= last)
            {
                int end = Math.Min(last, first + SliceMessages - 1);
                DecideRange(key, first, end, found, undecided);
                first = end + 1;
                if (clock.GetElapsedTime(sliceStart) > session.Services.Limits.SearchSlice)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await Task.Yield(); // Others want this thread too.
                    sliceStart = clock.GetTimestamp();
                }
            }
        }
        if (undecided.Count > 0)
        {
            undecided = _asksSummaries ? await DecideBySummaryAsync(key, undecided, found, cancellationToken) : undecided;
            await DecideByContentAsync(key, undecided, found, cancellationToken);
            found.Sort();
        }
        return found;
    }

    private void DecideRange(SearchKey key, int first, int last, List<int> found, List<int> undecided)
    {
        for (int i = first; i <= last; i++)
        {
            switch (Decide(key, i))
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
        if (_needsMeasure && _latest.UnmeasuredCount > 0)
        {
            _error = (await selected.Mailbox.MeasureAsync(UidSet.All, CancellationToken.None)).Error;
            _latest = selected.Mailbox.Snapshot;
        }
    }

    private IndexRanges CandidatesOf(SearchKey key) => key switch
    {
        SearchKey.Indices indices => indices.Ranges,
        SearchKey.And all when all.Keys.OfType<SearchKey.Indices>().FirstOrDefault() is { } indices => indices.Ranges,
        _ when _view.Count == 0 => IndexRanges.Empty,
        _ => IndexRanges.FromRanges([(0, _view.Count - 1)]),
    };

    /// <summary>By what is known without opening the message; null where that is not enough.</summary>
    private bool? Decide(SearchKey key, int index)
    {
        MessageRecord record = Current(index);
        if (_needsMeasure && !record.IsMeasured)
        {
            return false; // Expunged meanwhile: it matches nothing.
        }
        SearchFacts facts = new(record, index, selected.IsRecent(record.Uid), HasSummary: false, default, null);
        bool? byRecord = facts.Decide(key);
        if (byRecord is null && selected.Mailbox.TryGetSummary(record, out MessageSummary summary))
        {
            return (facts with { HasSummary = true, Summary = summary }).Decide(key);
        }
        return byRecord;
    }

    /// <summary>
    /// By summaries that have to be read, or made and then kept: the next search has them. Gives what they do not decide either.
    /// </summary>
    private async ValueTask<List<int>> DecideBySummaryAsync(SearchKey key, List<int> undecided, List<int> found, CancellationToken cancellationToken)
    {
        List<int> left = [];
        foreach (int index in undecided)
        {
            MessageRecord record = Current(index);
            StoreResult<MessageSummary> asked = await selected.Mailbox.GetSummaryAsync(record.Uid, cancellationToken);
            if (!asked.TryGet(out MessageSummary summary))
            {
                // What was expunged meanwhile matches nothing; what cannot be read now makes the whole search fail.
                _error = asked.Error is StoreError.NotFound or StoreError.Expunged ? _error : asked.Error;
                continue;
            }
            SearchFacts facts = new(record, index, selected.IsRecent(record.Uid), HasSummary: true, summary, null);
            switch (facts.Decide(key))
            {
                case true:
                    found.Add(index);
                    break;
                case null:
                    left.Add(index);
                    break;
            }
        }
        return left;
    }

    /// <summary>Lets the store look into the messages that neither record nor summary decides.</summary>
    private async ValueTask DecideByContentAsync(SearchKey key, List<int> undecided, List<int> found, CancellationToken cancellationToken)
    {
        if (undecided.Count == 0 || _error != StoreError.None)
        {
            return;
        }
        StoreResult<ContentMatches> searched = await ContentMatches.FindAsync(
            selected.Mailbox, UidSet.FromUids(undecided.Select(i => _view[i].Uid)), _texts, cancellationToken);
        if (!searched.TryGet(out ContentMatches? matches))
        {
            _error = searched.Error;
            return;
        }
        foreach (int index in undecided)
        {
            MessageRecord record = Current(index);
            bool hasSummary = selected.Mailbox.TryGetSummary(record, out MessageSummary summary);
            SearchFacts facts = new(record, index, selected.IsRecent(record.Uid), hasSummary, summary, matches);
            if (_hasSentDates && !(hasSummary && summary.HasHeaderFields))
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
                facts = facts with { SentDay = day };
            }
            if (facts.Decide(key) == true)
            {
                found.Add(index);
            }
        }
    }

    /// <summary>The day of the Date field of a message without a summary.</summary>
    private async ValueTask<StoreResult<DateOnly?>> SentDayAsync(MessageRecord record, CancellationToken cancellationToken)
    {
        StoreResult<IMessageContent> opened = await selected.Mailbox.OpenMessageAsync(record.Uid, cancellationToken);
        if (!opened.TryGet(out IMessageContent? content))
        {
            return opened.Error;
        }
        await using (content)
        {
            byte[] header = new byte[(int)Math.Min(record.Octets, session.Services.Limits.SearchDateOctetsMax)];
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

    private MessageRecord Current(int index)
    {
        if (ReferenceEquals(_view, _latest))
        {
            return _view[index];
        }
        int now = _latest.IndexOf(_view[index].Uid);
        return now < 0 ? _view[index] : _latest[now];
    }
}
