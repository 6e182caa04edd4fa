using MailAccess.Imap.Commands;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Notifying;

/// <summary>What one session has asked for by NOTIFY, and what it has not been told of it yet. RFC 5465.</summary>
/// <remarks>
/// The store only marks what has changed and wakes the connection; the session's loop looks and writes. So any number of changes of a mailbox
/// cost one STATUS, and a client that does not read costs a bounded list of changes of names, with more of which notifications end (§5.8).
/// </remarks>
internal sealed class Notifications : IAsyncDisposable
{
    /// <summary>resp-text-code =/ "NOTIFICATIONOVERFLOW" — §8.</summary>
    public const string Overflow = "NOTIFICATIONOVERFLOW";

    /// <summary>After so many looks at names that keep changing it is told what was seen; what is amiss with it then is told next time.</summary>
    private const int LooksMax = 8;

    /// <summary>Whose command runs on this flow of control: what it does itself the client need not be told. §5.</summary>
    private static readonly AsyncLocal<ImapSession?> Acting = new();

    private readonly ImapSession _session;
    private readonly NotifyRequest _request;
    private readonly NotifyScope _scope;
    private readonly KnownNames _names;
    private readonly WatchedMailboxes _watched;
    private readonly Lock _gate = new();
    private readonly List<AccountChange> _changes = [];
    private IDisposable? _feed;
    private IDisposable? _selectedSubscription;
    private bool _mustResolve;
    private bool _hasOverflowed;
    private int _isDirty;

    public Notifications(ImapSession session, NotifyRequest request)
    {
        _session = session;
        _request = request;
        _scope = new NotifyScope(request.Groups, (session.Account as IUserAccount)?.Sharing);
        _names = new KnownNames(_scope, session.Services);
        _watched = new WatchedMailboxes(session, _scope, Wake);
    }

    /// <summary>Something is told of the selected mailbox; else what the client knows of it stands still.</summary>
    public bool FollowsSelected => _request.Selected != NotifyEvents.None;

    /// <summary>SELECTED-DELAYED.</summary>
    public bool DelaysExpunge => _request.DelaysExpunge;

    /// <summary>There may be something to tell.</summary>
    public bool HasNews => Volatile.Read(ref _isDirty) != 0 || (FollowsSelected && _session.Selected is { HasNews: true });

    /// <summary>From here on the session's own changes are known as such, until the caller returns.</summary>
    public static void BeginCommand(ImapSession session) => Acting.Value = session;

    /// <summary>What of the selected mailbox is told, and how.</summary>
    public SelectedScope ScopeOf(SelectedMailbox selected) => new(new ArrivalReport(_session, selected, _request.NewItems))
    {
        TellsFlags = (_request.Selected & NotifyEvents.FlagChange) != 0,
        ItemsBesideFlags = _session.Enabled.ItemsByNumbering(Numbering.Uid),
    };

    /// <summary>
    /// Begins to listen, and writes what is so now as far as it was asked for. <see cref="StoreError.LimitReached"/>: too many mailboxes. After an
    /// error: to be disposed of.
    /// </summary>
    public async ValueTask<StoreError> StartAsync()
    {
        if (_request.NamesCount > _session.Services.Limits.WatchedMailboxesMax)
        {
            return StoreError.LimitReached;
        }
        if (_request.Groups.Count == 0)
        {
            return StoreError.None;
        }
        _feed = _session.Account!.Watch(OnChange);
        StoreResult<AccountView> loaded = await AccountView.LoadAsync(_session.Account);
        if (!loaded.TryGet(out AccountView? now))
        {
            return loaded.Error;
        }
        StoreError error = _names.Begin(now);
        error = error == StoreError.None ? await _watched.ResolveAsync(now, isFirst: true) : error;
        if (error != StoreError.None)
        {
            return error;
        }
        if (_request.TellsStatus)
        {
            await _watched.TellAllAsync();
        }
        return await TellNamesAsync([], now);
    }

    /// <summary>Another mailbox is selected, or none.</summary>
    public void Follow(SelectedMailbox? selected)
    {
        _selectedSubscription?.Dispose();
        _selectedSubscription = FollowsSelected ? selected?.Mailbox.Subscribe(Wake) : null;
    }

    /// <summary>The mailbox is no longer the selected one: from here on it is told of as the others are.</summary>
    public void Leave(SelectedMailbox selected) => _watched.Leave(selected);

    /// <summary>Something is to be looked at. Asked before anything is: what happens while it is told wakes the session again.</summary>
    public bool TakeDirty() => Interlocked.Exchange(ref _isDirty, 0) != 0;

    /// <summary>Tells what has become of other mailboxes. An error: not all of it can be told.</summary>
    public async ValueTask<StoreError> TellAsync()
    {
        List<AccountChange> changes = [];
        StoreError error = Take(changes) || _watched.HasGone ? await RenewAsync(changes) : StoreError.None;
        if (error != StoreError.None || _hasOverflowed)
        {
            return error == StoreError.None ? StoreError.LimitReached : error;
        }
        await TellAnnotationsAsync(changes);
        await _watched.TellNewsAsync();
        return StoreError.None;
    }

