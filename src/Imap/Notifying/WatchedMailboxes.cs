using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Notifying;

/// <summary>The mailboxes of whose messages a session wants to hear, beside the selected one.</summary>
internal sealed class WatchedMailboxes(ImapSession session, NotifyScope scope, Action wake) : IAsyncDisposable
{
    private const Rights Needed = Rights.Lookup | Rights.Read; // RFC 5465 §5.

    private readonly Dictionary<MailboxName, MailboxWatch> _watches = [];
    private readonly HashSet<MailboxName> _ownNew = [];

    /// <summary>Those that are meant, and that the client may list and not read.</summary>
    public IReadOnlySet<MailboxName> WithoutAccess { get; private set; } = new HashSet<MailboxName>();

    /// <summary>Some were deleted, renamed or made anew, or may not be read any more.</summary>
    public bool HasGone => _watches.Values.Any(w => w.Mailbox.IsGone);

    private ImapServices Services => session.Services;

    /// <summary>The session itself did this: of a mailbox that it has made it knows that it is empty. Under the lock of who calls.</summary>
    public void NoteOwn(AccountChange change)
    {
        if (change is AccountChange.Created created)
        {
            lock (_ownNew)
            {
                _ownNew.Add(created.Name);
            }
        }
    }

    /// <summary>
    /// Finds which mailboxes are meant now, opens those that are not watched yet and lets go those that are not meant any more. Not to be found
    /// or not to be known of: passed over (RFC 5465 §3.1). Any other error: something would be missed.
    /// </summary>
    /// <param name="now">What there is.</param>
    /// <param name="isFirst">The client knows, or is about to be told, how they are now. Else it is told of those that are watched anew.</param>
    public async ValueTask<StoreError> ResolveAsync(AccountView now, bool isFirst)
    {
        Dictionary<MailboxName, NotifyEvents> wanted = now.Listings.Values.Where(l => l.IsSelectable).Select(l => l.Name)
            .Select(n => (Name: n, Events: scope.EventsOf(n, now.Subscribed.Contains(n)))).Where(n => n.Events != NotifyEvents.None).ToDictionary(n => n.Name, n => n.Events);
        if (wanted.Values.Count(e => (e & NotifyEvents.OfMessages) != 0) > Services.Limits.WatchedMailboxesMax)
        {
            return StoreError.LimitReached;
        }
        List<MailboxWatch> former = [.. _watches.Values.Where(w => !IsUsable(w, wanted))];
        former.ForEach(w => _watches.Remove(w.Mailbox.Name));
        HashSet<MailboxName> withoutAccess = [];
        StoreError error = StoreError.None;
        foreach ((MailboxName name, NotifyEvents events) in wanted)
        {
            if (_watches.TryGetValue(name, out MailboxWatch? watch))
            {
                watch.Events = events;
            }
            else if (error == StoreError.None && (events & NotifyEvents.OfMessages) != 0)
            {
                error = await OpenAsync(name, events, isFirst, withoutAccess);
            }
            else if (error == StoreError.None && await MayOnlyListAsync(name))
            {
                withoutAccess.Add(name);
            }
        }
        foreach (MailboxWatch gone in former)
        {
            await CloseAsync(gone);
        }
        lock (_ownNew)
        {
            _ownNew.Clear();
        }
        WithoutAccess = withoutAccess;
        return error;
    }

    /// <summary>STATUS of all but the selected one. RFC 5465 §3.1.</summary>
    public async ValueTask TellAllAsync()
    {
        foreach (MailboxWatch watch in _watches.Values.Where(w => !IsSelected(w)))
        {
            await TellAsync(watch, watch.Mailbox.Snapshot);
        }
    }

    /// <summary>STATUS of those of which there is something to tell: at most one each, however much has happened.</summary>
    public async ValueTask TellNewsAsync()
    {
        foreach (MailboxWatch watch in _watches.Values.Where(w => !IsSelected(w)))
        {
            if (watch.TakeDirty() && SelectedMailbox.RightsTo(watch.Mailbox).Has(Needed)
                && watch.Mailbox.Snapshot is var now && watch.HasNews(MailboxNumbers.Of(now), session.Enabled))
            {
                await TellAsync(watch, now);
            }
        }
    }

