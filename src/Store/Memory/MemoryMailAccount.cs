using MailAccess.Store.Model;
using MailAccess.Store.Quota;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Memory;

/// <summary>The mailboxes of one account in memory.</summary>
internal sealed class MemoryMailAccount : IMailAccount, ISideFiles
{
    private readonly Lock _gate = new();
    private readonly MemoryMailStore _store;
    private readonly Dictionary<MailboxName, MemoryMailbox> _mailboxes = [];
    private readonly HashSet<MailboxName> _subscribed = [];
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _sideFiles = new(StringComparer.Ordinal);

    private readonly AccountQuota? _quota;

    public MemoryMailAccount(MemoryMailStore store, string name)
    {
        _store = store;
        Name = name;
        _quota = store.Quota is null ? null : new AccountQuota(name, store.Quota, new StoreLimits(), store.Clock, NullLogger.Instance);
        Add(MailboxName.Inbox, SpecialUse.None);
    }

    public string Name { get; }

    public AccountFeed Feed { get; } = new();

    public IDisposable Watch(Action<AccountChange> changed) => Feed.Watch(changed);

    public ValueTask<StoreResult<IReadOnlyList<MailboxListing>>> ListAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            List<ExistingMailbox> existing = [.. _mailboxes.Values.Select(m => new ExistingMailbox(m.Name, m.SpecialUse, m.IsMarked))];
            return StoreResults.From(MailboxTree.List(existing, _subscribed));
        }
    }

    public ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_mailboxes.TryGetValue(name, out MemoryMailbox? mailbox))
            {
                return StoreResults.From<IMailbox>(new MailboxHandle(mailbox));
            }
            return new(_mailboxes.Keys.Any(n => n.IsBelow(name)) ? StoreError.NotPermitted : StoreError.NotFound);
        }
    }

    public ValueTask<StoreResult<Done>> CreateAsync(MailboxName name, SpecialUse specialUse, CancellationToken cancellationToken) =>
        new(Make(name, specialUse, names => Feed.PublishCreated(names, name)).WithoutValue());

    public ValueTask<StoreResult<Done>> DeleteAsync(MailboxName name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            StoreError error = MailboxTree.DecideDelete(Names(), name);
            if (error != StoreError.None)
            {
                return new(error);
            }
            _mailboxes.Remove(name, out MemoryMailbox? mailbox);
            _quota?.Remove(name);
            mailbox!.MarkGone();
            Feed.Publish(new AccountChange.Deleted(name));
            return new(default(Done));
        }
    }

    public async ValueTask<StoreResult<Done>> RenameAsync(MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        if (from.IsInbox)
        {
            return await InboxEmptying.RunAsync(this, to, Feed, () => new(Make(to, SpecialUse.None, _ => { })), cancellationToken);
        }
        lock (_gate)
        {
            StoreResult<RenamePlan> decision = MailboxTree.DecideRename(Names(), from, to);
            if (!decision.TryGet(out RenamePlan? plan))
            {
                return decision.Error;
            }
            foreach (MailboxName created in plan.Create)
            {
                Add(created, SpecialUse.None);
            }
            foreach ((MailboxName old, MailboxName renamed) in plan.Renamings)
            {
                _mailboxes.Remove(old, out MemoryMailbox? mailbox);
                mailbox!.MarkGone();
                _quota?.Rename(old, renamed);
                _mailboxes.Add(renamed, mailbox.RenamedTo(renamed));
            }
            Feed.PublishRenamed(from, to, plan);
            return default(Done);
        }
    }

    public ValueTask<StoreResult<Done>> SetSubscribedAsync(MailboxName name, bool subscribed, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Feed.PublishSubscribed(name, subscribed ? _subscribed.Add(name) : _subscribed.Remove(name));
            return new(default(Done));
        }
    }

    public ValueTask<StoreResult<IReadOnlyList<MailboxName>>> ListSubscriptionsAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return StoreResults.From<IReadOnlyList<MailboxName>>([.. _subscribed.OrderBy(n => n.Value, StringComparer.Ordinal)]);
        }
    }

    public ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetQuotaAsync(MailboxName? mailbox, CancellationToken cancellationToken) =>
        _quota?.GetAsync(mailbox, cancellationToken) ?? StoreResults.From<IReadOnlyList<QuotaRoot>>([]);

    public ValueTask DisposeAsync() => default;

    public ValueTask<StoreResult<ReadOnlyMemory<byte>>> ReadAsync(MailboxName? mailbox, string fileName, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return FilesOf(mailbox) is { } files ? new(files.GetValueOrDefault(fileName)) : new(StoreError.NotFound);
        }
    }

    public ValueTask<StoreResult<Done>> ReplaceAsync(
        MailboxName? mailbox, string fileName, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FilesOf(mailbox) is not { } files)
            {
                return new(StoreError.NotFound);
            }
            files[fileName] = content.ToArray();
            return new(default(Done));
        }
    }

    private Dictionary<string, ReadOnlyMemory<byte>>? FilesOf(MailboxName? mailbox) =>
        mailbox is null ? _sideFiles : _mailboxes.GetValueOrDefault(mailbox)?.SideFiles;

    /// <summary>The mailboxes that were made, from the top.</summary>
    private StoreResult<List<MailboxName>> Make(MailboxName name, SpecialUse specialUse, Action<List<MailboxName>> publish)
    {
        lock (_gate)
        {
            StoreResult<List<MailboxName>> decision = MailboxTree.DecideCreate(Names(), name);
            if (decision.TryGet(out List<MailboxName>? names))
            {
                names.ForEach(n => Add(n, n == name ? specialUse : SpecialUse.None));
                publish(names);
            }
            return decision;
        }
    }

    private HashSet<MailboxName> Names() => [.. _mailboxes.Keys];

    private void Add(MailboxName name, SpecialUse specialUse) =>
        _mailboxes.Add(
            name,
            new MemoryMailbox(_store, Name, name, specialUse, SnapshotBuilder.Empty(_store.NextUidValidity())) { Usage = _quota?.Of(name, specialUse) });
}
