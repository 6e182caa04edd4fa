namespace MailAccess.Store;

/// <summary>How far ahead.</summary>
/// <param name="Messages">Messages that are opened together before their turn comes; two such batches may be under way.</param>
/// <param name="BatchOctetsMax">Octets after which a batch ends.</param>
/// <param name="OctetsMax">Larger messages are not opened ahead.</param>
public sealed record ReadAheadLimits(int Messages, int BatchOctetsMax, int OctetsMax);

/// <summary>
/// Opens messages a little ahead of their turn, several at once, so that files are read while the ones before are sent or searched.
/// </summary>
/// <remarks>
/// Only small messages, and only two batches of them: the memory for it is bounded. Batches grow while the messages are really taken one after the
/// other. What was opened and not taken is closed by disposal.
/// </remarks>
/// <param name="mailbox">Where they are.</param>
/// <param name="view">Whose indices are meant.</param>
/// <param name="indexAt">The index in the view of the message at a position; positions are asked for in ascending order.</param>
/// <param name="count">How many positions there are.</param>
/// <param name="limits">How far ahead.</param>
public sealed class ReadAhead(IMailbox mailbox, MailboxSnapshot view, Func<int, int> indexAt, int count, ReadAheadLimits limits) : IAsyncDisposable
{
    private const int FirstBatch = 4;
    private const int BatchesMax = 2;

    private readonly Queue<Batch> _ahead = new();
    private int _batchMessages = FirstBatch;
    private int _next;

    /// <summary>The message at this position; positions that are passed over are closed.</summary>
    public async ValueTask<StoreResult<IMessageContent>> TakeAsync(int position)
    {
        while (_ahead.TryPeek(out Batch? passed) && position >= passed.End)
        {
            await CloseAsync(_ahead.Dequeue());
            _batchMessages = FirstBatch; // Not one after the other.
        }
        if (_ahead.Count == 0)
        {
            _next = position;
        }
        while (_ahead.Count < BatchesMax && _next < count)
        {
            Begin();
        }
        Batch batch = _ahead.Peek();
        StoreResult<IMessageContent>[] opened = await batch.Opening;
        for (; batch.First + batch.Taken < position; batch.Taken++)
        {
            await CloseAsync(opened[batch.Taken]);
        }
        StoreResult<IMessageContent> wanted = opened[batch.Taken++];
        if (batch.Taken == opened.Length)
        {
            _ahead.Dequeue();
        }
        return wanted;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_ahead.TryDequeue(out Batch? left))
        {
            await CloseAsync(left);
        }
    }

    private bool IsSmall(in MessageRecord record) => record.IsMeasured && record.Octets <= limits.OctetsMax;

    private void Begin()
    {
        int first = _next;
        long octets = 0;
        List<Uid> uids = [];
        bool isSmall;
        do
        {
            ref readonly MessageRecord record = ref view[indexAt(_next)];
            isSmall = IsSmall(record);
            if (uids.Count > 0 && !isSmall)
            {
                break; // It is opened by itself, and read in pieces.
            }
            uids.Add(record.Uid);
            octets += record.Octets;
            _next++;
        }
        while (isSmall && _next < count && uids.Count < _batchMessages && octets < limits.BatchOctetsMax);
        _batchMessages = Math.Min(limits.Messages, _batchMessages * 2);
        _ahead.Enqueue(new Batch(first, _next, mailbox.OpenMessagesAsync(uids, CancellationToken.None).AsTask()));
    }

    private static async ValueTask CloseAsync(Batch batch)
    {
        StoreResult<IMessageContent>[] opened;
        try
        {
            opened = await batch.Opening;
        }
        catch (IOException)
        {
            return; // Nobody wanted it: whoever does will hear of it.
        }
        for (; batch.Taken < opened.Length; batch.Taken++)
        {
            await CloseAsync(opened[batch.Taken]);
        }
    }

    private static async ValueTask CloseAsync(StoreResult<IMessageContent> opened)
    {
        if (opened.TryGet(out IMessageContent? content))
        {
            await content.DisposeAsync();
        }
    }

    private sealed class Batch(int first, int end, Task<StoreResult<IMessageContent>[]> opening)
    {
        public int First => first;

        public int End => end;

        public Task<StoreResult<IMessageContent>[]> Opening => opening;

        /// <summary>So many were given out or closed.</summary>
        public int Taken { get; set; }
    }
}
