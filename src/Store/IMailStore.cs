using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Quota;

namespace MailAccess.Store;

/// <summary>All mail of all accounts, whatever holds it: the seam between protocols and formats. Knows no protocol.</summary>
/// <remarks>Thread-safe. File work never runs on the caller's thread.</remarks>
public interface IMailStore : IAsyncDisposable
{
    /// <summary>The account's mailboxes. An account that is new to the store gets its INBOX.</summary>
    ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken);

    /// <summary>A place for a message that is just arriving; it belongs to no mailbox until it is appended.</summary>
    /// <param name="octetsExpected">A hint, 0 where unknown: what will be large need not be kept in memory first.</param>
    ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken);
}

/// <summary>
/// A message that is arriving or has arrived: begin, write, complete; then append it to any number of mailboxes; dispose.
/// What is never appended leaves no trace, also after a crash.
/// </summary>
/// <remarks>Not for concurrent use. Memory is bounded: what is larger than a small limit lies in a file.</remarks>
public interface IStagedMessage : IAsyncDisposable
{
    /// <summary>Octets written so far.</summary>
    long Octets { get; }

    /// <summary>Adds octets as they shall be stored: lines end in CRLF. They are parsed as they flow.</summary>
    ValueTask<StoreResult<Done>> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>No more octets come. Nothing is durable yet.</summary>
    ValueTask<StoreResult<Done>> CompleteAsync(CancellationToken cancellationToken);

    /// <summary>After completion: the octets from the start.</summary>
    ValueTask<StoreResult<IMessageContent>> OpenAsync(CancellationToken cancellationToken);
}

/// <summary>The octets of one message with CRLF line ends, readable at any offset. Owned by whoever opened it.</summary>
public interface IMessageContent : IAsyncDisposable
{
    /// <summary>Length in octets.</summary>
    long Octets { get; }

    /// <summary>Fills the destination as far as there are octets from the offset on; 0 only at the end. Throws <see cref="IOException"/>.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken);
}

/// <summary>A message to append.</summary>
public sealed record MessageToAppend
{
    /// <summary>Completed; stays the caller's.</summary>
    public required IStagedMessage Message { get; init; }

    /// <summary>System flags.</summary>
    public SystemFlags Flags { get; init; }

    /// <summary>Keywords.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = [];

    /// <summary>Internal date; null: now.</summary>
    public DateTimeOffset? InternalDate { get; init; }

    /// <summary>It is taken although there is no room (and counts): a word of the system about that very quota.</summary>
    public bool IsExemptFromQuota { get; init; }
}

/// <summary>The mailboxes of one account. A shared handle: dispose it to let go.</summary>
public interface IMailAccount : IAsyncDisposable
{
    /// <summary>The account's name.</summary>
    string Name { get; }

    /// <summary>All mailboxes, and names above them that are none, in ordinal order, INBOX first.</summary>
    ValueTask<StoreResult<IReadOnlyList<MailboxListing>>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Opens a mailbox; a name without messages is <see cref="StoreError.NotPermitted"/>. One that is open already is given as it is known:
    /// <see cref="IMailbox.RefreshAsync"/> takes notice of other programs.
    /// </summary>
    ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName name, CancellationToken cancellationToken);

    /// <summary>Creates the mailbox and what is missing above it. A name that existed before gets a higher UIDVALIDITY.</summary>
    ValueTask<StoreResult<Done>> CreateAsync(MailboxName name, SpecialUse specialUse, CancellationToken cancellationToken);

    /// <summary>Deletes a mailbox and its messages. With children: only the messages, the name stays without (RFC 9051 §6.3.5).</summary>
    ValueTask<StoreResult<Done>> DeleteAsync(MailboxName name, CancellationToken cancellationToken);

    /// <summary>Renames a mailbox with its children; INBOX: its messages move to the new name, itself stays empty (RFC 9051 §6.3.6).</summary>
    ValueTask<StoreResult<Done>> RenameAsync(MailboxName from, MailboxName to, CancellationToken cancellationToken);

    /// <summary>Names may be subscribed that do not exist (RFC 9051 §6.3.7).</summary>
    ValueTask<StoreResult<Done>> SetSubscribedAsync(MailboxName name, bool subscribed, CancellationToken cancellationToken);

    /// <summary>The subscribed names in ordinal order.</summary>
    ValueTask<StoreResult<IReadOnlyList<MailboxName>>> ListSubscriptionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The quota roots that limit this mailbox, which need not exist (RFC 9208 §4.1.2), with what is used of them; with null, all roots of
    /// the account. None where nothing is limited.
    /// </summary>
    ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetQuotaAsync(MailboxName? mailbox, CancellationToken cancellationToken);

    /// <summary>
    /// Has the callback called with what becomes of the mailboxes by way of this store, once that is durable, where it is done: it must not block
    /// or throw. What other programs do to names is not told. Messages are <see cref="IMailbox.Subscribe"/>'s.
    /// </summary>
    IDisposable Watch(Action<AccountChange> changed);
}

