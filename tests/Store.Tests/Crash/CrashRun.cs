using System.Text;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Tests.Crash;

/// <summary>The workload's steps, and what the mailboxes should hold after each.</summary>
internal sealed class CrashRun(IMailStore store, Dictionary<(uint Validity, uint Uid), string> uids)
{
    private static readonly CancellationToken None = CancellationToken.None;

    public const string EmptyState = "INBOX:\n";

    private readonly SortedDictionary<string, SortedSet<string>> _boxes = new(StringComparer.Ordinal) { ["INBOX"] = [] };

    public string Expected { get; private set; } = EmptyState;

    /// <summary>What a format may leave that commits two mailboxes one after the other; null for all but moves and replacements.</summary>
    public string? Between { get; private set; }

    public void Begin()
    {
        Expected = Describe(_boxes);
        Between = null;
    }

    public async Task<StoreError> AppendAsync(string box, params string[] names)
    {
        _boxes.TryAdd(box, []);
        _boxes[box].UnionWith(names);
        Expected = Describe(_boxes);
        List<IStagedMessage> staged = [];
        try
        {
            foreach (string name in names)
            {
                StoreResult<IStagedMessage> result = await store.StageAsync(0, None);
                if (!result.TryGet(out IStagedMessage? message))
                {
                    return result.Error;
                }
                staged.Add(message);
                StoreResult<Done> written = await message.WriteAsync(Encoding.ASCII.GetBytes(TextOf(name)), None);
                if (written.Error != StoreError.None || (written = await message.CompleteAsync(None)).Error != StoreError.None)
                {
                    return written.Error;
                }
            }
            return await WithAsync(box, async m =>
            {
                StoreResult<AppendOutcome> result = await m.AppendAsync([.. staged.Select(s => new MessageToAppend { Message = s })], None);
                if (result.TryGet(out AppendOutcome? outcome))
                {
                    for (int i = 0; i < names.Length; i++)
                    {
                        Know(outcome.UidValidity, outcome.Uids[i], names[i]);
                    }
                }
                return result.Error;
            });
        }
        finally
        {
            foreach (IStagedMessage message in staged)
            {
                await message.DisposeAsync();
            }
        }
    }

    public async Task<StoreError> CreateAsync(string box)
    {
        _boxes.Add(box, []);
        Expected = Describe(_boxes);
        return await AccountAsync(a => a.CreateAsync(Name(box), SpecialUse.None, None));
    }

    public async Task<StoreError> RenameAsync(string from, string to)
    {
        _boxes.Remove(from, out SortedSet<string>? content);
        _boxes.Add(to, content!);
        Expected = Describe(_boxes);
        return await AccountAsync(a => a.RenameAsync(Name(from), Name(to), None));
    }

    public Task<StoreError> FlagAsync(string box, string name)
    {
        _boxes[box].Remove(name);
        _boxes[box].Add(name + " Flagged key");
        Expected = Describe(_boxes);
        return WithAsync(box, async m =>
            (await m.ChangeFlagsAsync(UidSet.Of(await UidOfAsync(m, name)), FlagOperation.Add, SystemFlags.Flagged, ["key"], null, None)).Error);
    }

    public Task<StoreError> CopyAsync(string name) => TransferAsync("INBOX", "Other", name, isMove: false);

    public Task<StoreError> MoveAsync(string name) => TransferAsync("INBOX", "Other", name, isMove: true);

    public Task<StoreError> ExpungeAsync(string name)
    {
        _boxes["INBOX"].RemoveWhere(n => n.Split(' ')[0] == name);
        Expected = Describe(_boxes);
        return WithAsync("INBOX", async m => (await m.ExpungeAsync(UidSet.Of(await UidOfAsync(m, name)), ExpungeScope.AllNamed, None)).Error);
    }

    public async Task<StoreError> CheckpointAsync()
    {
        if (store is not MaildirStore maildir)
        {
            return StoreError.None;
        }
        await maildir.Housekeeper.CheckpointAsync(); // May fail: then the journal keeps what it has.
        return StoreError.None;
    }

