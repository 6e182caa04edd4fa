using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Search;

namespace MailAccess.Store.Model;

/// <summary>What a session holds of a mailbox: checks that it still exists, and lets the shared model do the work.</summary>
internal sealed class MailboxHandle(MailboxModel model) : IMailbox
{
    private int _released;

    public MailboxName Name => model.Name;

    public Guid MailboxId => model.Guid;

    public MailboxSnapshot Snapshot => model.Published;

    public bool IsGone => model.IsGone;

    internal MailboxModel Model => model;

    public IDisposable Subscribe(Action changed) => model.Subscribe(changed);

    public ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken) =>
        model.IsGone ? Gone<Done>() : model.RefreshAsync(cancellationToken);

    public ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<Done>() : model.Published.UnmeasuredCount == 0 ? new(default(Done)) : model.MeasureAsync(uids, cancellationToken);

    public ValueTask<StoreResult<AppendOutcome>> AppendAsync(IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<AppendOutcome>() : AppendOperation.RunAsync(model, messages, cancellationToken);

    public ValueTask<StoreResult<FlagsOutcome>> ChangeFlagsAsync(
        UidSet uids, FlagOperation operation, SystemFlags flags, IReadOnlyList<string> keywords, ModSeq? unchangedSince, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<FlagsOutcome>() : FlagsOperation.RunAsync(model, uids, operation, flags, keywords, unchangedSince, FlagScope.All);

    public ValueTask<StoreResult<UidSet>> ExpungeAsync(UidSet uids, ExpungeScope scope, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<UidSet>() : ExpungeOperation.RunAsync(model, uids, scope);

    public ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<UidSet>() : model.VanishedSinceAsync(since, among, cancellationToken);

    public ValueTask<StoreResult<CopyOutcome>> CopyAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<CopyOutcome>() : RefusalOf(destination) is var refusal and not StoreError.None ? new(refusal)
            : CopyOperation.RunAsync(model, uids, ModelOf(destination), CopyKind.Copy, ScopeOf(destination), cancellationToken);

    public ValueTask<StoreResult<CopyOutcome>> MoveAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<CopyOutcome>() : RefusalOf(destination) is var refusal and not StoreError.None ? new(refusal)
            : CopyOperation.RunAsync(model, uids, ModelOf(destination), CopyKind.Move, ScopeOf(destination), cancellationToken);

    public ValueTask<StoreResult<AppendOutcome>> ReplaceAsync(
        Uid replaced, MessageToAppend message, IMailbox destination, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<AppendOutcome>() : RefusalOf(destination) is var refusal and not StoreError.None ? new(refusal)
            : ModelOf(destination) is { IsGone: true } ? Gone<AppendOutcome>()
            : ReplaceOperation.RunAsync(model, replaced, ScopeOf(destination).Restrict(message), ModelOf(destination), cancellationToken);

    public ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<IMessageContent>() : model.OpenMessageAsync(uid, cancellationToken);

    public ValueTask<StoreResult<IMessageContent>[]> OpenMessagesAsync(IReadOnlyList<Uid> uids, CancellationToken cancellationToken) =>
        model.IsGone ? new([.. uids.Select(_ => (StoreResult<IMessageContent>)StoreError.NotFound)]) : model.OpenMessagesAsync(uids, cancellationToken);

    public bool TryGetSummary(in MessageRecord record, out MessageSummary summary) => model.TryGetSummary(record, out summary);

    public ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<MessageSummary>() : model.GetSummaryAsync(uid, cancellationToken);

    public ValueTask<StoreResult<IReadOnlyList<UidSet>>> SearchTextAsync(
        UidSet candidates, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken) =>
        model.IsGone ? Gone<IReadOnlyList<UidSet>>() : SearchOperation.RunAsync(model, candidates, terms, cancellationToken);

    public ValueTask<StoreResult<IReadOnlyDictionary<Uid, MessageNames>>> GetNamesAsync(CancellationToken cancellationToken) =>
        model.IsGone ? Gone<IReadOnlyDictionary<Uid, MessageNames>>() : model.GetNamesAsync(cancellationToken);

    public Uid ClaimRecent(bool onlyLook) => model.ClaimRecent(onlyLook);

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _released, 1) == 0 ? model.ReleaseAsync() : default;

    private static ValueTask<StoreResult<T>> Gone<T>() => new(StoreError.NotFound);

    /// <summary>Changes only flags of the scope: the others stay, also where flags are replaced.</summary>
    internal ValueTask<StoreResult<FlagsOutcome>> ChangeFlagsAsync(
        UidSet uids, FlagOperation operation, SystemFlags flags, IReadOnlyList<string> keywords, ModSeq? unchangedSince, FlagScope scope) =>
        model.IsGone ? Gone<FlagsOutcome>() : FlagsOperation.RunAsync(model, uids, operation, flags, keywords, unchangedSince, scope);

    /// <summary>Something of the mailbox that is no message's has changed.</summary>
    internal ValueTask<StoreResult<Done>> TouchAsync() => model.IsGone ? Gone<Done>() : TouchOperation.RunAsync(model);

    /// <summary>The handle behind a view, or itself.</summary>
    internal static MailboxHandle Of(IMailbox mailbox) => mailbox switch
    {
        MailboxHandle handle => handle,
        IMailboxView view => Of(view.Inner),
        _ => throw new ArgumentException("A mailbox of another store.", nameof(mailbox)),
    };

    private static MailboxModel ModelOf(IMailbox mailbox) => Of(mailbox).Model;

    private static StoreError RefusalOf(IMailbox destination) => destination is IMailboxView view ? view.InsertRefusal : StoreError.None;

    private static FlagScope ScopeOf(IMailbox mailbox) => mailbox is IMailboxView view ? view.Scope : FlagScope.All;
}
