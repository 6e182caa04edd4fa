using MailAccess.Imap.Searching;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Sorting;

/// <summary>What SORT and THREAD compare of one message besides what its record says. Texts are numbers of a <see cref="TextPool"/>.</summary>
internal readonly record struct KeyRow
{
    /// <summary>Of the Date field, seconds since 1970 UTC; the smallest where there is none.</summary>
    public required long SentSeconds { get; init; }

    /// <summary>Of the Message-ID; 0 where there is none.</summary>
    public required ulong MessageId { get; init; }

    public required int FirstReference { get; init; }

    public required int ReferenceCount { get; init; }

    public required bool IsReply { get; init; }

    public required int BaseSubject { get; init; }

    public required int From { get; init; }

    public required int To { get; init; }

    public required int Cc { get; init; }

    public required int DisplayFrom { get; init; }

    public required int DisplayTo { get; init; }
}

/// <summary>
/// The keys of a mailbox's messages as far as anybody has asked for them, much smaller than the summaries they come from: the next SORT or
/// THREAD reads no summary. Shared by sessions; grows only, since what it holds never changes.
/// </summary>
internal sealed class MailboxKeys
{
    private const int BatchMessages = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<Uid, int> _rowOf = [];
    private readonly TextPool _texts = new();
    private KeyRow[] _rows = [];
    private ulong[] _references = [];
    private int _referenceCount;

    /// <summary>Octets of memory in use, about.</summary>
    public long Octets
    {
        get
        {
            lock (_gate)
            {
                return _texts.Octets + (80L * _rows.Length) + (32L * _rowOf.Count) + (8L * _references.Length);
            }
        }
    }

    /// <summary>Messages it knows.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _rowOf.Count;
            }
        }
    }

    /// <summary>The keys of messages, from summaries where they are not known yet. Messages that were expunged meanwhile are left out.</summary>
    /// <param name="target">The mailbox.</param>
    /// <param name="indices">In its view.</param>
    /// <param name="cancellationToken">Between messages.</param>
    public async ValueTask<StoreResult<MessageKeys>> LoadAsync(SearchTarget target, List<int> indices, CancellationToken cancellationToken)
    {
        int[] rows = new int[indices.Count];
        for (int start = 0; start < rows.Length; start += BatchMessages)
        {
            int end = Math.Min(rows.Length, start + BatchMessages);
            if (!TryLoadKnown(target, indices, rows, start, end)
                && await LoadMissingAsync(target, indices, rows, start, end, cancellationToken) is var error and not StoreError.None)
            {
                return error;
            }
            if (start % (16 * BatchMessages) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield(); // Others want this thread too.
            }
        }
        lock (_gate)
        {
            return new MessageKeys(target, indices, rows, _rows, _references, _texts.Texts);
        }
    }

    /// <summary>False where some are neither known nor in a summary that is in memory; their rows are -1.</summary>
    private bool TryLoadKnown(SearchTarget target, List<int> indices, int[] rows, int start, int end)
    {
        bool hasAll = true;
        MailboxSnapshot latest = target.Mailbox.Snapshot;
        lock (_gate)
        {
            for (int i = start; i < end; i++)
            {
                ref readonly MessageRecord record = ref target.Current(latest, indices[i]);
                rows[i] = _rowOf.TryGetValue(record.Uid, out int row) ? row
                    : target.Mailbox.TryGetSummary(record, out MessageSummary summary) ? Add(record.Uid, summary)
                    : -1;
                hasAll &= rows[i] >= 0;
            }
        }
        return hasAll;
    }

    private async ValueTask<StoreError> LoadMissingAsync(
        SearchTarget target, List<int> indices, int[] rows, int start, int end, CancellationToken cancellationToken)
    {
        for (int i = start; i < end; i++)
        {
            if (rows[i] >= 0)
            {
                continue;
            }
            Uid uid = target.View[indices[i]].Uid;
            StoreResult<MessageSummary> asked = await target.Mailbox.GetSummaryAsync(uid, cancellationToken);
            if (asked.TryGet(out MessageSummary summary))
            {
                lock (_gate)
                {
                    rows[i] = _rowOf.TryGetValue(uid, out int row) ? row : Add(uid, summary);
                }
            }
            else if (asked.Error is not (StoreError.NotFound or StoreError.Expunged))
            {
                return asked.Error;
            }
        }
        return StoreError.None;
    }

    private int Add(Uid uid, MessageSummary summary)
    {
        int row = _rowOf.Count;
        if (row == _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(64, row * 2));
        }
        MessageSortKeys sort = summary.SortKeys;
        MessageThreadKeys thread = summary.ThreadKeys;
        _rows[row] = new KeyRow
        {
            SentSeconds = sort.IsPresent ? sort.SentSeconds ?? long.MinValue : long.MinValue,
            MessageId = thread.MessageId,
            FirstReference = _referenceCount,
            ReferenceCount = thread.ReferenceCount,
            IsReply = sort.IsPresent && sort.IsReply,
            BaseSubject = _texts.Add(sort.BaseSubject.Span),
            From = _texts.Add(sort.From.Span),
            To = _texts.Add(sort.To.Span),
            Cc = _texts.Add(sort.Cc.Span),
            DisplayFrom = _texts.Add(sort.DisplayFrom.Span),
            DisplayTo = _texts.Add(sort.DisplayTo.Span),
        };
        if (_referenceCount + thread.ReferenceCount > _references.Length)
        {
            Array.Resize(ref _references, Math.Max(64, (_referenceCount + thread.ReferenceCount) * 2));
        }
        for (int i = 0; i < thread.ReferenceCount; i++)
        {
            _references[_referenceCount++] = thread.Reference(i);
        }
        _rowOf.Add(uid, row);
        return row;
    }
}
