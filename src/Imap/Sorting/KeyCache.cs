using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Searching;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Sorting;

/// <summary>The keys of the mailboxes that were sorted or threaded last, for all sessions. Bounded: what was not used for longest goes first.</summary>
internal sealed class KeyCache(long octetsMax)
{
    private const int SpareMessages = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Mailbox, UidValidity Epoch), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _octets;

    /// <summary>Octets of memory in use, about.</summary>
    public long Octets
    {
        get
        {
            lock (_gate)
            {
                return _octets;
            }
        }
    }

    /// <summary>The keys of messages of the target's view; the user must be allowed to read them.</summary>
    public async ValueTask<StoreResult<MessageKeys>> LoadAsync(SearchTarget target, List<int> indices, CancellationToken cancellationToken)
    {
        if (!SelectedMailbox.RightsTo(target.Mailbox).Has(Rights.Read))
        {
            return StoreError.NoPermission;
        }
        (Guid, UidValidity) name = (target.Mailbox.MailboxId, target.View.UidValidity);
        MailboxKeys keys = Take(name, target.View.Count);
        StoreResult<MessageKeys> loaded = await keys.LoadAsync(target, indices, cancellationToken);
        Settle(name, keys);
        return loaded;
    }

    private MailboxKeys Take((Guid, UidValidity) name, int messages)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out LinkedListNode<Entry>? node))
            {
                if (node.Value.Keys.Count <= (2 * messages) + SpareMessages)
                {
                    _byUse.Remove(node);
                    _byUse.AddLast(node);
                    return node.Value.Keys;
                }
                Drop(node); // Most of them were expunged.
            }
            node = new(new Entry(name, new MailboxKeys()));
            _entries.Add(name, node);
            _byUse.AddLast(node);
            return node.Value.Keys;
        }
    }

    /// <summary>It may have grown. Keys that are being used live on until then, here or not.</summary>
    private void Settle((Guid, UidValidity) name, MailboxKeys keys)
    {
        long octets = keys.Octets;
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out LinkedListNode<Entry>? node) && node.Value.Keys == keys)
            {
                _octets += octets - node.Value.Octets;
                node.Value.Octets = octets;
            }
            while (_octets > octetsMax && _byUse.First is { } oldest)
            {
                Drop(oldest);
            }
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _octets -= node.Value.Octets;
        _entries.Remove(node.Value.Name);
        _byUse.Remove(node);
    }

    private sealed class Entry((Guid, UidValidity) name, MailboxKeys keys)
    {
        public (Guid, UidValidity) Name => name;

        public MailboxKeys Keys => keys;

        public long Octets { get; set; }
    }
}
