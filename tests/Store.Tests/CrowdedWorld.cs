using System.Collections.Concurrent;
using System.Text;
using static MailAccess.Store.Tests.ConcurrencyTests;

namespace MailAccess.Store.Tests;

/// <summary>One UID of one mailbox.</summary>
internal readonly record struct MessageKey(uint Validity, uint Uid);

/// <summary>Who acts on the mailboxes of <see cref="ConcurrencyTests"/>.</summary>
internal sealed class CrowdedWorld(IMailStore store, IMailAccount account, string root)
{
    private const int Rounds = 400;
    private static readonly CancellationToken None = CancellationToken.None;

    public MessageLedger Ledger { get; } = new();

    public static string FolderOf(string root, string mailbox) => mailbox == "INBOX" ? root : Path.Combine(root, "." + mailbox);

    public static IEnumerable<string> FilesOf(string folder) =>
        Directory.GetFiles(Path.Combine(folder, "new")).Concat(Directory.GetFiles(Path.Combine(folder, "cur")));

    public async Task DeliverAsync(int number)
    {
        for (int i = 0; i < Rounds; i++)
        {
            await using IMailbox mailbox = await OpenAsync(Mailboxes[(i + number) % Mailboxes.Length]);
            await AppendAsync(mailbox, $"sent {number} {i}", i);
        }
    }

    /// <summary>Flags, copies, moves and expunges by UID; each session accounts for exactly what the store said that it did.</summary>
    public async Task WorkAsync(Random random)
    {
        for (int i = 0; i < Rounds; i++)
        {
            await using IMailbox mailbox = await OpenAsync(Mailboxes[random.Next(Mailboxes.Length)]);
            await using IMailbox destination = await OpenAsync(Mailboxes[random.Next(Mailboxes.Length)]);
            using IDisposable listening = mailbox.Subscribe(() => { });
            MailboxSnapshot now = mailbox.Snapshot;
            int first = random.Next(now.Count + 1);
            UidSet some = UidSet.FromUids(Enumerable.Range(first, Math.Min(3, now.Count - first)).Select(n => now[n].Uid));
            switch (random.Next(7))
            {
                case 0:
                case 1:
                    SystemFlags flags = SystemFlags.Seen | SystemFlags.Answered;
                    Must(await mailbox.ChangeFlagsAsync(some, (FlagOperation)random.Next(3), flags, [$"key{random.Next(5)}"], null, None));
                    break;
                case 2:
                    Ledger.Copied(mailbox, await mailbox.CopyAsync(some, destination, None), isMove: false);
                    break;
                case 3:
                    Ledger.Copied(mailbox, await mailbox.MoveAsync(some, destination, None), isMove: true);
                    break;
                case 4:
                    Ledger.Expunged(mailbox, Must(await mailbox.ExpungeAsync(some, ExpungeScope.AllNamed, None)));
                    break;
                default:
                    mailbox.ClaimRecent(onlyLook: false);
                    Must(await mailbox.RefreshAsync(None));
                    break;
            }
        }
    }

    public async Task ReadAsync(Random random)
    {
        for (int i = 0; i < Rounds * 2; i++)
        {
            await using IMailbox mailbox = await OpenAsync(Mailboxes[random.Next(Mailboxes.Length)]);
            MailboxSnapshot now = mailbox.Snapshot;
            if (now.Count == 0)
            {
                continue;
            }
            MessageRecord record = now[random.Next(now.Count)];
            StoreResult<Message.MessageSummary> summary = await mailbox.GetSummaryAsync(record.Uid, None);
            Assert.True(summary.Error is StoreError.None or StoreError.Expunged, $"{summary.Error}");
            StoreResult<IMessageContent> opened = await mailbox.OpenMessageAsync(record.Uid, None);
            Assert.True(opened.Error is StoreError.None or StoreError.Expunged, $"{opened.Error}");
            if (opened.TryGet(out IMessageContent? content))
            {
                Assert.Equal(record.Octets, content.Octets);
                await content.DisposeAsync();
            }
        }
    }

