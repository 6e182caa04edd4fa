using MailAccess.Store;
using MailAccess.Store.Quota;

namespace MailAccess.Imap.Tests;

/// <summary>A store of which some mailboxes cannot be opened now, as when their files are on a disk that does not answer, or are slow.</summary>
internal sealed class UnavailableMailboxes(IMailStore inner) : IMailStore
{
    /// <summary>Which.</summary>
    public HashSet<MailboxName> Names { get; } = [];

    /// <summary>What stands in the place of mailboxes that are opened; null: they themselves.</summary>
    public Func<IMailbox, IMailbox>? Disguise { get; set; }

    public async ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        StoreResult<IMailAccount> opened = await inner.OpenAccountAsync(accountName, cancellationToken);
        return opened.TryGet(out IMailAccount? account) && (Names.Count > 0 || Disguise is not null) ? As<IMailAccount>(new Account(account, this)) : opened;
    }

    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        inner.StageAsync(octetsExpected, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static StoreResult<T> As<T>(T value) => value;

    private sealed class Account(IMailAccount inner, UnavailableMailboxes store) : IMailAccount
    {
        public string Name => inner.Name;

        public async ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName name, CancellationToken cancellationToken)
        {
            StoreResult<IMailbox> opened = store.Names.Contains(name) ? StoreError.Unavailable : await inner.OpenAsync(name, cancellationToken);
            return store.Disguise is { } disguise && opened.TryGet(out IMailbox? mailbox) ? As(disguise(mailbox)) : opened;
        }

        public ValueTask<StoreResult<IReadOnlyList<MailboxListing>>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

        public ValueTask<StoreResult<Done>> CreateAsync(MailboxName name, SpecialUse specialUse, CancellationToken cancellationToken) =>
            inner.CreateAsync(name, specialUse, cancellationToken);

        public ValueTask<StoreResult<Done>> DeleteAsync(MailboxName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask<StoreResult<Done>> RenameAsync(MailboxName from, MailboxName to, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, cancellationToken);

        public ValueTask<StoreResult<Done>> SetSubscribedAsync(MailboxName name, bool subscribed, CancellationToken cancellationToken) =>
            inner.SetSubscribedAsync(name, subscribed, cancellationToken);

        public ValueTask<StoreResult<IReadOnlyList<MailboxName>>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
            inner.ListSubscriptionsAsync(cancellationToken);

        public ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetQuotaAsync(MailboxName? mailbox, CancellationToken cancellationToken) =>
            inner.GetQuotaAsync(mailbox, cancellationToken);

        public IDisposable Watch(Action<AccountChange> changed) => inner.Watch(changed);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
