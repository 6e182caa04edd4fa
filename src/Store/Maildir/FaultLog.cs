using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>The faults of one mailbox's files, in the log: a disk that is full for an hour must not fill the log as well.</summary>
internal sealed class FaultLog(MaildirStore store, string accountName, string folder)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private (int Errno, long Time)? _last;

    /// <summary>Logs it, unless the same error was logged just now.</summary>
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
}
