using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store;
using MailAccess.Store.Quota;

namespace MailAccess.Pop3.Tests;

/// <summary>A store whose operations fail when a test says so.</summary>
internal sealed class FaultyStore(IMailStore inner) : IMailStore
{
    /// <summary><c>open</c>, <c>expunge</c>, <c>read</c>, <c>read-on</c> (behind the first octets), <c>flags</c>; <c>right</c>: who logs in may only read.</summary>
    public HashSet<string> Failing { get; } = [];

    public async ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        StoreResult<IMailAccount> opened = await inner.OpenAccountAsync(accountName, cancellationToken);
        return opened.TryGet(out IMailAccount? account) ? As<IMailAccount>(new FaultyAccount(account, Failing)) : opened;
    }

    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        inner.StageAsync(octetsExpected, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static StoreResult<T> As<T>(T value) => value;

    private sealed class FaultyAccount(IMailAccount inner, HashSet<string> failing) : IMailAccount
    {
        public string Name => inner.Name;

        public async ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName name, CancellationToken cancellationToken)
        {
            if (failing.Contains("open"))
            {
                return StoreError.Unavailable;
            }
            StoreResult<IMailbox> opened = await inner.OpenAsync(name, cancellationToken);
            return opened.TryGet(out IMailbox? mailbox) ? As<IMailbox>(new FaultyMailbox(mailbox, failing)) : opened;
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

    private sealed class FaultyMailbox(IMailbox inner, HashSet<string> failing) : IMailbox
    {
        public MailboxName Name => inner.Name;

        public Guid MailboxId => inner.MailboxId;

        public MailboxSnapshot Snapshot => inner.Snapshot;

        public bool IsGone => inner.IsGone;

        public IDisposable Subscribe(Action changed) => inner.Subscribe(changed);

        public ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken) => inner.RefreshAsync(cancellationToken);

        public ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken) =>
            inner.MeasureAsync(uids, cancellationToken);

        public ValueTask<StoreResult<AppendOutcome>> AppendAsync(IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken) =>
            inner.AppendAsync(messages, cancellationToken);

        public ValueTask<StoreResult<FlagsOutcome>> ChangeFlagsAsync(
            UidSet uids, FlagOperation operation, SystemFlags flags, IReadOnlyList<string> keywords, ModSeq? unchangedSince, CancellationToken cancellationToken) =>
            failing.Contains("flags") ? new(StoreError.Busy) : failing.Contains("right") ? new(StoreError.NoPermission) : inner.ChangeFlagsAsync(uids, operation, flags, keywords, unchangedSince, cancellationToken);

        public ValueTask<StoreResult<UidSet>> ExpungeAsync(UidSet uids, ExpungeScope scope, CancellationToken cancellationToken) =>
            failing.Contains("right") ? new(StoreError.NoPermission) : failing.Contains("expunge") ? new(StoreError.Unavailable) : inner.ExpungeAsync(uids, scope, cancellationToken);

        public ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken) =>
            inner.VanishedSinceAsync(since, among, cancellationToken);

        public ValueTask<StoreResult<CopyOutcome>> CopyAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken) =>
            inner.CopyAsync(uids, destination, cancellationToken);

        public ValueTask<StoreResult<CopyOutcome>> MoveAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken) =>
            inner.MoveAsync(uids, destination, cancellationToken);

        public ValueTask<StoreResult<AppendOutcome>> ReplaceAsync(
            Uid replaced, MessageToAppend message, IMailbox destination, CancellationToken cancellationToken) =>
            inner.ReplaceAsync(replaced, message, destination, cancellationToken);

        public async ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken)
        {
            StoreResult<IMessageContent> opened = await inner.OpenMessageAsync(uid, cancellationToken);
            return opened.TryGet(out IMessageContent? content) ? As<IMessageContent>(new FaultyContent(content, failing)) : opened;
        }

        public async ValueTask<StoreResult<IMessageContent>[]> OpenMessagesAsync(IReadOnlyList<Uid> uids, CancellationToken cancellationToken) =>
            await Task.WhenAll(uids.Select(u => OpenMessageAsync(u, cancellationToken).AsTask()));

        public bool TryGetSummary(in MessageRecord record, out MessageSummary summary) => inner.TryGetSummary(record, out summary);

        public ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken) =>
            inner.GetSummaryAsync(uid, cancellationToken);

        public ValueTask<StoreResult<IReadOnlyList<UidSet>>> SearchTextAsync(
            UidSet candidates, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken) => inner.SearchTextAsync(candidates, terms, cancellationToken);

        public Uid ClaimRecent(bool onlyLook) => inner.ClaimRecent(onlyLook);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class FaultyContent(IMessageContent inner, HashSet<string> failing) : IMessageContent
    {
        public long Octets => inner.Octets;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            failing.Contains("read") || (offset > 0 && failing.Contains("read-on")) ? throw new IOException("bad sector") : inner.ReadAsync(offset, destination, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
