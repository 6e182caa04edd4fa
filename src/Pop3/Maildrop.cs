using MailAccess.Store;

namespace MailAccess.Pop3;

/// <summary>
/// An INBOX, or the folder that the login name said, as it was at login. Numbers, sizes and unique-ids stay as they are whatever others do to
/// the mailbox, so no lock is needed: what is gone in the meantime cannot be retrieved, that is all.
/// </summary>
internal sealed class Maildrop : IAsyncDisposable
{
    private readonly IMailAccount _account;
    private readonly IMailbox _mailbox;
    private readonly MailboxSnapshot _snapshot;
    private readonly string? _deletedKeyword;
    private readonly int[]? _shown;
    private readonly HashSet<MessageNumber> _deleted = [];
    private readonly HashSet<MessageNumber> _retrieved = [];

    private string[]? _uniqueIds;
    private ReadAhead? _ahead;
    private int _lastInTurn = -1;

    private Maildrop(IMailAccount account, IMailbox mailbox, string? deletedKeyword)
    {
        _account = account;
        _mailbox = mailbox;
        _snapshot = mailbox.Snapshot;
        _deletedKeyword = deletedKeyword;
        if (deletedKeyword is not null && _snapshot.Keywords.TryGetMask(deletedKeyword, out ulong mask))
        {
            _shown = [.. Enumerable.Range(0, _snapshot.Count).Where(i => (_snapshot[i].Keywords & mask) == 0)];
        }
        Octets = OctetsOfAll;
    }

    public string AccountName => _account.Name;

    /// <summary>All messages at login.</summary>
    public int Total => _shown?.Length ?? _snapshot.Count;

    /// <summary>Messages not marked as deleted.</summary>
    public int Count => Total - _deleted.Count;

    /// <summary>Their octets.</summary>
    public long Octets { get; private set; }

    public int DeletedCount => _deleted.Count;

    public int RetrievedCount => _retrieved.Count;

    /// <summary>The numbers of the messages not marked as deleted.</summary>
    public IEnumerable<MessageNumber> Numbers =>
        Enumerable.Range(1, Total).Select(n => new MessageNumber(n)).Where(n => !_deleted.Contains(n));

    private long OctetsOfAll => _shown is null ? _snapshot.Octets : _shown.Sum(i => _snapshot[i].Octets);

    /// <summary>Takes the account; it lives as long as the maildrop.</summary>
    /// <param name="store">Where the mail is.</param>
    /// <param name="accountName">Whose.</param>
    /// <param name="name">The mailbox.</param>
    /// <param name="deletedKeyword"><see cref="Pop3Options.DeletedKeyword"/>: messages that have it are not there.</param>
    public static async ValueTask<StoreResult<Maildrop>> OpenAsync(IMailStore store, string accountName, MailboxName name, string? deletedKeyword)
    {
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(accountName, CancellationToken.None);
        if (!opened.TryGet(out IMailAccount? account))
        {
            return opened.Error;
        }
        StoreResult<IMailbox> selected = await account.OpenAsync(name, CancellationToken.None);
        if (!selected.TryGet(out IMailbox? mailbox))
        {
            await account.DisposeAsync();
            return selected.Error;
        }
        StoreResult<Done> current = await mailbox.RefreshAsync(CancellationToken.None); // What other programs delivered belongs to it.
        if (current.Error == StoreError.None)
        {
            current = await mailbox.MeasureAsync(UidSet.All, CancellationToken.None); // STAT and LIST tell every size.
        }
        if (current.Error != StoreError.None)
        {
            await mailbox.DisposeAsync();
            await account.DisposeAsync();
            return current.Error;
        }
        return new Maildrop(account, mailbox, deletedKeyword);
    }

    /// <summary>
    /// False for numbers never given, and for messages marked as deleted: they are absent for the rest of the session (RFC 1939 §5, DELE).
    /// </summary>
    public bool TryGet(MessageNumber number, out MessageRecord record)
    {
        bool isPresent = number.Value >= 1 && number.Value <= Total && !_deleted.Contains(number);
        record = isPresent ? RecordOf(number) : default;
        return isPresent;
    }

