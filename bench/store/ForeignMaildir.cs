using System.Diagnostics;
using MailAccess.Store;
using MailAccess.Store.Maildir;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Bench;

/// <summary>A Maildir as another server leaves it: how long until its messages are listed, sized, listed again.</summary>
internal static class ForeignMaildir
{
    private static readonly CancellationToken None = CancellationToken.None;

    public static async Task RunAsync(string folder, int count, byte[] message)
    {
        string root = Path.Combine(folder, $"foreign-{count}");
        foreach (string name in new[] { "cur", "new", "tmp" })
        {
            Directory.CreateDirectory(Path.Combine(root, "mail", name));
        }
        for (int i = 0; i < count; i++)
        {
            await File.WriteAllBytesAsync(Path.Combine(root, "mail", "cur", $"{1_700_000_000 + i}.M{i % 1_000_000:D6}P{i % 30_000}.mail.example:2,S"), message);
        }
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System); // A folder that has just changed is not trusted.
        MaildirStore store = await OpenAsync(root);
        IMailbox inbox = await TimeAsync($"first open of {count}", async () =>
        {
            IMailbox opened = Must(await Must(await store.OpenAccountAsync("user", None)).OpenAsync(MailboxName.Inbox, None));
            Must(await opened.RefreshAsync(None));
            return opened;
        });
        await TimeAsync($"sizes of {count}", async () => Must(await inbox.MeasureAsync(UidSet.All, None)));
        await TimeAsync("refresh without news", async () => Must(await inbox.RefreshAsync(None)));
        await File.WriteAllBytesAsync(Path.Combine(root, "mail", "tmp", "x"), message);
        File.Move(Path.Combine(root, "mail", "tmp", "x"), Path.Combine(root, "mail", "new", "1800000000.M1P1.mail.example"));
        await TimeAsync($"refresh with one new message among {inbox.Snapshot.Count}", async () => Must(await inbox.RefreshAsync(None)));
        await inbox.DisposeAsync();
        await store.DisposeAsync();
        store = await OpenAsync(root);
        await TimeAsync($"open {inbox.Snapshot.Count} again", async () =>
        {
            await using IMailbox opened = Must(await Must(await store.OpenAccountAsync("user", None)).OpenAsync(MailboxName.Inbox, None));
            return Must(await opened.RefreshAsync(None));
        });
        await store.DisposeAsync();
    }

    private static async Task<MaildirStore> OpenAsync(string root) => Must(await MaildirStore.OpenAsync(
        new MaildirStoreOptions { DataFolder = Path.Combine(root, "data"), RootOf = _ => Path.Combine(root, "mail"), HostName = "bench" },
        TimeProvider.System, NullLogger.Instance));

    private static T Must<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new IOException(result.Error.ToString());

    private static async Task<T> TimeAsync<T>(string what, Func<Task<T>> work)
    {
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        T result = await work();
        double elapsed = watch.Elapsed.TotalMilliseconds;
        Console.WriteLine($"{what}: {elapsed:F1} ms, {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds:F0} ms CPU");
        return result;
    }
}
