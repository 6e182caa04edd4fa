using System.Collections.Concurrent;
using MailAccess.Store.Metadata;
using MailAccess.Store.Model;

namespace MailAccess.Store.Access;

/// <summary>
/// A store as users see it: each account is opened as an <see cref="IUserAccount"/>, with what others share and with annotations. For what
/// acts for a user (IMAP); delivery works on the store beneath, whose accounts have no rights to check.
/// </summary>
/// <param name="inner">The formats' store; stays its owner's.</param>
/// <param name="sharing">Null: nothing is shared, names and mailboxes are the inner store's own.</param>
/// <param name="metadata">Annotations.</param>
/// <param name="clock">For what could not be written and is tried again.</param>
public sealed class AccessMailStore(IMailStore inner, SharingOptions? sharing, MetadataOptions metadata, TimeProvider clock) : IMailStore
{
    private const int Stripes = 64;

    /// <summary>So long after a failure the list of who shares what is not written again.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Owner, MailboxName Name), AccessList> _lists = new();
    private readonly ConcurrentDictionary<string, IDisposable?> _attached = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<object, Action<string, AccountChange>> _watchers = new();
    private readonly SemaphoreSlim[] _owners = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly SemaphoreSlim _sharesLock = new(1, 1);
    private bool _sharesKnown;
    private volatile bool _sharesOwed;
    private long _sharesFailedAt;

    /// <summary>How mailboxes are shared, or null.</summary>
    public SharingOptions? Sharing => sharing;

    /// <summary>Annotations.</summary>
    public MetadataOptions Metadata => metadata;

    /// <summary>The account itself. From then on what becomes of its mailboxes is told to those with whom they may be shared.</summary>
    internal async ValueTask<StoreResult<IMailAccount>> OpenInnerAsync(string accountName, CancellationToken cancellationToken)
    {
        StoreResult<IMailAccount> opened = await inner.OpenAccountAsync(accountName, cancellationToken);
        if (sharing is not null && opened.TryGet(out IMailAccount? account) && _attached.TryAdd(accountName, null))
        {
            _attached[accountName] = account.Watch(change => Tell(accountName, change)); // Accounts live as long as their store.
        }
        return opened;
    }

    /// <summary>Has the callback called with what becomes of mailboxes that are shared, or were until now, of whatever owner.</summary>
    internal IDisposable WatchShared(Action<string, AccountChange> changed)
    {
        object key = new();
        _watchers[key] = changed;
        return new SharedWatch(_watchers, key);
    }

    private void Tell(string owner, AccountChange change)
    {
        if (_watchers.IsEmpty || !(change is AccountChange.ListChanged || owner == sharing!.SystemAccount || Shares.HasAny(owner)))
        {
            return;
        }
        foreach (Action<string, AccountChange> watcher in _watchers.Values)
        {
            watcher(owner, change);
        }
    }

    private sealed class SharedWatch(ConcurrentDictionary<object, Action<string, AccountChange>> watchers, object key) : IDisposable
    {
        public void Dispose() => watchers.TryRemove(key, out _);
    }

    internal SharedMailboxes Shares { get; } = new();