/// <summary>A mailbox's purpose. RFC 6154 §2.</summary>
public enum SpecialUse
{
    /// <summary>None.</summary>
    None,
    /// <summary><c>\All</c></summary>
    All,
    /// <summary><c>\Archive</c></summary>
    Archive,
    /// <summary><c>\Drafts</c></summary>
    Drafts,
    /// <summary><c>\Flagged</c></summary>
    Flagged,
    /// <summary><c>\Junk</c></summary>
    Junk,
    /// <summary><c>\Sent</c></summary>
    Sent,
    /// <summary><c>\Trash</c></summary>
    Trash,
}

/// <summary>One line of a listing.</summary>
public sealed record MailboxListing
{
    /// <summary>Its name.</summary>
    public required MailboxName Name { get; init; }

    /// <summary>False: only a name above others, without messages (<c>\Noselect</c>).</summary>
    public bool IsSelectable { get; init; } = true;

    /// <summary>There are names below it.</summary>
    public bool HasChildren { get; init; }

    /// <summary>Its purpose.</summary>
    public SpecialUse SpecialUse { get; init; }

    /// <summary>It is subscribed.</summary>
    public bool IsSubscribed { get; init; }

    /// <summary>Messages have arrived since a session last claimed them (<c>\Marked</c>).</summary>
    public bool IsMarked { get; init; }
}

/// <summary>
/// One open mailbox: the same model for all sessions of the process. A shared handle: dispose it to let go.
/// </summary>
/// <remarks>
/// Every operation that changes something is one commit: all of it or nothing, durable when it returns, then visible in
/// <see cref="Snapshot"/>, then told to subscribers, in the order of commits. UIDs only grow.
/// An operation names messages by UID; UIDs that do not exist (any more) are skipped silently (RFC 9051 §6.4.9).
/// </remarks>
public interface IMailbox : IAsyncDisposable
{
    /// <summary>Its name when it was opened.</summary>
    MailboxName Name { get; }

    /// <summary>Its identity: the same after a rename and after the index was rebuilt, never another mailbox's. RFC 8474 §4.</summary>
    Guid MailboxId { get; }

    /// <summary>The state after the latest commit.</summary>
    MailboxSnapshot Snapshot { get; }

    /// <summary>The mailbox was deleted or renamed, or its UIDVALIDITY changed, under the handle: nothing works any more.</summary>
    bool IsGone { get; }

    /// <summary>Has the callback called after each commit, on any thread. It must not block or throw: wake somebody and return.</summary>
    IDisposable Subscribe(Action changed);

