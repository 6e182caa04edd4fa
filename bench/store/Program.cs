using System.Diagnostics;
using System.Globalization;
using System.Text;
using MailAccess.Message;
using MailAccess.Store;
using MailAccess.Store.Bench;
using MailAccess.Store.Maildir;
using Microsoft.Extensions.Logging.Abstractions;

// Usage: MailAccess.Store.Bench FOLDER [SECONDS [append|big|foreign]]. Prints one line per measure; FOLDER must lie on the disk to be measured.
string folder = Path.Combine(args.Length > 0 ? args[0] : Path.GetTempPath(), "store-bench-" + Guid.NewGuid().ToString("N")[..8]);
double seconds = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 5;
Directory.CreateDirectory(folder);
CancellationToken none = CancellationToken.None;
byte[] message = Encoding.ASCII.GetBytes(
    "From: A <a@example.test>\r\nTo: B <b@example.test>\r\nSubject: a message of the usual kind\r\nMessage-ID: <1@example.test>\r\n"
    + "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    + string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog, and again over the same dog.\r\n", 52)));
Console.WriteLine($"messages of {message.Length} octets, {seconds} s each, {Environment.ProcessorCount} cores");

string only = args.Length > 2 ? args[2] : "";
foreach ((int writers, int accounts) in new[] { (1, 1), (10, 1), (50, 1), (10, 10), (50, 50), (200, 50) }.Where(_ => only is "" or "append"))
{
    await AppendAsync(writers, accounts);
}
if (only is "" or "big")
{
    await BigMailboxAsync(10_000);
}
if (only is "" or "foreign")
{
    await ForeignMaildir.RunAsync(folder, 1_000, message);
    await ForeignMaildir.RunAsync(folder, 10_001, message);
    await ForeignMaildir.RunAsync(folder, 10_002, message);
    await ForeignMaildir.RunAsync(folder, 10_000, message);
    await ForeignMaildir.RunAsync(folder, 100_000, message);
}
Directory.Delete(folder, recursive: true);
return;

async Task<MaildirStore> OpenAsync(string name)
{
    var options = new MaildirStoreOptions
    {
        DataFolder = Path.Combine(folder, name, "data"),
        RootOf = account => Path.Combine(folder, name, "mail", account),
        HostName = "bench",
    };
    return (await MaildirStore.OpenAsync(options, TimeProvider.System, NullLogger.Instance)).TryGet(out MaildirStore? store)
        ? store
        : throw new IOException("the store does not open");
}

static T Must<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new IOException(result.Error.ToString());

async Task<IMailbox> InboxAsync(MaildirStore store, string account) =>
    Must(await Must(await store.OpenAccountAsync(account, none)).OpenAsync(MailboxName.Inbox, none));

async Task OneAsync(MaildirStore store, IMailbox mailbox)
{
    await using IStagedMessage staged = Must(await store.StageAsync(message.Length, none));
    Must(await staged.WriteAsync(message, none));
    Must(await staged.CompleteAsync(none));
    Must(await mailbox.AppendAsync([new MessageToAppend { Message = staged }], none));
}

async Task AppendAsync(int writers, int accounts)
{
    await using MaildirStore store = await OpenAsync($"append-{writers}-{accounts}");
    IMailbox[] boxes = await Task.WhenAll(Enumerable.Range(0, accounts).Select(i => InboxAsync(store, $"user{i}")));
    await Task.WhenAll(boxes.Select(b => OneAsync(store, b)));
    long done = 0;
    TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
    var watch = Stopwatch.StartNew();
    await Task.WhenAll(Enumerable.Range(0, writers).Select(i => Task.Run(async () =>
    {
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            await OneAsync(store, boxes[i % accounts]);
            Interlocked.Increment(ref done);
        }
    })));
    double elapsed = watch.Elapsed.TotalSeconds;
    double used = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / done;
    Console.WriteLine($"append, {writers} writers, {accounts} mailboxes: {done / elapsed:F0}/s, {used:F0} us CPU each");
    foreach (IMailbox box in boxes)
    {
        await box.DisposeAsync();
    }
}

async Task BigMailboxAsync(int count)
{
    MaildirStore store = await OpenAsync("big");
    IMailbox inbox = await InboxAsync(store, "user");
    for (int i = 0; i < count; i += 500)
    {
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => OneAsync(store, inbox)));
    }
    Must(await Must(await store.OpenAccountAsync("user", none)).CreateAsync(Named("Other"), SpecialUse.None, none));
    IMailbox other = Must(await Must(await store.OpenAccountAsync("user", none)).OpenAsync(Named("Other"), none));
    await TimeAsync("store 10k", async () => Must(await inbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.Seen, [], null, none)));
    await TimeAsync("copy 10k", async () => Must(await inbox.CopyAsync(UidSet.All, other, none)));
    await TimeAsync("summaries of 10k", () =>
    {
        long octets = 0;
        MailboxSnapshot now = inbox.Snapshot;
        for (int i = 0; i < now.Count; i++)
        {
            octets += inbox.TryGetSummary(now[i], out MessageSummary summary) ? summary.Encoded.Length : throw new IOException("no summary");
        }
        return Task.FromResult(octets);
    });
    await TimeAsync("summaries of 10k again", () =>
    {
        long octets = 0;
        MailboxSnapshot now = inbox.Snapshot;
        for (int i = 0; i < now.Count; i++)
        {
            octets += inbox.TryGetSummary(now[i], out MessageSummary summary) ? summary.Encoded.Length : 0;
        }
        return Task.FromResult(octets);
    });
    byte[] buffer = new byte[64 * 1024];
    await TimeAsync("read bodies of 10k", async () =>
    {
        MailboxSnapshot now = inbox.Snapshot;
        for (int i = 0; i < now.Count; i++)
        {
            await using IMessageContent content = Must(await inbox.OpenMessageAsync(now[i].Uid, none));
            await content.ReadAsync(0, buffer, none);
        }
        return 0;
    });
    await TimeAsync("expunge 10k", async () => Must(await other.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, none)));
    await TimeAsync("move 10k", async () => Must(await inbox.MoveAsync(UidSet.All, other, none)));
    await TimeAsync("close", async () =>
    {
        await store.DisposeAsync();
        return 0;
    });
    store = await OpenAsync("big");
    await TimeAsync("open 10k (index, scan)", async () =>
        Must(await Must(await store.OpenAccountAsync("user", none)).OpenAsync(Named("Other"), none)).Snapshot.Count);
    await store.DisposeAsync();
    store = await OpenAsync("big");
    await TimeAsync("open 10k again", async () =>
        Must(await Must(await store.OpenAccountAsync("user", none)).OpenAsync(Named("Other"), none)).Snapshot.Count);
    await store.DisposeAsync();
}

static MailboxName Named(string text) => MailboxName.TryParse(text, out MailboxName? name) ? name : throw new ArgumentException(text);

static async Task TimeAsync<T>(string what, Func<Task<T>> work)
{
    TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
    var watch = Stopwatch.StartNew();
    await work();
    double elapsed = watch.Elapsed.TotalMilliseconds;
    Console.WriteLine($"{what}: {elapsed:F1} ms, {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds:F0} ms CPU");
}