    public ValueTask DisposeAsync()
    {
        _feed?.Dispose();
        _selectedSubscription?.Dispose();
        _names.Dispose();
        return _watched.DisposeAsync();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isDirty, 1) == 0)
        {
            _session.Connection.Wake();
        }
    }

    /// <summary>On any thread, where the change was made.</summary>
    private void OnChange(AccountChange change)
    {
        lock (_gate)
        {
            _mustResolve |= change is not AccountChange.AnnotationsChanged;
            if (ReferenceEquals(Acting.Value, _session) && change is not AccountChange.Created { IsImplied: true })
            {
                _watched.NoteOwn(change);
                _names.NoteOwn(change, isBehindOthers: _changes.Count > 0);
            }
            else if (_changes.Count < _session.Services.Limits.NotifyChangesMax)
            {
                _changes.Add(change);
            }
            else
            {
                _hasOverflowed = true;
            }
        }
        Wake();
    }

    /// <summary>The mailboxes that are meant are found anew, and what became of names is told.</summary>
    private async ValueTask<StoreError> RenewAsync(List<AccountChange> changes)
    {
        StoreResult<AccountView> loaded = await LoadAsync(changes);
        if (_hasOverflowed || !loaded.TryGet(out AccountView? now))
        {
            return _hasOverflowed ? StoreError.LimitReached : loaded.Error;
        }
        StoreError error = await _watched.ResolveAsync(now, isFirst: false);
        return error == StoreError.None ? await TellNamesAsync(changes, now) : error;
    }

    /// <summary>The names are looked at (again) as soon as what is due now is told.</summary>
    private void MustResolve()
    {
        lock (_gate)
        {
            _mustResolve = true;
        }
        Wake();
    }

    /// <summary>What has been heard of since. True: other mailboxes than until now may be meant.</summary>
    private bool Take(List<AccountChange> changes)
    {
        lock (_gate)
        {
            changes.AddRange(_changes);
            _changes.Clear();
            bool mustResolve = _mustResolve;
            _mustResolve = false;
            return mustResolve;
        }
    }

    /// <summary>The names as these changes leave them. Who sees a change has been told of it: so while others are made it is looked again.</summary>
    private async ValueTask<StoreResult<AccountView>> LoadAsync(List<AccountChange> changes)
    {
        for (int looks = 1; ; looks++)
        {
            StoreResult<AccountView> loaded = await AccountView.LoadAsync(_session.Account!);
            bool isStale = Take(changes);
            if (!isStale || loaded.Error != StoreError.None)
            {
                return loaded;
            }
            if (looks == LooksMax)
            {
                MustResolve();
                return loaded;
            }
        }
    }

    /// <summary>LIST for names that are affected. §5.4, §5.5, §5.9.</summary>
    private async ValueTask<StoreError> TellNamesAsync(List<AccountChange> changes, AccountView now)
    {
        StoreResult<List<AffectedName>> settled = _names.Settle(changes, now, _watched.WithoutAccess);
        foreach (AffectedName affected in settled.TryGet(out List<AffectedName>? lines) ? lines : [])
        {
            MailboxName name = affected.Name;
            // What was renamed was there then; if it is not any more, that is told as well.
            MailboxListing? listing = now.Listings.GetValueOrDefault(name) ?? (affected.OldName is null ? null : new MailboxListing { Name = name });
            ListedName listed = new(name, listing, now.Subscribed.Contains(name), IsSelected: true, HasSelectedBelow: false);
            ListCommand.WriteUnasked(_session, listed, ListReturn.Subscribed | ListReturn.Children, affected.OldName?.Value, affected.HasNoAccess ? "\\NoAccess " : "");
            if (_session.Writer.IsFull)
            {
                await _session.Writer.FlushAsync();
            }
        }
        return settled.Error;
    }

    /// <summary>metadata-resp = "METADATA" SP mailbox SP entry-list; entry-list = entry *(SP entry) — RFC 5464 §5, and its §4.4.2.</summary>
    private async ValueTask TellAnnotationsAsync(List<AccountChange> changes)
    {
        ImapWriter writer = _session.Writer;
        foreach (var one in changes.OfType<AccountChange.AnnotationsChanged>().GroupBy(a => a.Name?.Value ?? ""))
        {
            MailboxName? name = one.First().Name;
            bool isWanted = name is null ? (_scope.All & NotifyEvents.ServerMetadataChange) != 0
                : (_scope.EventsOf(name, _names.IsSubscribed(name)) & NotifyEvents.MailboxMetadataChange) != 0;
            if (!isWanted)
            {
                continue;
            }
            writer.Write("* METADATA "u8);
            writer.WriteName(one.Key);
            foreach (string entry in one.SelectMany(a => a.Entries).Distinct())
            {
                writer.Write(" "u8);
                MetadataResponse.WriteEntry(writer, entry);
            }
            writer.Write("\r\n"u8);
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
    }
}