    /// <summary>Finds the unique-ids, once: they stay for the session.</summary>
    public async ValueTask<StoreError> PrepareUniqueIdsAsync(UniqueIdFormat format)
    {
        if (_uniqueIds is not null)
        {
            return StoreError.None;
        }
        IReadOnlyDictionary<Uid, MessageNames>? names = null;
        if (!_mailbox.IsGone) // Then the messages can no more be read, but their ids must stay what they were.
        {
            StoreResult<IReadOnlyDictionary<Uid, MessageNames>> found = await _mailbox.GetNamesAsync(CancellationToken.None);
            if (!found.TryGet(out names))
            {
                return found.Error;
            }
        }
        _uniqueIds = MakeUniqueIds(_snapshot, names, format);
        return StoreError.None;
    }

    /// <summary>What another server gave a message before it came to us, else as the format says. RFC 1939 §7, UIDL.</summary>
    public string UniqueIdOf(MessageNumber number) => _uniqueIds![IndexOf(number)];

    public long OctetsOf(MessageNumber number) => RecordOf(number).Octets;

    /// <summary>The message's octets. The caller disposes them.</summary>
    public ValueTask<StoreResult<IMessageContent>> OpenAsync(MessageNumber number) =>
        _mailbox.OpenMessageAsync(RecordOf(number).Uid, CancellationToken.None);

    /// <summary>As <see cref="OpenAsync(MessageNumber)"/>, for a client that probably wants the next one too: from the second in a row on, the next ones are read while it is busy.</summary>
    public async ValueTask<StoreResult<IMessageContent>> OpenInTurnAsync(MessageNumber number, ReadAheadLimits limits)
    {
        bool isNext = number.Value == _lastInTurn + 1;
        _lastInTurn = number.Value;
        if (isNext)
        {
            _ahead ??= new ReadAhead(_mailbox, _snapshot, position => IndexOf(new MessageNumber(position + 1)), Total, limits);
            return await _ahead.TakeAsync(number.Value - 1);
        }
        await EndReadAheadAsync();
        return await OpenAsync(number);
    }

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
        Octets = OctetsOfAll;
    }

    /// <summary>
    /// The UPDATE state: removes what is marked, or hides it by the keyword, for good when this returns. RFC 1939 §6. All or nothing, as the store's commits are.
    /// </summary>
    public async ValueTask<StoreError> UpdateAsync()
    {
        if (_deleted.Count == 0)
        {
            return StoreError.None;
        }
        UidSet uids = UidSet.FromUids(_deleted.Select(n => RecordOf(n).Uid));
        // No token: once begun it is finished, and then answered.
        if (_deletedKeyword is { } keyword)
        {
            return (await _mailbox.ChangeFlagsAsync(uids, FlagOperation.Add, SystemFlags.None, [keyword], unchangedSince: null, CancellationToken.None)).Error;
        }
        StoreResult<UidSet> removed = await _mailbox.ExpungeAsync(uids, ExpungeScope.AllNamed, CancellationToken.None);
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
        if (uids.IsEmpty || _mailbox.IsGone)
        {
            return StoreError.None;
        }
        StoreResult<FlagsOutcome> flagged = await _mailbox.ChangeFlagsAsync(
            uids, FlagOperation.Add, SystemFlags.Seen, [], unchangedSince: null, CancellationToken.None);
        return flagged.Error;
    }

    public async ValueTask DisposeAsync()
    {
        await EndReadAheadAsync();
        await _mailbox.DisposeAsync();
        await _account.DisposeAsync();
    }

    private async ValueTask EndReadAheadAsync()
    {
        if (_ahead is { } ahead)
        {
            _ahead = null;
            await ahead.DisposeAsync();
        }
    }

    private MessageRecord RecordOf(MessageNumber number) => _snapshot[IndexOf(number)];

    private int IndexOf(MessageNumber number) => _shown?[number.Value - 1] ?? number.Value - 1;

    private static string[] MakeUniqueIds(MailboxSnapshot snapshot, IReadOnlyDictionary<Uid, MessageNames>? names, UniqueIdFormat format)
    {
        string[] ids = new string[snapshot.Count];
        HashSet<string> given = new(StringComparer.Ordinal);
        for (int i = 0; i < ids.Length; i++)
        {
            if (names?.GetValueOrDefault(snapshot[i].Uid)?.Pop3Uidl is { } known && UniqueIdFormat.IsUniqueId(known) && given.Add(known))
            {
                ids[i] = known;
            }
        }
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i] is null)
            {
                string id = format.Format(snapshot[i].Uid, snapshot.UidValidity, names?.GetValueOrDefault(snapshot[i].Uid));
                for (int again = 2; !given.Add(id); again++)
                {
                    id = $"{id}-{again}"; // Two messages of one id: a client would take the second for known.
                }
                ids[i] = id;
            }
        }
        return ids;
    }
}
