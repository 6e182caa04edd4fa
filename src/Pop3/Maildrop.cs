using MailAccess.Store;

namespace MailAccess.Pop3;

/// <summary>
/// An INBOX as it was at login. Numbers, sizes and unique-ids stay as they are whatever others do to the mailbox, so no lock
/// is needed: what is gone in the meantime cannot be retrieved, that is all.
/// </summary>
internal sealed class Maildrop : IAsyncDisposable
{
    private readonly IMailAccount _account;
    private readonly IMailbox _inbox;
    private readonly MailboxSnapshot _snapshot;
    private readonly HashSet<MessageNumber> _deleted = [];
    private readonly HashSet<MessageNumber> _retrieved = [];

    private Maildrop(IMailAccount account, IMailbox inbox)
    {
        _account = account;
        _inbox = inbox;
        _snapshot = inbox.Snapshot;
    }

    public string AccountName => _account.Name;

    /// <summary>All messages at login.</summary>
    public int Total => _snapshot.Count;

    /// <summary>Messages not marked as deleted.</summary>
    public int Count => _snapshot.Count - _deleted.Count;

    /// <summary>Their octets.</summary>
    public long Octets { get; private set; }

    public int DeletedCount => _deleted.Count;

    public int RetrievedCount => _retrieved.Count;

    /// <summary>The numbers of the messages not marked as deleted.</summary>
    public IEnumerable<MessageNumber> Numbers =>
        Enumerable.Range(1, _snapshot.Count).Select(n => new MessageNumber(n)).Where(n => !_deleted.Contains(n));

    /// <summary>Takes the account; it lives as long as the maildrop.</summary>
    public static async ValueTask<StoreResult<Maildrop>> OpenAsync(IMailStore store, string accountName)
    {
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(accountName, CancellationToken.None);
        if (!opened.TryGet(out IMailAccount? account))
        {
            return opened.Error;
        }
        StoreResult<IMailbox> selected = await account.OpenAsync(MailboxName.Inbox, CancellationToken.None);
        if (!selected.TryGet(out IMailbox? inbox))
        {
            await account.DisposeAsync();
            return selected.Error;
        }
        StoreResult<Done> current = await inbox.RefreshAsync(CancellationToken.None); // What other programs delivered belongs to it.
        if (current.Error == StoreError.None)
        {
            current = await inbox.MeasureAsync(UidSet.All, CancellationToken.None); // STAT and LIST tell every size.
        }
        if (current.Error != StoreError.None)
        {
            await inbox.DisposeAsync();
            await account.DisposeAsync();
            return current.Error;
        }
        Maildrop maildrop = new(account, inbox);
        maildrop.Octets = maildrop._snapshot.Octets;
        return maildrop;
    }

    /// <summary>
    /// False for numbers never given, and for messages marked as deleted: they are absent for the rest of the session (RFC 1939 §5, DELE).
    /// </summary>
    public bool TryGet(MessageNumber number, out MessageRecord record)
    {
        bool isPresent = number.Value >= 1 && number.Value <= _snapshot.Count && !_deleted.Contains(number);
        record = isPresent ? RecordOf(number) : default;
        return isPresent;
    }

    /// <summary>
    /// Eight hexadecimal digits of the UID and eight of the UIDVALIDITY: what Dovecot gives by default (<c>%08Xu%08Xv</c>),
    /// so that who comes from there downloads nothing twice. RFC 1939 §7, UIDL.
    /// </summary>
    public string UniqueIdOf(MessageNumber number) => $"{RecordOf(number).Uid.Value:x8}{_snapshot.UidValidity.Value:x8}";

    public long OctetsOf(MessageNumber number) => RecordOf(number).Octets;

    /// <summary>The message's octets. The caller disposes them.</summary>
    public ValueTask<StoreResult<IMessageContent>> OpenAsync(MessageNumber number) =>
        _inbox.OpenMessageAsync(RecordOf(number).Uid, CancellationToken.None);

    /// <summary>Remembers to set <c>\Seen</c>.</summary>
    public void MarkRetrieved(MessageNumber number) => _retrieved.Add(number);

    /// <summary>Marks a present message as deleted.</summary>
    public void MarkDeleted(MessageNumber number)
    {
        if (_deleted.Add(number))
        {
            Octets -= OctetsOf(number);
        }
    }

    /// <summary>RSET.</summary>
    public void UnmarkAll()
    {
        _deleted.Clear();
        Octets = _snapshot.Octets;
    }

    /// <summary>
    /// The UPDATE state: removes what is marked, for good when this returns. RFC 1939 §6. All or nothing, as the store's commits are.
    /// </summary>
    public async ValueTask<StoreError> UpdateAsync()
    {
        if (_deleted.Count == 0)
        {
            return StoreError.None;
        }
        UidSet uids = UidSet.FromUids(_deleted.Select(n => RecordOf(n).Uid));
        // No token: once begun it is finished, and then answered.
        StoreResult<UidSet> removed = await _inbox.ExpungeAsync(uids, ExpungeScope.AllNamed, CancellationToken.None);
        if (removed.Error == StoreError.None)
        {
            _retrieved.ExceptWith(_deleted);
        }
        return removed.Error;
    }

    /// <summary>
    /// Sets <c>\Seen</c> on what was retrieved, as Dovecot does: once, at the end, however the session ended. Best effort: it
    /// is a help for IMAP clients of the same mailbox, and no one was told that it is done.
    /// </summary>
    public async ValueTask<StoreError> FlagRetrievedAsync()
    {
        UidSet uids = UidSet.FromUids(_retrieved.Select(RecordOf).Where(r => (r.Flags & SystemFlags.Seen) == 0).Select(r => r.Uid));
        _retrieved.Clear();
        if (uids.IsEmpty || _inbox.IsGone)
        {
            return StoreError.None;
        }
        StoreResult<FlagsOutcome> flagged = await _inbox.ChangeFlagsAsync(
            uids, FlagOperation.Add, SystemFlags.Seen, [], unchangedSince: null, CancellationToken.None);
        return flagged.Error;
    }

    public async ValueTask DisposeAsync()
    {
        await _inbox.DisposeAsync();
        await _account.DisposeAsync();
    }

    private MessageRecord RecordOf(MessageNumber number) => _snapshot[number.Value - 1];
}