    /// <summary>Takes notice of what other programs did to the files; afterwards <see cref="Snapshot"/> is current.</summary>
    ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Finds sizes and internal dates of those of the messages that are not measured yet (<see cref="MessageRecord.IsMeasured"/>), and tells
    /// nobody, since no client has heard other ones. Afterwards they stand in <see cref="Snapshot"/>. An error: some could not be read, and
    /// are still not measured.
    /// </summary>
    ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken);

    /// <summary>
    /// Returns after the messages survive power loss. All of them or none. Their UIDs are higher than any given before
    /// under this UIDVALIDITY.
    /// </summary>
    ValueTask<StoreResult<AppendOutcome>> AppendAsync(IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken);

    /// <summary>
    /// Changes flags; with <paramref name="unchangedSince"/>, only of messages whose mod-sequence is not higher (RFC 7162 §3.1.3). With 0, where
    /// only keywords are added or removed: of messages that have none of these, so that one of many can be the first to set one.
    /// </summary>
    ValueTask<StoreResult<FlagsOutcome>> ChangeFlagsAsync(
        UidSet uids, FlagOperation operation, SystemFlags flags, IReadOnlyList<string> keywords, ModSeq? unchangedSince, CancellationToken cancellationToken);

    /// <summary>Removes those of the messages that have <c>\Deleted</c>, or all of them, for good.</summary>
    ValueTask<StoreResult<UidSet>> ExpungeAsync(UidSet uids, ExpungeScope scope, CancellationToken cancellationToken);

    /// <summary>
    /// UIDs that were expunged after the mod-sequence, of these where they are given. Where that is too long ago to be known exactly, all UIDs
    /// below UIDNEXT that no message has (RFC 7162 §3.2.5.2 and §3.2.6 allow it).
    /// </summary>
    ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken);

    /// <summary>Copies with flags, keywords and internal date; all or nothing (RFC 9051 §6.4.7). The destination may be this mailbox.</summary>
    ValueTask<StoreResult<CopyOutcome>> CopyAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken);

    /// <summary>As copy and expunge of the same messages, together (RFC 6851). After a crash a message may stand in both, never in none.</summary>
    ValueTask<StoreResult<CopyOutcome>> MoveAsync(UidSet uids, IMailbox destination, CancellationToken cancellationToken);

    /// <summary>
    /// Appends the message to the destination, which may be this mailbox, and removes one of this mailbox, together (RFC 8508): what goes
    /// makes room in the quota for what comes. <see cref="StoreError.Expunged"/> where that one is not there any more; then nothing is done.
    /// After a crash both may be there, never none.
    /// </summary>
    ValueTask<StoreResult<AppendOutcome>> ReplaceAsync(
        Uid replaced, MessageToAppend message, IMailbox destination, CancellationToken cancellationToken);

    /// <summary>The message's octets.</summary>
    ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken);

    /// <summary>The octets of several messages, each as by <see cref="OpenMessageAsync"/>, in the order asked for: a store may read small ones together.</summary>
    ValueTask<StoreResult<IMessageContent>[]> OpenMessagesAsync(IReadOnlyList<Uid> uids, CancellationToken cancellationToken);

    /// <summary>What FETCH of headers needs, if the cache has it: no waiting, no file is opened.</summary>
    bool TryGetSummary(in MessageRecord record, out MessageSummary summary);

    /// <summary>The same, made from the message where the cache lacks it, and then kept there. Afterwards the message is measured, too.</summary>
    ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken);

    /// <summary>
    /// For each term, those of the candidates that have it in their decoded text. Reads them as far as nothing cheaper decides; holds
    /// nobody up. Throws <see cref="OperationCanceledException"/>, and <see cref="IOException"/> as reading does.
    /// </summary>
    ValueTask<StoreResult<IReadOnlyList<UidSet>>> SearchTextAsync(
        UidSet candidates, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken);

    /// <summary>
    /// The names that other servers gave to the messages and clients may know: for POP3's unique-ids. Empty where the format keeps none.
    /// </summary>
    ValueTask<StoreResult<IReadOnlyDictionary<Uid, MessageNames>>> GetNamesAsync(CancellationToken cancellationToken) =>
        StoreResults.From<IReadOnlyDictionary<Uid, MessageNames>>(new Dictionary<Uid, MessageNames>());

    /// <summary>
    /// The first UID that no session has claimed as recent; afterwards all present ones are claimed. RFC 3501 §2.3.2.
    /// With <paramref name="onlyLook"/> (EXAMINE, STATUS) nothing is claimed.
    /// </summary>
    Uid ClaimRecent(bool onlyLook);
}

/// <summary>A message's names beside its UID.</summary>
/// <param name="FileName">Of its file, without flags.</param>
/// <param name="Pop3Uidl">The unique-id that another server gave it, or null.</param>
/// <param name="Guid">As Dovecot has it: its file's name unless its list says another.</param>
public sealed record MessageNames(string FileName, string? Pop3Uidl, string Guid);

/// <summary>Which of the named messages <see cref="IMailbox.ExpungeAsync"/> removes.</summary>
public enum ExpungeScope
{
    /// <summary>Those with <c>\Deleted</c>.</summary>
    OnlyDeleted,
    /// <summary>All (POP3's UPDATE state).</summary>
    AllNamed,
}

/// <summary>UIDs of appended messages, in the order given. RFC 4315 §3.</summary>
public sealed record AppendOutcome(UidValidity UidValidity, IReadOnlyList<Uid> Uids);

/// <summary>Messages whose flags now are as asked (also those that were so before), those refused by UNCHANGEDSINCE.</summary>
public sealed record FlagsOutcome(UidSet Stored, UidSet Modified);

/// <summary>Source and destination UIDs in corresponding order. RFC 4315 §3.</summary>
public sealed record CopyOutcome(UidValidity DestinationUidValidity, IReadOnlyList<Uid> Sources, IReadOnlyList<Uid> Destinations);
