using System.Collections.Concurrent;
using MailAccess.Store.Model;

namespace MailAccess.Store.Memory;

/// <summary>Settles commits in the order of their submission, outside the gates, one at a time.</summary>
internal sealed class MemoryCommitter
{
    private readonly ConcurrentQueue<CommitTicket> _queue = new();
    private int _busy;

    public void Submit(CommitTicket ticket) => _queue.Enqueue(ticket);

    /// <summary>Whoever finds it idle settles what there is; a subscriber that commits again finds it busy and waits for its ticket.</summary>
    public void Run()
    {
        while (!_queue.IsEmpty && Interlocked.CompareExchange(ref _busy, 1, 0) == 0)
        {
            while (_queue.TryDequeue(out CommitTicket? ticket))
            {
                ticket.Complete(ticket.IsStale ? StoreError.NotFound : StoreError.None);
            }
            Volatile.Write(ref _busy, 0);
        }
    }
}