    public async Task<StoreError> HousekeepingAsync()
    {
        if (store is Store.Mbox.MboxStore mbox)
        {
            await mbox.HousekeepAsync();
            return StoreError.None;
        }
        Housekeeper housekeeper = ((MaildirStore)store).Housekeeper;
        housekeeper.Tick();
        await housekeeper.CurrentRound;
        return StoreError.None;
    }

    public async Task<StoreError> CloseAsync()
    {
        await store.DisposeAsync();
        return StoreError.None;
    }

    /// <summary>What is there, read whole; and no UID has ever meant anything else.</summary>
    public async Task<string> ReadStateAsync(string when)
    {
        SortedDictionary<string, SortedSet<string>> found = new(StringComparer.Ordinal);
        StoreResult<IMailAccount> account = await store.OpenAccountAsync("alice", None);
        Assert.True(account.TryGet(out IMailAccount? alice), when);
        Assert.True((await alice.ListAsync(None)).TryGet(out IReadOnlyList<MailboxListing>? listings), when);
        foreach (MailboxListing listing in listings)
        {
            found[listing.Name.Value] = [];
            Assert.Equal(StoreError.None, await WithAsync(listing.Name.Value, async m =>
            {
                for (int i = 0; i < m.Snapshot.Count; i++)
                {
                    MessageRecord record = m.Snapshot[i];
                    string text = await ReadAsync(m, record.Uid, when);
                    string name = text.Split('\r')[0].Split(' ')[1];
                    Assert.True(text == TextOf(name), $"{when}: {name} in {listing.Name} is not whole");
                    Assert.True(record.Octets == text.Length, $"{when}: the size of {name} is wrong");
                    Know(m.Snapshot.UidValidity, record.Uid, name);
                    string flags = (record.Flags & SystemFlags.Flagged) != 0 ? " Flagged" : "";
                    string keywords = string.Concat(m.Snapshot.Keywords.NamesOf(record.Keywords).Select(k => " " + k));
                    Assert.True(found[listing.Name.Value].Add(name + flags + keywords), $"{when}: {name} is twice in {listing.Name}");
                }
                return StoreError.None;
            }));
        }
        return Describe(found);
    }

    public async Task<StoreError> TransferAsync(string from, string to, string name, bool isMove)
    {
        string entry = _boxes[from].First(n => n.Split(' ')[0] == name);
        _boxes[to].Add(entry);
        Between = isMove ? Describe(_boxes) : null;
        if (isMove)
        {
            _boxes[from].Remove(entry);
        }
        Expected = Describe(_boxes);
        return await WithAsync(from, source => WithAsync(to, async target =>
        {
            UidSet uids = UidSet.Of(await UidOfAsync(source, name));
            StoreResult<CopyOutcome> result = isMove ? await source.MoveAsync(uids, target, None) : await source.CopyAsync(uids, target, None);
            if (result.TryGet(out CopyOutcome? outcome))
            {
                Know(outcome.DestinationUidValidity, outcome.Destinations[0], name);
            }
            return result.Error;
        }));
    }

    /// <summary>All messages of one mailbox to another: more than are placed before the answer.</summary>
    public async Task<StoreError> TransferAllAsync(string from, string to, bool isMove)
    {
        string[] names = [.. _boxes[from]];
        _boxes[to].UnionWith(names);
        if (isMove)
        {
            _boxes[from].Clear();
        }
        Expected = Describe(_boxes);
        return await WithAsync(from, source => WithAsync(to, async target =>
            (isMove ? await source.MoveAsync(UidSet.All, target, None) : await source.CopyAsync(UidSet.All, target, None)).Error));
    }

