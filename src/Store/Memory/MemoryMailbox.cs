using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Message;
using MailAccess.Store.Model;
using MailAccess.Store.Search;

namespace MailAccess.Store.Memory;

/// <summary>A mailbox in memory: the shared model, and a table from locators to octets.</summary>
internal sealed class MemoryMailbox : MailboxModel
{
    private readonly MemoryMailStore _store;
    private readonly ConcurrentDictionary<long, MemoryMessage> _messages;
    private readonly VanishedLog _vanished;
    private long _lastLocator;

    public MemoryMailbox(MemoryMailStore store, string accountName, MailboxName name, SpecialUse specialUse, MailboxSnapshot snapshot)
        : base(accountName, name, snapshot, new Uid(1))
    {
        _store = store;
        SpecialUse = specialUse;
        // No two mailboxes of an account ever have one UIDVALIDITY; and tests that run twice see the same.
        Guid = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{accountName}/{snapshot.UidValidity}")).AsSpan(0, 16));
        _vanished = new VanishedLog(snapshot.HighestModSeq);
        _messages = new();
        SideFiles = new(StringComparer.Ordinal);
    }

    private MemoryMailbox(MemoryMailbox old, MailboxName name)
        : base(old.AccountName, name, old.Published, old.FirstUnclaimed)
    {
        _store = old._store;
        SpecialUse = old.SpecialUse;
        Guid = old.Guid;
        _vanished = old._vanished;
        _messages = old._messages;
        _lastLocator = old._lastLocator;
        SideFiles = old.SideFiles;
    }

    public override Guid Guid { get; }

    public SpecialUse SpecialUse { get; }

    /// <summary>Small files beside the messages. Under the account's lock.</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> SideFiles { get; }

    public bool IsMarked => Published is { Count: > 0 } now && now[now.Count - 1].Uid >= FirstUnclaimed;

    public override long NowSeconds => _store.Clock.GetUtcNow().ToUnixTimeSeconds();

    public MemoryMailbox RenamedTo(MailboxName name) => new(this, name) { Usage = Usage };

    public override object CommitDomain => _store;

    public override ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        _store.StageAsync(octetsExpected, cancellationToken);

    public override void Submit(CommitTicket ticket) => _store.Committer.Submit(ticket);

    public override void AfterSubmit() => _store.Committer.Run();

    public override ValueTask<StoreResult<PreparedMessages>> PrepareAppendAsync(
        IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken) =>
        StoreResults.From<PreparedMessages>(Prepare(messages.Select(m => ((MemoryStagedMessage)m.Message).Completed)));

    public override ValueTask<StoreResult<PreparedMessages>> PrepareCopyAsync(
        IReadOnlyList<MessageRecord> sources, MailboxModel destination, CancellationToken cancellationToken)
    {
        List<MemoryMessage> contents = [];
        foreach (MessageRecord source in sources)
        {
            if (!_messages.TryGetValue(source.Locator, out MemoryMessage? message))
            {
                return new(StoreError.Expunged);
            }
            contents.Add(message);
        }
        return StoreResults.From<PreparedMessages>(((MemoryMailbox)destination).Prepare(contents));
    }

    public override ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken) =>
        Find(uid) is { } message ? StoreResults.From<IMessageContent>(new MemoryContent(message.Octets)) : new(StoreError.Expunged);

    public override SearchRead ReadForSearch(in MessageRecord record, SearchScratch scratch) =>
        _messages.TryGetValue(record.Locator, out MemoryMessage? message) ? scratch.Take(message.Octets) : SearchRead.Gone;

    public override bool TryGetSummary(in MessageRecord record, out MessageSummary summary)
    {
        ReadOnlyMemory<byte> encoded = _messages.TryGetValue(record.Locator, out MemoryMessage? message) ? message.Summary : default;
        summary = new MessageSummary(encoded);
        return !encoded.IsEmpty;
    }

    public override ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken)
    {
        if (Find(uid) is not { } message)
        {
            return new(StoreError.Expunged);
        }
        if (message.Summary.IsEmpty)
        {
            var maker = new SummaryMaker();
            maker.Feed(message.Octets.Span);
            message.Summary = maker.Finish();
        }
        return new(new MessageSummary(message.Summary));
    }

    public override ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken) => new(default(Done));

    public override ValueTask ReleaseAsync() => default;

    public override ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            return new(_vanished.Since(since, among, Published));
        }
    }

    protected override void Applied(MailboxChange change)
    {
        _vanished.Add(VanishedUids.Of(change.After.HighestModSeq, change.Expunged.Select(r => r.Uid)));
        _vanished.Trim(Index.VanishedFile.EntriesMax);
        foreach (MessageRecord expunged in change.Expunged)
        {
            _messages.TryRemove(expunged.Locator, out _);
        }
    }

    private MemoryMessage? Find(Uid uid)
    {
        MailboxSnapshot now = Published;
        int index = now.IndexOf(uid);
        return index >= 0 && _messages.TryGetValue(now[index].Locator, out MemoryMessage? message) ? message : null;
    }

    private Prepared Prepare(IEnumerable<MemoryMessage> contents)
    {
        List<PreparedMessage> prepared = [];
        foreach (MemoryMessage content in contents)
        {
            long locator = Interlocked.Increment(ref _lastLocator);
            _messages[locator] = content;
            prepared.Add(new PreparedMessage(content.Octets.Length, locator, 0));
        }
        return new Prepared(this, prepared);
    }

    private sealed class Prepared(MemoryMailbox mailbox, List<PreparedMessage> messages) : PreparedMessages
    {
        public override int Count => messages.Count;

        public override PreparedMessage this[int index] => messages[index];

        public override ValueTask PlaceAsync() => default;

        public override ValueTask DiscardAsync()
        {
            foreach (PreparedMessage message in messages)
            {
                mailbox._messages.TryRemove(message.Locator, out _);
            }
            return default;
        }
    }
}

/// <summary>Octets and what was made of them; shared by copies.</summary>
internal sealed class MemoryMessage(ReadOnlyMemory<byte> octets)
{
    public ReadOnlyMemory<byte> Octets => octets;

    public ReadOnlyMemory<byte> Summary { get; set; }
}
