using MailAccess.Store;
using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Memory;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Imap.Tests.Resynchronization;

/// <summary>
/// Whatever several sessions and other programs do, and wherever connections are lost: a client that synchronizes by mod-sequences ends with
/// exactly the messages and flags that are there, as one does that asks for everything. RFC 7162 §6.
/// </summary>
public sealed class ResynchronizationTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-resync-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("memory", 1, 500, 80)]
    [InlineData("maildir", 1001, 10, 60)]
    [InlineData("mbox", 2001, 10, 60)]
    public async Task Who_comes_back_knows_exactly_what_is_there(string format, int seed, int worlds, int steps)
    {
        for (int i = 0; i < worlds; i++)
        {
            await using SyncWorld world = await SyncWorld.OpenAsync(await OpenAsync(format, i), _clock, seed + i);
            await world.PlayAsync(steps);
        }
    }

    [Theory]
    [InlineData("memory", 3001, 30, 10)]
    [InlineData("maildir", 4001, 2, 5)]
    [InlineData("mbox", 5001, 2, 5)]
    public async Task Who_comes_back_knows_it_also_where_all_happens_at_once(string format, int seed, int worlds, int rounds)
    {
        for (int i = 0; i < worlds; i++)
        {
            await using SyncWorld world = await SyncWorld.OpenAsync(await OpenAsync(format, i), _clock, seed + i);
            await world.PlayAtOnceAsync(rounds, steps: 12);
        }
    }

    private async Task<IMailStore> OpenAsync(string format, int number)
    {
        string data = Path.Combine(_folder, $"{number}", "data");
        string mail = Path.Combine(_folder, $"{number}", "mail");
        Directory.CreateDirectory(Path.Combine(mail, "spool"));
        switch (format)
        {
            case "maildir":
                MaildirStoreOptions maildir = new() { DataFolder = data, RootOf = name => Path.Combine(mail, name), HostName = "host.test" };
                return Opened(await MaildirStore.OpenAsync(maildir, _clock, NullLogger.Instance));
            case "mbox":
                MboxStoreOptions mbox = new()
                {
                    DataFolder = data,
                    InboxOf = name => Path.Combine(mail, "spool", name),
                    FolderRootOf = name => Path.Combine(mail, "folders", name),
                    HostName = "host.test",
                };
                return Opened(await MboxStore.OpenAsync(mbox, _clock, NullLogger.Instance));
            default:
                return new MemoryMailStore(_clock);
        }
    }

    private static T Opened<T>(StoreResult<T> store) => store.TryGet(out T? opened) ? opened : throw new InvalidOperationException($"{store.Error}");
}