    /// <summary>The same messages are expunged again before they may have their place.</summary>
    public async Task<StoreError> ExpungeAllAsync(string box)
    {
        _boxes[box].Clear();
        Expected = Describe(_boxes);
        return await WithAsync(box, async m => (await m.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None)).Error);
    }

    /// <summary>Another run over the same mailboxes begins where that one ended.</summary>
    public void GoOnFrom(CrashRun other)
    {
        foreach ((string box, SortedSet<string> names) in other._boxes)
        {
            _boxes[box] = [.. names];
        }
        Begin();
    }

    /// <summary>The new message in one mailbox for the old one in another, or in the same.</summary>
    public async Task<StoreError> ReplaceAsync(string from, string name, string to, string with)
    {
        string entry = _boxes[from].First(n => n.Split(' ')[0] == name);
        _boxes[to].Add(with);
        Between = Describe(_boxes);
        _boxes[from].Remove(entry);
        Expected = Describe(_boxes);
        StoreResult<IStagedMessage> staged = await store.StageAsync(0, None);
        if (!staged.TryGet(out IStagedMessage? message))
        {
            return staged.Error;
        }
        await using (message)
        {
            StoreResult<Done> written = await message.WriteAsync(Encoding.ASCII.GetBytes(TextOf(with)), None);
            if (written.Error != StoreError.None || (written = await message.CompleteAsync(None)).Error != StoreError.None)
            {
                return written.Error;
            }
            return await WithAsync(from, source => WithAsync(to, async target =>
            {
                StoreResult<AppendOutcome> result = await source.ReplaceAsync(
                    await UidOfAsync(source, name), new MessageToAppend { Message = message }, target, None);
                if (result.TryGet(out AppendOutcome? outcome))
                {
                    Know(outcome.UidValidity, outcome.Uids[0], with);
                }
                return result.Error;
            }));
        }
    }

    private static string TextOf(string name) => $"Subject: {name}\r\n\r\n" + (name == "BIG" ? new string('x', 10_000) : "body") + "\r\n";

    private static string Describe(SortedDictionary<string, SortedSet<string>> boxes) =>
        string.Concat(boxes.Select(b => $"{b.Key}: {string.Join(", ", b.Value)}".TrimEnd() + "\n"));

    private static MailboxName Name(string text) => MailboxName.TryParse(text, out MailboxName? name) ? name : throw new ArgumentException(text);

    private static async Task<string> ReadAsync(IMailbox mailbox, Uid uid, string when)
    {
        StoreResult<IMessageContent> opened = await mailbox.OpenMessageAsync(uid, None);
        Assert.True(opened.TryGet(out IMessageContent? content), $"{when}: message {uid} of {mailbox.Name}: {opened.Error}");
        await using (content)
        {
            byte[] octets = new byte[content.Octets];
            int filled = 0;
            int count;
            while (filled < octets.Length && (count = await content.ReadAsync(filled, octets.AsMemory(filled), None)) > 0)
            {
                filled += count;
            }
            return Encoding.ASCII.GetString(octets, 0, filled);
        }
    }

    private static async Task<Uid> UidOfAsync(IMailbox mailbox, string name)
    {
        for (int i = 0; i < mailbox.Snapshot.Count; i++)
        {
            if (await ReadAsync(mailbox, mailbox.Snapshot[i].Uid, "looking") == TextOf(name))
            {
                return mailbox.Snapshot[i].Uid;
            }
        }
        throw new IOException($"{name} is not in {mailbox.Name}");
    }

    private void Know(UidValidity validity, Uid uid, string name)
    {
        Assert.True(!uids.TryGetValue((validity.Value, uid.Value), out string? other) || other == name, $"UID {uid} was {other} and is {name}");
        uids[(validity.Value, uid.Value)] = name;
    }

    private async Task<StoreError> AccountAsync(Func<IMailAccount, ValueTask<StoreResult<Done>>> work)
    {
        StoreResult<IMailAccount> account = await store.OpenAccountAsync("alice", None);
        return account.TryGet(out IMailAccount? alice) ? (await work(alice)).Error : account.Error;
    }

    private async Task<StoreError> WithAsync(string box, Func<IMailbox, Task<StoreError>> work)
    {
        StoreResult<IMailAccount> account = await store.OpenAccountAsync("alice", None);
        if (!account.TryGet(out IMailAccount? alice))
        {
            return account.Error;
        }
        StoreResult<IMailbox> opened = await alice.OpenAsync(Name(box), None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return opened.Error;
        }
        await using (mailbox)
        {
            return await work(mailbox);
        }
    }
}
