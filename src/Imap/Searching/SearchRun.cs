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
    private readonly MailboxSnapshot _view = selected.View;
    private MailboxSnapshot _latest = selected.Mailbox.Snapshot;
    private readonly List<SearchKey> _texts = [];
    private ContentSearch? _content;
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
                _texts.Add(key);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Indices in the view of the messages that match a bound key.</summary>
    public async ValueTask<List<int>> RunAsync(SearchKey key)
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
            for (int i = first; i <= last && _error == StoreError.None; i++)
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
                if (undecided.Count == session.Services.Limits.SearchBatchMessages)
                {
                    await DecideByContentAsync(key, undecided, found);
                }
                if ((i & 63) == 0 && clock.GetElapsedTime(sliceStart) > session.Services.Limits.SearchSlice)
                {
                    await Task.Yield(); // Others want this thread too.
                    sliceStart = clock.GetTimestamp();
                }
            }
        }
        await DecideByContentAsync(key, undecided, found);
        found.Sort();
        return found;
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

    /// <summary>Reads messages that neither record nor summary decides; the list is empty afterwards.</summary>
    private async ValueTask DecideByContentAsync(SearchKey key, List<int> undecided, List<int> found)
    {
        await using ReadAhead ahead = new(selected.Mailbox, _view, p => undecided[p], undecided.Count, session.Services.Limits);
        for (int position = 0; position < undecided.Count && _error == StoreError.None; position++)
        {
            if (await DecideByContentAsync(key, undecided[position], ahead, position))
            {
                found.Add(undecided[position]);
            }
        }
        undecided.Clear();
    }

    private async ValueTask<bool> DecideByContentAsync(SearchKey key, int index, ReadAhead ahead, int position)
    {
        MessageRecord record = Current(index);
        StoreResult<IMessageContent> opened = await ahead.TakeAsync(position);
        if (!opened.TryGet(out IMessageContent? content))
        {
            // What was expunged meanwhile matches nothing; what cannot be read now makes the whole search fail.
            _error = opened.Error is StoreError.NotFound or StoreError.Expunged ? StoreError.None : opened.Error;
            return false;
        }
        await using (content)
        {
            _content ??= new ContentSearch(session.Services.Limits.HeaderOctetsMax);
            Dictionary<SearchKey, bool> matches = await _content.MatchAsync(_texts, content,
                await selected.Structures.GetAsync(record, content));
            SearchFacts facts = new(record, index, selected.IsRecent(record.Uid), HasSummary: false, default, matches)
            { SentDay = _content.SentDay };
            return facts.Decide(key) ?? false;
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
