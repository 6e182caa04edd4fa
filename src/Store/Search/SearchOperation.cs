using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Model;

namespace MailAccess.Store.Search;

/// <summary>
/// One search of the content of messages: several threads take slices of the candidates, and what they cannot read at once is
/// opened as everybody opens it. Holds no lock while it reads.
/// </summary>
internal sealed class SearchOperation
{
    private readonly MailboxModel _model;
    private readonly MailboxSnapshot _snapshot;
    private readonly IReadOnlyList<TextTerm> _terms;
    private readonly StoreLimits _limits;
    private readonly List<int> _candidates;
    private readonly List<Uid>[] _found;
    private readonly List<int> _mustOpen = [];
    private int _next;
    private volatile StoreError _error;

    private SearchOperation(MailboxModel model, MailboxSnapshot snapshot, List<int> candidates, IReadOnlyList<TextTerm> terms)
    {
        _model = model;
        _snapshot = snapshot;
        _candidates = candidates;
        _terms = terms;
        _limits = model.Limits;
        _found = [.. terms.Select(_ => new List<Uid>())];
    }

    /// <summary>For each term the messages among the candidates that have it. What was expunged meanwhile has nothing.</summary>
    public static async ValueTask<StoreResult<IReadOnlyList<UidSet>>> RunAsync(
        MailboxModel model, UidSet candidates, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken)
    {
        if (model.Published.UnmeasuredCount > 0 && (await model.MeasureAsync(candidates, cancellationToken)).Error is not StoreError.None and var unmeasured)
        {
            return unmeasured; // How their lines end is not known.
        }
        MailboxSnapshot snapshot = model.Published;
        List<int> indices = [.. snapshot.IndicesOf(candidates)];
        StoreResult<List<int>> filtered = await model.FilterForSearchAsync(snapshot, indices, terms, cancellationToken);
        if (!filtered.TryGet(out List<int>? remaining))
        {
            return filtered.Error;
        }
        SearchOperation operation = new(model, snapshot, remaining, terms);
        StoreError error = await operation.RunAsync(cancellationToken);
        return error != StoreError.None ? error : StoreResults.Of<IReadOnlyList<UidSet>>([.. operation._found.Select(UidSet.FromUids)]);
    }

    private async ValueTask<StoreError> RunAsync(CancellationToken cancellationToken)
    {
        int runners = Math.Clamp(_candidates.Count / _limits.SearchSliceMessages, 1, _model.SearchPool.SlicesMax);
        await Task.WhenAll(Enumerable.Range(0, runners).Select(_ => RunSlicesAsync(cancellationToken)));
        MessageTextSearchLarge? large = _mustOpen.Count == 0 ? null : new(_terms);
        foreach (int index in _mustOpen)
        {
            if (_error != StoreError.None)
            {
                break;
            }
            await OpenAndMatchAsync(_snapshot[index], large!, cancellationToken);
        }
        return _error;
    }

    private async Task RunSlicesAsync(CancellationToken cancellationToken)
    {
        MessageTextSearch search = new(_terms);
        SearchScratch scratch = new();
        bool hasMore = true;
        while (hasMore && _error == StoreError.None)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StoreResult<bool> ran = await _model.SearchPool.RunAsync<bool>(
                () => RunSlice(search, scratch, cancellationToken), _model.OnSearchFault, cancellationToken);
            if (!ran.TryGet(out hasMore))
            {
                _error = ran.Error;
            }
        }
    }

    /// <summary>On a worker: so many messages, or so many octets, then somebody else's turn. False at the end.</summary>
    private bool RunSlice(MessageTextSearch search, SearchScratch scratch, CancellationToken cancellationToken)
    {
        int first = Interlocked.Add(ref _next, _limits.SearchSliceMessages) - _limits.SearchSliceMessages;
        int end = Math.Min(_candidates.Count, first + _limits.SearchSliceMessages);
        for (int i = first; i < end && !cancellationToken.IsCancellationRequested; i++)
        {
            MessageRecord record = _snapshot[_candidates[i]];
            switch (_model.ReadForSearch(record, scratch))
            {
                case SearchRead.Whole:
                    _model.TryGetSummary(record, out MessageSummary summary);
                    MimePart root = scratch.StructureBy(summary);
                    scratch.PrepareFor(root, _terms);
                    search.Match(scratch.Octets.Span, scratch.HasBareLf, root);
                    Note(record.Uid, search.IsFound);
                    break;
                case SearchRead.MustOpen:
                    lock (_mustOpen)
                    {
                        _mustOpen.Add(_candidates[i]);
                    }
                    break;
            }
        }
        return end < _candidates.Count;
    }

    private async ValueTask OpenAndMatchAsync(MessageRecord record, MessageTextSearchLarge search, CancellationToken cancellationToken)
    {
        StoreResult<IMessageContent> opened = await _model.OpenMessageAsync(record.Uid, cancellationToken);
        if (!opened.TryGet(out IMessageContent? content))
        {
            _error = opened.Error is StoreError.NotFound or StoreError.Expunged ? StoreError.None : opened.Error;
            return;
        }
        await using (content)
        {
            MimePart? root = _model.TryGetSummary(record, out MessageSummary summary) ? summary.Structure : null;
            await search.MatchAsync(content, root, cancellationToken);
            Note(record.Uid, search.IsFound);
        }
    }

    private void Note(Uid uid, Func<int, bool> isFound)
    {
        for (int i = 0; i < _found.Length; i++)
        {
            if (isFound(i))
            {
                lock (_found[i])
                {
                    _found[i].Add(uid);
                }
            }
        }
    }
}
