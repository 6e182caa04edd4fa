using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Model;

namespace MailAccess.Store.Access;

/// <summary>A mailbox whose user has not every right. Mailboxes without this interface may be used in every way.</summary>
public interface IRestrictedMailbox
{
    /// <summary>What the user may do at this moment.</summary>
    Rights Rights { get; }
}

/// <summary>
/// A mailbox as one user may use it: every operation is checked against the access control list as it is known at that moment, so what
/// is taken away is away also for open sessions. Holds nothing but the shared handle.
/// </summary>
internal sealed class AccessMailbox(IMailbox inner, MailboxName name, Func<Rights> rights) : IMailbox, IMailboxView, IRestrictedMailbox
{
    private readonly bool _couldRead = rights().Has(Rights.Read);

    public IMailbox Inner => inner;

    public MailboxName Name => name;

    public Guid MailboxId => inner.MailboxId;

    public Rights Rights => rights();

    public FlagScope Scope => ScopeOf(rights());

    public StoreError InsertRefusal => Lacks(Rights.Insert);

    public MailboxSnapshot Snapshot => inner.Snapshot;

    /// <summary>Also where the right to read was taken away: the session ends, as RFC 4314 §5.1.1 allows.</summary>
    public bool IsGone => inner.IsGone || (_couldRead && !rights().Has(Rights.Read));

    public IDisposable Subscribe(Action changed) => inner.Subscribe(changed);

    public ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.RefreshAsync(cancellationToken);

    public ValueTask<StoreResult<AppendOutcome>> AppendAsync(IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken)
    {
        if (Lacks(Rights.Insert) is var refusal and not StoreError.None)
        {
            return new(refusal);
        }
        FlagScope scope = Scope; // RFC 4314 §4.
        return inner.AppendAsync([.. messages.Select(scope.Restrict)], cancellationToken);
    }

    public ValueTask<StoreResult<FlagsOutcome>> ChangeFlagsAsync(
        UidSet uids, FlagOperation operation, SystemFlags flags, IReadOnlyList<string> keywords, ModSeq? unchangedSince, CancellationToken cancellationToken)
    {
        FlagScope scope = Scope;
        bool any = operation == FlagOperation.Replace
            ? scope.Flags != SystemFlags.None
            : (flags & scope.Flags) != SystemFlags.None || (keywords.Count > 0 && scope.HasKeywords) || (flags == SystemFlags.None && keywords.Count == 0);
        if (Lacks(Rights.Read) is var refusal and not StoreError.None)
        {
            return new(refusal);
        }
        // RFC 4314 §4: no failure where one of the flags may be changed.
        return any ? MailboxHandle.Of(inner).ChangeFlagsAsync(uids, operation, flags, keywords, unchangedSince, scope) : new(Refusal(rights()));
    }

    public ValueTask<StoreResult<UidSet>> ExpungeAsync(UidSet uids, ExpungeScope scope, CancellationToken cancellationToken) =>
        Lacks(scope == ExpungeScope.AllNamed ? RightsText.OldDelete | Rights.Read : Rights.Expunge | Rights.Read) is var refusal and not StoreError.None
            ? new(refusal)
            : inner.ExpungeAsync(uids, scope, cancellationToken);

    public ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.MeasureAsync(uids, cancellationToken);

    public ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.VanishedSinceAsync(since, among, cancellationToken);

    public ValueTask<StoreResult<CopyOutcome>> CopyAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.CopyAsync(uids, destination, cancellationToken);

    /// <summary>As COPY, STORE of <c>\Deleted</c> and EXPUNGE: RFC 6851 §4.4.</summary>
    public ValueTask<StoreResult<CopyOutcome>> MoveAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken) =>
        Lacks(Rights.Read | RightsText.OldDelete) is var refusal and not StoreError.None ? new(refusal) : inner.MoveAsync(uids, destination, cancellationToken);

    /// <summary>As STORE of <c>\Deleted</c> and UID EXPUNGE here, and APPEND there: RFC 8508 §4.1.</summary>
    public ValueTask<StoreResult<AppendOutcome>> ReplaceAsync(
        Uid replaced, MessageToAppend message, IMailbox destination, CancellationToken cancellationToken) =>
        Lacks(Rights.Read | RightsText.OldDelete) is var refusal and not StoreError.None
            ? new(refusal)
            : inner.ReplaceAsync(replaced, message, destination, cancellationToken);

    public ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.OpenMessageAsync(uid, cancellationToken);

    public ValueTask<StoreResult<IMessageContent>[]> OpenMessagesAsync(IReadOnlyList<Uid> uids, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new([.. uids.Select(_ => (StoreResult<IMessageContent>)refusal)]) : inner.OpenMessagesAsync(uids, cancellationToken);

    public bool TryGetSummary(in MessageRecord record, out MessageSummary summary)
    {
        summary = default;
        return rights().Has(Rights.Read) && inner.TryGetSummary(record, out summary);
    }

    public ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.GetSummaryAsync(uid, cancellationToken);

    public ValueTask<StoreResult<IReadOnlyList<UidSet>>> SearchTextAsync(
        UidSet candidates, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.SearchTextAsync(candidates, terms, cancellationToken);

    public ValueTask<StoreResult<IReadOnlyDictionary<Uid, MessageNames>>> GetNamesAsync(CancellationToken cancellationToken) =>
        Lacks(Rights.Read) is var refusal and not StoreError.None ? new(refusal) : inner.GetNamesAsync(cancellationToken);

    /// <summary><c>\Recent</c> stays the owner's: others only look.</summary>
    public Uid ClaimRecent(bool onlyLook) => inner.ClaimRecent(onlyLook: true);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Who may not even know of a mailbox is told that there is none. RFC 4314 §6.</summary>
    internal static StoreError Refusal(Rights has) => has.Has(Rights.Lookup) ? StoreError.NoPermission : StoreError.NotFound;

    /// <summary>The flags that these rights let one change. RFC 4314 §4.</summary>
    private static FlagScope ScopeOf(Rights has) => new(
        (has.Has(Rights.Seen) ? SystemFlags.Seen : 0) | (has.Has(Rights.DeleteMessages) ? SystemFlags.Deleted : 0)
            | (has.Has(Rights.Write) ? SystemFlags.Answered | SystemFlags.Flagged | SystemFlags.Draft : 0),
        has.Has(Rights.Write));

    /// <summary>Why not, where one of these rights is missing.</summary>
    internal StoreError Lacks(Rights wanted) => rights() is var has && has.Has(wanted) ? StoreError.None : Refusal(has);
}