    /// <summary>Another mail program: delivers, sets flags by renaming, and removes what it delivered.</summary>
    public async Task OtherProgramAsync(Random random)
    {
        for (int i = 0; i < Rounds; i++)
        {
            string folder = FolderOf(root, Mailboxes[random.Next(Mailboxes.Length)]);
            string name = $"{i}.foreign.host";
            await File.WriteAllTextAsync(Path.Combine(folder, "tmp", name), $"Subject: foreign {i}\n\nend\n", None);
            File.Move(Path.Combine(folder, "tmp", name), Path.Combine(folder, "new", name));
            string[] files = [.. FilesOf(folder)];
            string chosen = files[random.Next(files.Length)];
            string renamed = Path.Combine(folder, "cur", Path.GetFileName(chosen).Split(':')[0] + ":2," + (i % 2 == 0 ? "FS" : "S"));
            try
            {
                File.Move(chosen, renamed, overwrite: true);
                if (renamed.Contains(".foreign.", StringComparison.Ordinal) && i % 4 == 0)
                {
                    File.Delete(renamed);
                }
            }
            catch (FileNotFoundException)
            {
                continue; // The store was quicker.
            }
        }
    }

    /// <summary>Mailboxes come, get messages, change their names and go, also while their messages are being moved away.</summary>
    public async Task NamesAsync()
    {
        for (int i = 0; i < Rounds / 6; i++)
        {
            MailboxName first = Named($"Passing{i}");
            MailboxName second = Named($"Renamed{i}");
            Must(await account.CreateAsync(first, SpecialUse.None, None));
            await using (IMailbox mailbox = Must(await account.OpenAsync(first, None)))
            {
                await AppendAsync(mailbox, $"passing {i}", 1);
            }
            Must(await account.RenameAsync(first, second, None));
            await using IMailbox renamed = Must(await account.OpenAsync(second, None));
            Assert.Equal(1, renamed.Snapshot.Count);
            await using IMailbox destination = await OpenAsync("Two");
            Task<StoreResult<CopyOutcome>> moving = renamed.MoveAsync(UidSet.All, destination, None).AsTask();
            Task appending = AppendAsync(destination, $"beside {i}", 1);
            Must(await account.DeleteAsync(second, None));
            await appending;
            StoreResult<CopyOutcome> moved = await moving;
            if (moved.Error == StoreError.None)
            {
                Ledger.Copied(renamed, moved, isMove: true);
            }
            else
            {
                Ledger.Deleted(renamed);
            }
        }
    }

    private static async Task<IStagedMessage> StageAsync(IMailStore store, string text)
    {
        IStagedMessage staged = Must(await store.StageAsync(0, None));
        Must(await staged.WriteAsync(Encoding.ASCII.GetBytes(text), None));
        Must(await staged.CompleteAsync(None));
        return staged;
    }

    private async Task AppendAsync(IMailbox mailbox, string subject, int number)
    {
        await using IStagedMessage staged = await StageAsync(store, $"Subject: {subject}\r\n\r\n{new string('x', number % 10 == 0 ? 3000 : 20)}end\r\n");
        SystemFlags flags = number % 3 == 0 ? SystemFlags.Flagged : SystemFlags.None;
        var message = new MessageToAppend { Message = staged, Flags = flags, Keywords = number % 7 == 0 ? [$"key{number % 5}"] : [] };
        AppendOutcome outcome = Must(await mailbox.AppendAsync([message], None));
        Ledger.Appended(new MessageKey(outcome.UidValidity.Value, outcome.Uids[0].Value), subject);
    }

    private async Task<IMailbox> OpenAsync(string name) => Must(await account.OpenAsync(Named(name), None));
}

