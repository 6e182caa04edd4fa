using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// Opens messages a little ahead of their turn, so that files are read while the ones before are sent or searched.
/// </summary>
/// <remarks>Only small messages, and only a few: the memory for it is bounded. What was opened and not taken is closed by disposal.</remarks>
/// <param name="mailbox">Where they are.</param>
/// <param name="view">Whose indices are meant.</param>
/// <param name="indexAt">The index in the view of the message at a position; positions are asked for in ascending order.</param>
/// <param name="count">How many positions there are.</param>
/// <param name="limits">How far ahead.</param>
internal sealed class ReadAhead(IMailbox mailbox, MailboxSnapshot view, Func<int, int> indexAt, int count, ImapLimits limits) : IAsyncDisposable
{
    private readonly Queue<(int Position, Task<StoreResult<IMessageContent>> Opening)> _ahead = new();
    private int _next;

    /// <summary>The message at this position; positions that are passed over are closed.</summary>
    public async ValueTask<StoreResult<IMessageContent>> TakeAsync(int position)
    {
        while (_ahead.Count > 0 && _ahead.Peek().Position < position)
        {
            await CloseAsync(_ahead.Dequeue().Opening);
        }
        _next = Math.Max(_next, position);
        if (_ahead.Count == 0 || _next == position)
        {
            Open();
        }
        while (_ahead.Count < limits.ReadAheadMessages && _next < count && IsSmall(view[indexAt(_next)]))
        {
            Open();
        }
        return await _ahead.Dequeue().Opening;
    }

    public async ValueTask DisposeAsync()
    {
        while (_ahead.TryDequeue(out (int Position, Task<StoreResult<IMessageContent>> Opening) left))
        {
            await CloseAsync(left.Opening);
        }
    }

    private bool IsSmall(in MessageRecord record) => record.IsMeasured && record.Octets <= limits.ReadAheadOctetsMax;

    private void Open()
    {
        _ahead.Enqueue((_next, mailbox.OpenMessageAsync(view[indexAt(_next)].Uid, CancellationToken.None).AsTask()));
        _next++;
    }

    private static async ValueTask CloseAsync(Task<StoreResult<IMessageContent>> opening)
    {
        try
        {
            if ((await opening).TryGet(out IMessageContent? content))
            {
                await content.DisposeAsync();
            }
        }
        catch (IOException)
        {
            // Nobody wanted it: whoever does will hear of it.
        }
    }
}
