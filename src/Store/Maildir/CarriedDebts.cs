using MailAccess.Store.Files;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Mailboxes that recovery could not bring to what the journal says, because their files cannot be written. Their records wait in
/// <see cref="CarriedRecords"/>; each is tried again when somebody wants to open it.
/// </summary>
internal sealed class CarriedDebts(MaildirStore store, string journalFolder, Guid bootId)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Guid> _waiting = [];

    /// <summary>After recovery, before segments are removed. On a worker.</summary>
    public void Begin(JournalContent content, IReadOnlyCollection<Guid> failed)
    {
        if (failed.Count > 0)
        {
            CarriedRecords.Write(store.Files, journalFolder, content.Segments.Where(s => s.Number > 0).Select(s => s.Path), failed.Contains, bootId);
            _waiting.UnionWith(failed);
        }
    }

    public bool IsWaiting(Guid mailbox)
    {
        lock (_gate)
        {
            return _waiting.Contains(mailbox);
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count == 0;
            }
        }
    }

    /// <summary>
    /// Before this mailbox is opened: applies what waits for it. True where something did, so that its index is another now.
    /// Throws <see cref="FileFault"/> while that is not possible. On a worker.
    /// </summary>
    public bool Settle(Guid mailbox)
    {
        lock (_gate)
        {
            if (!_waiting.Contains(mailbox))
            {
                return false;
            }
            string path = Path.Combine(journalFolder, CarriedRecords.FileName);
            HashSet<Guid> failed = JournalReader.TryOpen(store.Files, path) is { } carried
                ? Recovery.RunCarried(store, carried, _waiting, carried.BootId == bootId)
                : [];
            _waiting.IntersectWith(failed);
            return !_waiting.Contains(mailbox) ? true : throw new FileFault("recovery", path, Posix.InputOutput);
        }
    }
}