/// <summary>What the store acknowledged: which UIDs were given to what, and which were taken back.</summary>
internal sealed class MessageLedger
{
    private readonly ConcurrentDictionary<MessageKey, (string Subject, MessageKey Source)> _given = new();
    private readonly ConcurrentDictionary<MessageKey, bool> _gone = new();
    private readonly ConcurrentDictionary<uint, bool> _deleted = new();

    public void Appended(MessageKey key, string subject) => Give(key, subject, default);

    public void Copied(IMailbox source, StoreResult<CopyOutcome> result, bool isMove)
    {
        if (result.Error == StoreError.Expunged)
        {
            return; // Others expunged and moved it all the time.
        }
        CopyOutcome outcome = Must(result);
        for (int i = 0; i < outcome.Sources.Count; i++)
        {
            MessageKey from = new(source.Snapshot.UidValidity.Value, outcome.Sources[i].Value);
            Give(new MessageKey(outcome.DestinationUidValidity.Value, outcome.Destinations[i].Value), "", from);
            if (isMove)
            {
                Assert.True(_gone.TryAdd(from, true), $"{from} was expunged twice");
            }
        }
    }

    public void Expunged(IMailbox mailbox, UidSet uids)
    {
        foreach ((Uid first, Uid last) in uids)
        {
            for (uint uid = first.Value; uid <= last.Value; uid++)
            {
                MessageKey key = new(mailbox.Snapshot.UidValidity.Value, uid);
                Assert.True(_gone.TryAdd(key, true), $"{key} was expunged twice");
            }
        }
    }

    public void Deleted(IMailbox mailbox) => _deleted[mailbox.Snapshot.UidValidity.Value] = true;

    /// <summary>Lines of mailbox, UIDVALIDITY, UID, flags, keywords and subject.</summary>
    public void Check(IEnumerable<string> state)
    {
        Dictionary<MessageKey, string> found = [];
        HashSet<string> foreign = [];
        foreach (string[] line in state.Select(l => l.Split('|')))
        {
            MessageKey key = new(uint.Parse(line[1], null), uint.Parse(line[2], null));
            Assert.True(found.TryAdd(key, line[^1]), $"{key} stands twice");
            Assert.False(_gone.ContainsKey(key), $"{key} '{line[^1]}' was expunged");
            if (!_given.ContainsKey(key))
            {
                Assert.True(line[^1].StartsWith("foreign", StringComparison.Ordinal), $"{key} was given to '{line[^1]}' by nobody: {HistoryOf(line[^1])}");
                Assert.True(foreign.Add(line[^1]), $"'{line[^1]}' was taken over twice");
            }
        }
        foreach ((MessageKey key, (string Subject, MessageKey Source) given) in _given)
        {
            if (!_gone.ContainsKey(key) && !_deleted.ContainsKey(key.Validity))
            {
                string subject = SubjectOf(key);
                Assert.True(found.TryGetValue(key, out string? actual), $"{key} '{subject}' is lost");
                Assert.StartsWith(subject, actual, StringComparison.Ordinal);
            }
        }
    }

    private string HistoryOf(string subject) => string.Join(", ", _given.Where(g => SubjectOf(g.Key) == subject).Select(g =>
        $"{g.Key}{(g.Value.Subject.Length == 0 ? $" from {g.Value.Source}" : "")}{(_gone.ContainsKey(g.Key) ? " gone" : "")}"));

    /// <summary>Of copies, from where they came in the end; what another program delivered is known by its first word only.</summary>
    private string SubjectOf(MessageKey key)
    {
        while (_given.TryGetValue(key, out (string Subject, MessageKey Source) given))
        {
            if (given.Subject.Length > 0)
            {
                return given.Subject;
            }
            key = given.Source;
        }
        return "foreign";
    }

    private void Give(MessageKey key, string subject, MessageKey source) =>
        Assert.True(_given.TryAdd(key, (subject, source)), $"{key} was given twice");
}
