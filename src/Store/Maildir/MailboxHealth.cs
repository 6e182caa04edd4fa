using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>Whether a mailbox's files can be written, and what of it the administrator hears.</summary>
internal sealed class MailboxHealth(MaildirStore store, string accountName, string folder)
{
    /// <summary>A disk that is full for an hour must not fill the log as well.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private (int Errno, long Time)? _last;
    private volatile Sickness _sickness;

    private enum Sickness
    {
        None,
        Unpaid,
        Unsynced,
    }

    /// <summary>What it owes to its files cannot be paid at present: no commit is taken.</summary>
    public bool IsSick => _sickness != Sickness.None;

    /// <summary>Logs the fault, unless the same error was logged just now.</summary>
    public void Tell(FileFault fault)
    {
        lock (_gate)
        {
            if (_last is { } last && last.Errno == fault.Errno && store.Clock.GetElapsedTime(last.Time) < Pause)
            {
                return;
            }
            _last = (fault.Errno, store.Clock.GetTimestamp());
        }
        store.Log.FileFault(accountName, folder, fault);
    }

    /// <summary>Its debts could not be paid, or could not be made durable.</summary>
    public void Sicken(FileFault fault, bool whileSyncing = false)
    {
        if (_sickness == Sickness.None)
        {
            store.Log.MailboxSick(accountName, folder, fault);
        }
        if (_sickness != Sickness.Unsynced)
        {
            _sickness = whileSyncing ? Sickness.Unsynced : Sickness.Unpaid;
        }
    }

    /// <summary>They were paid; where it was the sync that failed, only another sync tells.</summary>
    public void Recover(bool wasSynced)
    {
        if (_sickness == Sickness.Unpaid || (wasSynced && _sickness != Sickness.None))
        {
            _sickness = Sickness.None;
            store.Log.MailboxWell(accountName, folder);
        }
    }
}