    /// <inheritdoc/>
    public async ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        if (accountName == sharing?.SystemAccount)
        {
            return StoreError.NotFound;
        }
        StoreResult<IMailAccount> opened = await OpenInnerAsync(accountName, cancellationToken);
        if (!opened.TryGet(out IMailAccount? account))
        {
            return opened.Error;
        }
        return new AccessAccount(this, account, new AccessUser(accountName, sharing?.GroupsOf(accountName) ?? []));
    }

    /// <inheritdoc/>
    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        inner.StageAsync(octetsExpected, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _sharesLock.Dispose();
        foreach (IDisposable? attached in _attached.Values)
        {
            attached?.Dispose();
        }
        Array.ForEach(_owners, o => o.Dispose());
        return default;
    }

    /// <summary>What the user may do, as far as the mailbox's list has been read. No wait, no file.</summary>
    internal Rights RightsNow(string owner, MailboxName name, AccessUser user)
    {
        if (owner == sharing?.SystemAccount && sharing.PublicAdministrators.Contains(user.Name, StringComparer.Ordinal))
        {
            return Rights.All;
        }
        return _lists.GetValueOrDefault((owner, name), AccessList.Empty).RightsOf(user, owner == user.Name);
    }

    /// <summary>One change of an owner's lists and annotations at a time, and no reading while it goes on.</summary>
    internal async ValueTask<StoreResult<T>> LockedAsync<T>(string owner, Func<ValueTask<StoreResult<T>>> work, CancellationToken cancellationToken)
    {
        SemaphoreSlim stripe = _owners[(uint)string.GetHashCode(owner, StringComparison.Ordinal) % Stripes];
        await stripe.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            stripe.Release();
        }
    }

    /// <summary>The mailbox's list as its file says it now; <see cref="StoreError.NotFound"/>: there is no such mailbox.</summary>
    internal ValueTask<StoreResult<AccessList>> ReadListAsync(IMailAccount account, MailboxName name, CancellationToken cancellationToken) =>
        LockedAsync(account.Name, () => ReadListLockedAsync(account, name, cancellationToken), cancellationToken);

    /// <summary>Reads, changes and replaces the list. Success: it is durable, and so is who must be asked for it.</summary>
    internal ValueTask<StoreResult<Done>> ChangeListAsync(
        IMailAccount account, MailboxName name, Func<AccessList, StoreResult<AccessList>> change, CancellationToken cancellationToken) =>
        LockedAsync<Done>(
            account.Name,
            async () =>
            {
                StoreResult<AccessList> read = await ReadListLockedAsync(account, name, cancellationToken);
                if (!read.TryGet(out AccessList? before))
                {
                    return read.Error;
                }
                StoreResult<AccessList> changed = change(before);
                if (!changed.TryGet(out AccessList? after))
                {
                    return changed.Error;
                }
                if (account is not ISideFiles files)
                {
                    return StoreError.NotPermitted;
                }
                StoreError unknown = await CoverAsync(() => Shares.Cover(account.Name, name, after));
                if (unknown != StoreError.None)
                {
                    return unknown;
                }
                StoreResult<Done> replaced = await files.ReplaceAsync(name, AccessFile.Name, AccessFile.Format(after), CancellationToken.None);
                if (replaced.Error == StoreError.None)
                {
                    await KnowAsync(account.Name, name, after);
                    files.Feed.Publish(new AccountChange.ListChanged(name, before, after));
                }
                return replaced;
            },
            cancellationToken);

    /// <summary>These mailboxes of an owner are about to get other names: whom they are shared with must not be forgotten.</summary>
    internal ValueTask<StoreError> CoverRenamesAsync(string owner, IReadOnlyList<(MailboxName From, MailboxName To)> names) =>
        CoverAsync(() => names.Aggregate(false, (any, n) => Shares.Cover(owner, n.From, n.To) | any));

    /// <summary>The mailbox went away.</summary>
    internal ValueTask ForgetAsync(string owner, MailboxName name) => KnowAsync(owner, name, AccessList.Empty);

    /// <summary>Who shares what is known, from its file or, where that is lost, from all accounts' lists.</summary>
    internal async ValueTask<StoreError> EnsureSharesAsync(CancellationToken cancellationToken)
    {
        if (sharing is null || Volatile.Read(ref _sharesKnown))
        {
            return StoreError.None;
        }
        await _sharesLock.WaitAsync(cancellationToken);
        try
        {
            if (_sharesKnown)
            {
                return StoreError.None;
            }
            StoreResult<IMailAccount> opened = await inner.OpenAccountAsync(sharing.SystemAccount, cancellationToken);
            if (!opened.TryGet(out IMailAccount? system) || system is not ISideFiles files)
            {
                return opened.Error == StoreError.None ? StoreError.NotPermitted : opened.Error;
            }
            StoreResult<ReadOnlyMemory<byte>> read = await files.ReadAsync(null, SharedMailboxes.FileName, cancellationToken);
            if (!read.TryGet(out ReadOnlyMemory<byte> content))
            {
                return read.Error;
            }
            if (!Shares.TryLoad(content.Span))
            {
                StoreError error = await RebuildAsync(cancellationToken);
                if (error != StoreError.None)
                {
                    return error;
                }
                await files.ReplaceAsync(null, SharedMailboxes.FileName, Shares.Format(), CancellationToken.None);
            }
            Volatile.Write(ref _sharesKnown, true);
            return StoreError.None;
        }
        finally
        {
            _sharesLock.Release();
        }
    }

    private async ValueTask<StoreError> RebuildAsync(CancellationToken cancellationToken)
    {
        foreach (string name in (IEnumerable<string>)[.. await sharing!.Accounts(cancellationToken), sharing.SystemAccount])
        {
            StoreResult<IMailAccount> opened = await inner.OpenAccountAsync(name, cancellationToken);
            if (!opened.TryGet(out IMailAccount? account) || account is not ISideFiles files)
            {
                continue; // An account that cannot be opened shares nothing until it can: its lists are noted when they are read.
            }
            StoreResult<IReadOnlyList<MailboxListing>> listed = await account.ListAsync(cancellationToken);
            foreach (MailboxListing listing in listed.TryGet(out IReadOnlyList<MailboxListing>? listings) ? listings : [])
            {
                if ((await files.ReadAsync(listing.Name, AccessFile.Name, cancellationToken)).TryGet(out ReadOnlyMemory<byte> content) && !content.IsEmpty)
                {
                    Shares.Note(name, listing.Name, AccessFile.Parse(content.Span));
                }
            }
        }
        return StoreError.None;
    }

    private async ValueTask<StoreResult<AccessList>> ReadListLockedAsync(IMailAccount account, MailboxName name, CancellationToken cancellationToken)
    {
        if (account is not ISideFiles files)
        {
            return AccessList.Empty;
        }
        StoreResult<ReadOnlyMemory<byte>> read = await files.ReadAsync(name, AccessFile.Name, cancellationToken);
        if (!read.TryGet(out ReadOnlyMemory<byte> content))
        {
            if (read.Error == StoreError.NotFound)
            {
                await ForgetAsync(account.Name, name);
            }
            return read.Error;
        }
        AccessList list = content.IsEmpty ? AccessList.Empty : AccessFile.Parse(content.Span);
        await KnowAsync(account.Name, name, list);
        return list;
    }

    private async ValueTask KnowAsync(string owner, MailboxName name, AccessList list)
    {
        if (list.Entries.Count == 0)
        {
            _lists.TryRemove((owner, name), out _);
        }
        else
        {
            _lists[(owner, name)] = list;
        }
        if (sharing is null || await EnsureSharesAsync(CancellationToken.None) != StoreError.None)
        {
            return;
        }
        // A name too many does no harm; one too few comes from another program's change and is tried again later.
        _sharesOwed |= Shares.Note(owner, name, list);
        if (_sharesOwed && (_sharesFailedAt == 0 || clock.GetElapsedTime(Volatile.Read(ref _sharesFailedAt)) >= RetryInterval))
        {
            await WriteSharesAsync();
        }
    }

    /// <summary>Writes before the change that makes it needed, and refuses that where it cannot.</summary>
    private async ValueTask<StoreError> CoverAsync(Func<bool> cover)
    {
        if (sharing is null)
        {
            return StoreError.None;
        }
        StoreError unknown = await EnsureSharesAsync(CancellationToken.None);
        if (unknown != StoreError.None)
        {
            return unknown;
        }
        _sharesOwed |= cover();
        return _sharesOwed ? await WriteSharesAsync() : StoreError.None;
    }

    private async ValueTask<StoreError> WriteSharesAsync()
    {
        await _sharesLock.WaitAsync(CancellationToken.None);
        try
        {
            if (!_sharesOwed)
            {
                return StoreError.None; // Somebody has written ours with his.
            }
            StoreResult<IMailAccount> opened = await inner.OpenAccountAsync(sharing!.SystemAccount, CancellationToken.None);
            if (!opened.TryGet(out IMailAccount? system) || system is not ISideFiles files)
            {
                return opened.Error == StoreError.None ? StoreError.NotPermitted : opened.Error;
            }
            _sharesOwed = false; // Before the content is taken: what is noted from here on is owed again.
            StoreError error = (await files.ReplaceAsync(null, SharedMailboxes.FileName, Shares.Format(), CancellationToken.None)).Error;
            if (error != StoreError.None)
            {
                _sharesOwed = true;
            }
            Volatile.Write(ref _sharesFailedAt, error == StoreError.None ? 0 : clock.GetTimestamp());
            return error;
        }
        finally
        {
            _sharesLock.Release();
        }
    }
}