    /// <summary>It is looked at again, against what the last STATUS told: of UIDNEXT and UNSEEN the selected mailbox's own responses tell nothing.</summary>
    public void Leave(SelectedMailbox selected)
    {
        if (_watches.TryGetValue(selected.Mailbox.Name, out MailboxWatch? watch))
        {
            watch.Touch();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (MailboxWatch watch in _watches.Values)
        {
            await CloseAsync(watch);
        }
        _watches.Clear();
    }

    private static bool IsUsable(MailboxWatch watch, Dictionary<MailboxName, NotifyEvents> wanted) =>
        !watch.Mailbox.IsGone && (wanted.GetValueOrDefault(watch.Mailbox.Name) & NotifyEvents.OfMessages) != 0
        && SelectedMailbox.RightsTo(watch.Mailbox).Has(Needed);

    private bool IsSelected(MailboxWatch watch) => session.Selected is { } selected && selected.Mailbox.Name == watch.Mailbox.Name;

    private async ValueTask<StoreError> OpenAsync(MailboxName name, NotifyEvents events, bool isFirst, HashSet<MailboxName> withoutAccess)
    {
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            if (opened.Error == StoreError.NoPermission)
            {
                withoutAccess.Add(name);
                return StoreError.None;
            }
            return opened.Error is StoreError.NotFound or StoreError.NotPermitted or StoreError.InvalidName ? StoreError.None : opened.Error;
        }
        Rights rights = SelectedMailbox.RightsTo(mailbox);
        if (!rights.Has(Needed))
        {
            await mailbox.DisposeAsync();
            _ = rights.Has(Rights.Lookup) && withoutAccess.Add(name);
            return StoreError.None;
        }
        StoreResult<Done> refreshed = await mailbox.RefreshAsync(CancellationToken.None);
        if (refreshed.Error != StoreError.None || !Services.Watches.TryTake(1))
        {
            bool isGone = mailbox.IsGone;
            await mailbox.DisposeAsync();
            return refreshed.Error == StoreError.None ? StoreError.LimitReached : isGone ? StoreError.None : refreshed.Error;
        }
        MailboxWatch watch = new(mailbox, events, wake);
        _watches.Add(name, watch);
        watch.Told = isFirst ? MailboxNumbers.Of(mailbox.Snapshot) : ToldOf(mailbox);
        if (!isFirst)
        {
            watch.Touch();
        }
        return StoreError.None;
    }

    /// <summary>What the client knows of a mailbox that was not watched by this name; the default: nothing, it is told all.</summary>
    private MailboxNumbers ToldOf(IMailbox mailbox)
    {
        lock (_ownNew)
        {
            return _ownNew.Contains(mailbox.Name) ? MailboxNumbers.OfNew(mailbox.Snapshot.UidValidity) : default;
        }
    }

    /// <summary>Nothing of its messages is wanted; but also other events need the right to read. RFC 5465 §3.1, §5.</summary>
    private async ValueTask<bool> MayOnlyListAsync(MailboxName name) =>
        session.Account is IUserAccount { Sharing: { } sharing } account && sharing.IsForeign(name)
        && (await account.GetMyRightsAsync(name, CancellationToken.None)).TryGet(out Rights rights) && rights.Has(Rights.Lookup) && !rights.Has(Rights.Read);

    private async ValueTask TellAsync(MailboxWatch watch, MailboxSnapshot now)
    {
        watch.Told = MailboxNumbers.Of(now);
        ItemsOf(watch.Events).Write(session.Writer, Services, watch.Mailbox, now);
        if (session.Writer.IsFull)
        {
            await session.Writer.FlushAsync();
        }
    }

    /// <summary>RFC 5465 §3.1, §5.1 to §5.3: at least these.</summary>
    private StatusItems ItemsOf(NotifyEvents events)
    {
        bool hasFlags = (events & NotifyEvents.FlagChange) != 0;
        bool hasModSeq = !Services.IsDisabled("CONDSTORE") && (hasFlags || (session.Enabled & ImapExtensions.CondStore) != 0);
        return StatusItems.Of(["MESSAGES", "UIDNEXT", "UIDVALIDITY", .. hasFlags ? ["UNSEEN"] : Array.Empty<string>(), .. hasModSeq ? ["HIGHESTMODSEQ"] : Array.Empty<string>()]);
    }

    private ValueTask CloseAsync(MailboxWatch watch)
    {
        Services.Watches.Give(1);
        return watch.DisposeAsync();
    }
}
