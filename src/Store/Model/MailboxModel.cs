using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Files;
using MailAccess.Store.Quota;
using MailAccess.Store.Search;

namespace MailAccess.Store.Model;

/// <summary>
/// One open mailbox of this process: the state that all its sessions share, and the order of its commits.
/// </summary>
/// <remarks>
/// <para>Two snapshots: the <em>head</em> has every commit that was submitted and is what operations compute on; the
/// <em>published</em> one has those that are durable and is what sessions see. A commit that fails takes the head back.</para>
/// <para>The gate is a plain lock, held while memory is changed and never across file work or an await. Two gates are taken
/// in the order of <see cref="CompareForLocking"/>.</para>
/// </remarks>
internal abstract class MailboxModel
{
    /// <summary>Fewer messages are read sooner than asked about.</summary>
    private const int FilterMessagesMin = 32;

    private readonly List<Action> _subscribers = [];
    private Action[] _subscribersCopy = [];
    private MailboxSnapshot _published;
    private volatile bool _isGone;
    private Uid _firstUnclaimed;

    protected MailboxModel(string accountName, MailboxName name, MailboxSnapshot snapshot, Uid firstUnclaimed)
    {
        AccountName = accountName;
        Name = name;
        _published = snapshot;
        Head = snapshot;
        _firstUnclaimed = firstUnclaimed;
    }

    public string AccountName { get; }

    public MailboxName Name { get; }

    /// <summary>The mailbox's identity, also after a rename.</summary>
    public abstract Guid Guid { get; }

    /// <summary>Protects <see cref="Head"/>, <see cref="Generation"/>, <see cref="LastTicket"/> and what the format adds.</summary>
    public Lock Gate { get; } = new();

    /// <summary>What sessions see.</summary>
    public MailboxSnapshot Published => Volatile.Read(ref _published);

    /// <summary>With all submitted commits. Under the gate.</summary>
    public MailboxSnapshot Head { get; private set; }

    /// <summary>Grows when a commit failed: those computed on its result fail as well. Under the gate.</summary>
    public int Generation { get; private set; }

    /// <summary>The latest commit submitted, while it is not settled. Under the gate.</summary>
    public CommitTicket? LastTicket { get; private set; }

    public bool IsGone => _isGone;

    /// <summary>What it takes of its account's quota; null where the store counts nothing.</summary>
    public MailboxUsage? Usage { get; init; }

    /// <summary>True while anybody wants to hear of changes.</summary>
    public bool HasSubscribers => Volatile.Read(ref _subscribersCopy).Length > 0;

    protected Uid FirstUnclaimed => _firstUnclaimed;

    /// <summary>Mailboxes with the same one may change in one commit; between others messages are copied by way of their octets.</summary>
    public abstract object CommitDomain { get; }

