namespace MailAccess.Imap.Notifying;

/// <summary>So much of something all sessions together may have. Thread-safe.</summary>
internal sealed class NotifyBudget(int max)
{
    private int _taken;

    /// <summary>So much they have.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>False: it would be too much. Less than nothing gives back.</summary>
    public bool TryTake(int count)
    {
        if (Interlocked.Add(ref _taken, count) <= max || count <= 0)
        {
            return true;
        }
        Give(count);
        return false;
    }

    /// <summary>It is not needed any more.</summary>
    public void Give(int count) => Interlocked.Add(ref _taken, -count);
}
