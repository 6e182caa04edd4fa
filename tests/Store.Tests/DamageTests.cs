using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>Every file of ours, cut anywhere or with a bit turned: no message is lost, no UID means another one, flags stay.</summary>
public sealed class DamageTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StoreLimits Limits = new() { JournalSegmentOctets = 64 * 1024, WorkerThreads = 2 };

    [Theory]
    [InlineData("mailaccess.index")]
    [InlineData("mailaccess.log")]
    [InlineData("mailaccess.cache")]
    [InlineData("mailaccess.account")]
    [InlineData("dovecot-uidlist")]
    [InlineData("dovecot-keywords")]
    public async Task One_damaged_file_loses_no_message_and_no_uid_and_no_flag(string name)
    {
        using TemporaryFolder folder = new();
        Dictionary<(uint Validity, uint Uid), string> known = await FillAsync(folder);
        string path = Path.Combine(folder.Root("alice"), name);
        byte[] whole = await File.ReadAllBytesAsync(path, None);
        var random = new Random(17);
        Dictionary<string, byte[]> kept = Directory.GetFiles(folder.Root("alice")).ToDictionary(f => f, File.ReadAllBytes);
        for (int round = 0; round < 60; round++)
        {
            byte[] damaged = [.. whole];
            if (round % 3 == 0 && name != "mailaccess.log") // A log that was cut cannot tell what it lacks: the journal does, until a checkpoint.
            {
                damaged = damaged[..random.Next(damaged.Length)];
            }
            else
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }
            foreach ((string file, byte[] content) in kept)
            {
                await File.WriteAllBytesAsync(file, content, None);
            }
            await File.WriteAllBytesAsync(path, damaged, None);
            await CheckAsync(folder, known, $"{name}, round {round}");
        }
    }

    private static async Task<Dictionary<(uint, uint), string>> FillAsync(TemporaryFolder folder)
    {
        var clock = new ManualTimeProvider();
        for (int session = 0; session < 2; session++)
        {
            MaildirStore store = StoreKit.Must(await MaildirStore.OpenAsync(folder.Options(Limits), clock, NullLogger.Instance));
            IMailbox inbox = await InboxAsync(store);
            for (int i = 1; i <= 4; i++)
            {
                await StoreKit.AppendAsync(store, inbox, StoreKit.Text((session * 4) + i), i % 2 == 0 ? SystemFlags.Seen : SystemFlags.Flagged, ["key"]);
            }
            StoreKit.Must(await inbox.ExpungeAsync(UidSet.Of(new Uid((uint)((session * 4) + 3))), ExpungeScope.AllNamed, None));
            if (session == 1)
            {
                store.Housekeeper.Tick(); // The names follow the flags.
                await store.Housekeeper.CurrentRound;
                Assert.True(await store.Housekeeper.CheckpointAsync());
                Dictionary<(uint, uint), string> known = [];
                await ReadAsync(inbox, known, "at first");
                await store.AbandonAsync();
                return known;
            }
            await store.DisposeAsync();
        }
        throw new InvalidOperationException();
    }

    private static async Task<IMailbox> InboxAsync(MaildirStore store) =>
        StoreKit.Must(await StoreKit.Must(await store.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));

    private static async Task CheckAsync(TemporaryFolder folder, Dictionary<(uint, uint), string> before, string when)
    {
        var known = new Dictionary<(uint, uint), string>(before);
        MaildirStore store = StoreKit.Must(await MaildirStore.OpenAsync(folder.Options(Limits), new ManualTimeProvider(), NullLogger.Instance));
        await using (store)
        {
            IMailbox inbox = await InboxAsync(store);
            List<string> found = await ReadAsync(inbox, known, when);
            Assert.Equal(before.Values.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
            for (int i = 0; i < inbox.Snapshot.Count; i++)
            {
                int number = int.Parse((await StoreKit.ReadAsync(inbox, inbox.Snapshot[i].Uid)).Split('\r')[0].Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(inbox.Snapshot[i].Flags == (number % 2 == 0 ? SystemFlags.Seen : SystemFlags.Flagged), $"{when}: the flags of {number} are {inbox.Snapshot[i].Flags}");
            }
            await StoreKit.AppendAsync(store, inbox, "Subject: new 99\r\n\r\n");
            await ReadAsync(inbox, known, when);
        }
        foreach (string file in Directory.GetFiles(Path.Combine(folder.Root("alice"), "new")).Concat(Directory.GetFiles(Path.Combine(folder.Root("alice"), "cur"))))
        {
            if ((await File.ReadAllTextAsync(file, None)).StartsWith("Subject: new", StringComparison.Ordinal))
            {
                File.Delete(file);
            }
        }
    }

    private static async Task<List<string>> ReadAsync(IMailbox mailbox, Dictionary<(uint, uint), string> known, string when)
    {
        List<string> found = [];
        for (int i = 0; i < mailbox.Snapshot.Count; i++)
        {
            Uid uid = mailbox.Snapshot[i].Uid;
            string text = await StoreKit.ReadAsync(mailbox, uid);
            found.Add(text);
            (uint, uint) key = (mailbox.Snapshot.UidValidity.Value, uid.Value);
            Assert.True(!known.TryGetValue(key, out string? other) || other == text, $"{when}: UID {key} was {other} and is {text}");
            known[key] = text;
        }
        return found;
    }
}
