namespace MailAccess.Store.Model;

/// <summary>Tells those who watch an account what became of its mailboxes.</summary>
/// <remarks>
/// Thread-safe. Watchers are called where the change was made, after it is durable, and under the lock of the account's names: whoever sees a change in
/// a listing has been told of it. So they only take note.
/// </remarks>
internal sealed class AccountFeed
{
    private readonly Lock _gate = new();
    private Action<AccountChange>[] _watchers = [];

    /// <inheritdoc cref="IMailAccount.Watch"/>
    public IDisposable Watch(Action<AccountChange> changed)
    {
        lock (_gate)
        {
            Volatile.Write(ref _watchers, [.. _watchers, changed]);
        }
        return new Watcher(this, changed);
    }

    public void Publish(AccountChange change)
    {
        foreach (Action<AccountChange> watcher in Volatile.Read(ref _watchers))
        {
            watcher(change);
        }
    }

    /// <summary>From the top; all but the one that was asked for are implied.</summary>
    public void PublishCreated(IEnumerable<MailboxName> names, MailboxName asked)
    {
        foreach (MailboxName name in names)
        {
            Publish(new AccountChange.Created(name) { IsImplied = name != asked });
        }
    }

    /// <summary>After those that had to be made above the new name.</summary>
    public void PublishRenamed(MailboxName from, MailboxName to, RenamePlan plan)
    {
        PublishCreated(plan.Create, asked: to);
        Publish(new AccountChange.Renamed(from, to));
    }

    /// <summary>True: it is subscribed now and was not, or the other way round.</summary>
    public void PublishSubscribed(MailboxName name, bool isChanged)
    {
        if (isChanged)
        {
            Publish(new AccountChange.SubscriptionChanged(name));
        }
    }

    private void Remove(Action<AccountChange> changed)
    {
        lock (_gate)
        {
            int at = Array.IndexOf(_watchers, changed);
            Volatile.Write(ref _watchers, [.. _watchers[..at], .. _watchers[(at + 1)..]]);
        }
    }

    private sealed class Watcher(AccountFeed feed, Action<AccountChange> changed) : IDisposable
    {
        private AccountFeed? _feed = feed;

        public void Dispose() => Interlocked.Exchange(ref _feed, null)?.Remove(changed);
    }
}