    /// <summary>A place for a message that comes from a mailbox of another domain.</summary>
    public abstract ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken);

    /// <summary>Durability is the format's: it takes the ticket, with all gates held, and completes tickets in the order taken.</summary>
    public abstract void Submit(CommitTicket ticket);

    /// <summary>After the gates were left: the format may do what it could not do under them.</summary>
    public abstract void AfterSubmit();

    /// <summary>Puts the messages where the commit can name them, invisible until then.</summary>
    public abstract ValueTask<StoreResult<PreparedMessages>> PrepareAppendAsync(
        IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken);

    /// <summary>The same with messages of this mailbox for the destination, in the order given.</summary>
    public abstract ValueTask<StoreResult<PreparedMessages>> PrepareCopyAsync(
        IReadOnlyList<MessageRecord> sources, MailboxModel destination, CancellationToken cancellationToken);

    public abstract ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken);

    /// <summary>The same of several, in their order.</summary>
    public virtual async ValueTask<StoreResult<IMessageContent>[]> OpenMessagesAsync(IReadOnlyList<Uid> uids, CancellationToken cancellationToken) =>
        await Task.WhenAll(uids.Select(u => OpenMessageAsync(u, cancellationToken).AsTask()));

    public abstract bool TryGetSummary(in MessageRecord record, out MessageSummary summary);

    public abstract ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken);

    /// <inheritdoc cref="IMailbox.VanishedSinceAsync"/>
    public abstract ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken);

    public abstract ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Reads a message for a search, blocking: on a worker. A format that does not say otherwise is opened as by everybody.</summary>
    public virtual SearchRead ReadForSearch(in MessageRecord record, SearchScratch scratch) => SearchRead.MustOpen;

    /// <summary>Knows which messages a search need not read; null where the format or the configuration has none.</summary>
    public TrigramFilter? SearchFilter { get; protected init; }

    /// <summary>So many messages are not in the search filter that it is worth adding them.</summary>
    public bool WantsSearchFilter =>
        SearchFilter is { } filter && Published is { UnmeasuredCount: 0 } now && filter.CountMissing(now) >= Limits.TrigramMessagesMin;

    /// <summary>Those of the messages, by index, that may have one of the terms.</summary>
    public ValueTask<StoreResult<List<int>>> FilterForSearchAsync(
        MailboxSnapshot snapshot, List<int> indices, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken) =>
        SearchFilter is { } filter && indices.Count >= FilterMessagesMin
            ? SearchPool.RunAsync<List<int>>(() => filter.Filter(snapshot, indices, terms), OnSearchFault, cancellationToken)
            : new(indices);

    /// <summary>Where searches run.</summary>
    public virtual SearchPool SearchPool => SearchPool.Shared;

    /// <summary>The store's.</summary>
    public virtual StoreLimits Limits => StoreLimits.Default;

    /// <summary>A file could not be read for a search.</summary>
    public virtual void OnSearchFault(FileFault fault)
    {
    }

    public virtual ValueTask<StoreResult<IReadOnlyDictionary<Uid, MessageNames>>> GetNamesAsync(CancellationToken cancellationToken) =>
        StoreResults.From<IReadOnlyDictionary<Uid, MessageNames>>(new Dictionary<Uid, MessageNames>());

    /// <inheritdoc cref="IMailbox.MeasureAsync"/>
    public virtual ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken) => new(default(Done));

    /// <summary>The last handle went.</summary>
    public abstract ValueTask ReleaseAsync();

    /// <summary>Seconds since 1970, of the store's clock.</summary>
    public abstract long NowSeconds { get; }

    /// <summary>For now: what is submitted fails as <see cref="StoreError.Unavailable"/>.</summary>
    protected virtual bool TakesNoCommits => false;

    /// <summary>The first or the last subscriber came or went.</summary>
    protected virtual void SubscribersChanged()
    {
    }

    /// <summary>Sessions claimed messages as recent.</summary>
    protected virtual void RecentClaimed()
    {
    }

    /// <summary>The change is applied and durable, and about to be published. Under the gate.</summary>
    protected virtual void Applied(MailboxChange change)
    {
    }

    /// <summary>The change did not happen. Under the gate.</summary>
    protected virtual void Undone(MailboxChange change)
    {
    }

    public static int CompareForLocking(MailboxModel left, MailboxModel right)
    {
        int account = string.CompareOrdinal(left.AccountName, right.AccountName);
        return account != 0 ? account : string.CompareOrdinal(left.Name.Value, right.Name.Value);
    }

    /// <summary>Does it with the gates of both, which may be the same, taken in their order.</summary>
    public static void UnderGates(MailboxModel one, MailboxModel other, Action work)
    {
        bool isFirst = CompareForLocking(one, other) <= 0;
        lock ((isFirst ? one : other).Gate)
        {
            lock ((isFirst ? other : one).Gate)
            {
                work();
            }
        }
    }

    /// <summary>Takes the change as the new head. Under the gate, right before <see cref="Submit"/>.</summary>
    public void Advance(MailboxChange change, CommitTicket ticket)
    {
        change.Generation = Generation;
        if (Usage is not null && change.AppendedCount > 0)
        {
            // What other programs brought was not asked for, and counts.
            change.Hold ??= Usage.Account.Hold(Usage, QuotaAmount.Of(change.Upserts.TakeLast(change.AppendedCount)), departing: null);
        }
        Head = change.After;
        LastTicket = ticket;
    }

    /// <summary>True where an earlier commit failed on which this one was computed, or where the mailbox takes none.</summary>
    public bool IsStale(MailboxChange change)
    {
        lock (Gate)
        {
            return change.Generation != Generation || _isGone || TakesNoCommits;
        }
    }

    /// <summary>In the order of commits, from one thread at a time: the change is durable, or it failed.</summary>
    public void Settle(MailboxChange change, CommitTicket ticket, StoreError error)
    {
        lock (Gate)
        {
            if (LastTicket == ticket)
            {
                LastTicket = null;
            }
            if (Usage is not null)
            {
                SettleUsage(Usage, change, error == StoreError.None);
            }
            if (error == StoreError.None)
            {
                Applied(change);
                Volatile.Write(ref _published, change.After);
            }
            else
            {
                Undone(change);
                if (change.Generation == Generation)
                {
                    Generation++;
                    Head = _published;
                }
            }
        }
        if (error == StoreError.None && !change.IsSilent)
        {
            Notify();
        }
    }

    /// <summary>Deleted, renamed, or its UIDs start anew: all handles are dead from now on.</summary>
    public void MarkGone()
    {
        lock (Gate)
        {
            _isGone = true;
        }
        Notify();
    }

    public IDisposable Subscribe(Action changed)
    {
        lock (_subscribers)
        {
            _subscribers.Add(changed);
            Volatile.Write(ref _subscribersCopy, [.. _subscribers]);
        }
        SubscribersChanged();
        return new Subscription(this, changed);
    }

    public Uid ClaimRecent(bool onlyLook)
    {
        lock (Gate)
        {
            Uid first = _firstUnclaimed;
            MailboxSnapshot published = Published;
            if (!onlyLook && published.UidNext > first)
            {
                _firstUnclaimed = published.UidNext;
                RecentClaimed();
            }
            return first;
        }
    }

    protected void Notify()
    {
        foreach (Action subscriber in Volatile.Read(ref _subscribersCopy))
        {
            subscriber();
        }
    }

    private static void SettleUsage(MailboxUsage usage, MailboxChange change, bool isDurable)
    {
        var grown = new QuotaAmount(change.After.Octets - change.Before.Octets, change.After.Count - change.Before.Count);
        if (change.Hold is not null || grown != default)
        {
            usage.Account.Settle(usage, change.Hold, change.Departure, (change.Hold?.Amount ?? default) - grown, isDurable);
        }
    }

    private void Unsubscribe(Action changed)
    {
        lock (_subscribers)
        {
            _subscribers.Remove(changed);
            Volatile.Write(ref _subscribersCopy, [.. _subscribers]);
        }
        SubscribersChanged();
    }

    private sealed class Subscription(MailboxModel model, Action changed) : IDisposable
    {
        private MailboxModel? _model = model;

        public void Dispose() => Interlocked.Exchange(ref _model, null)?.Unsubscribe(changed);
    }
}
