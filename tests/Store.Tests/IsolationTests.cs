using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using MailAccess.Store.Tests.Crash;
using MailAccess.Testing;

namespace MailAccess.Store.Tests;

/// <summary>One mailbox whose files cannot be written: it says so, and nobody else notices.</summary>
public sealed class IsolationTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StoreLimits Limits = new() { JournalSegmentOctets = 4096, JournalOctetsMax = 64 * 1024, WorkerThreads = 2 };
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _said = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(13)]
    [InlineData(28)]
    [InlineData(30)]
    public async Task Others_go_on_and_nothing_accepted_is_lost_when_it_is_well_again(int errno)
    {
        var files = new SickFolder(Path.Combine(_folder.Root("alice"), ".Sick", "cur")) { Errno = errno };
        MaildirStore store = await OpenAsync(files, Guid.Empty);
        IMailbox sick = await CreateAsync(store, "Sick");
        IMailbox well = await CreateAsync(store, "Well");
        Uid first = await StoreKit.AppendAsync(store, sick, StoreKit.Text(1), SystemFlags.Seen);
        files.IsSick = true;
        Uid second = await StoreKit.AppendAsync(store, sick, StoreKit.Text(2), SystemFlags.Flagged); // Durable in the journal; its place comes later.
        Assert.True(await store.Housekeeper.CheckpointAsync());
        Assert.Contains("changes to it are refused for now", _said.ToString(), StringComparison.Ordinal);
        Assert.Equal(StoreError.Unavailable, (await sick.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.Deleted, [], null, None)).Error);
        Assert.Equal(StoreError.Unavailable, (await StoreKit.TryAppendAsync(store, sick, StoreKit.Text(3), SystemFlags.Seen)).Error);
        for (int i = 0; i < 200; i++) // More than the journal may hold in all.
        {
            await StoreKit.AppendAsync(store, well, StoreKit.Text(i) + new string('x', 1000));
            if (i % 20 == 0)
            {
                Assert.True(await store.Housekeeper.CheckpointAsync());
            }
        }
        Assert.Equal(StoreKit.Text(2), await StoreKit.ReadAsync(sick, second));
        files.IsSick = false;
        store.Housekeeper.Tick();
        await store.Housekeeper.CurrentRound;
        Assert.Contains("can be written again", _said.ToString(), StringComparison.Ordinal);
        Uid third = await StoreKit.AppendAsync(store, sick, StoreKit.Text(3));
        Assert.Equal([first, second, third], Uids(sick));
        await store.DisposeAsync();
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Options().DataFolder, "journal")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_it_owes_survives_a_crash_and_a_start_while_it_is_still_sick(bool losesPower)
    {
        string cur = Path.Combine(_folder.Root("alice"), ".Sick", "cur");
        Guid boot = Guid.NewGuid();
        var files = new SickFolder(cur);
        MaildirStore store = await OpenAsync(files, boot);
        IMailbox sick = await CreateAsync(store, "Sick");
        IMailbox well = await CreateAsync(store, "Well");
        Uid first = await StoreKit.AppendAsync(store, sick, StoreKit.Text(1), SystemFlags.Seen);
        files.IsSick = true;
        Uid second = await StoreKit.AppendAsync(store, sick, StoreKit.Text(2), SystemFlags.Flagged);
        Assert.True(await store.Housekeeper.CheckpointAsync());
        await StoreKit.AppendAsync(store, well, StoreKit.Text(3));
        Assert.True(await store.Housekeeper.CheckpointAsync());
        await store.AbandonAsync();
        boot = losesPower ? Guid.NewGuid() : boot;

        files = new SickFolder(cur) { IsSick = true };
        store = await OpenAsync(files, boot);
        IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        Assert.Equal(StoreError.Unavailable, (await account.OpenAsync(StoreKit.Named("Sick"), None)).Error);
        well = StoreKit.Must(await account.OpenAsync(StoreKit.Named("Well"), None));
        await StoreKit.AppendAsync(store, well, StoreKit.Text(4));
        Assert.True(await store.Housekeeper.CheckpointAsync());
        files.IsSick = false;
        sick = StoreKit.Must(await account.OpenAsync(StoreKit.Named("Sick"), None));
        Assert.Equal([first, second], Uids(sick));
        Assert.Equal(SystemFlags.Flagged, sick.Snapshot[1].Flags);
        Assert.Equal(StoreKit.Text(2), await StoreKit.ReadAsync(sick, second));
        await store.DisposeAsync();
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Options().DataFolder, "journal")));
    }

    [Fact]
    public async Task A_clean_end_while_it_is_sick_keeps_what_it_owes()
    {
        var files = new SickFolder(Path.Combine(_folder.Root("alice"), ".Sick", "cur"));
        MaildirStore store = await OpenAsync(files, Guid.Empty);
        IMailbox sick = await CreateAsync(store, "Sick");
        files.IsSick = true;
        Uid uid = await StoreKit.AppendAsync(store, sick, StoreKit.Text(2), SystemFlags.Flagged);
        await store.DisposeAsync();
        Assert.Equal(["carried.journal"], Directory.GetFiles(Path.Combine(_folder.Options().DataFolder, "journal")).Select(Path.GetFileName));
        store = await OpenAsync(new PosixFiles(), Guid.Empty);
        IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        sick = StoreKit.Must(await account.OpenAsync(StoreKit.Named("Sick"), None));
        Assert.Equal([uid], Uids(sick));
        await store.DisposeAsync();
    }

    private async Task<MaildirStore> OpenAsync(IFiles files, Guid boot) =>
        StoreKit.Must(await MaildirStore.OpenAsync(_folder.Options(Limits), _clock, _said, files, boot));

    private static async Task<IMailbox> CreateAsync(MaildirStore store, string name)
    {
        IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        StoreKit.Must(await account.CreateAsync(StoreKit.Named(name), SpecialUse.None, None));
        return StoreKit.Must(await account.OpenAsync(StoreKit.Named(name), None));
    }

    private static IEnumerable<Uid> Uids(IMailbox mailbox) => Enumerable.Range(0, mailbox.Snapshot.Count).Select(i => mailbox.Snapshot[i].Uid);
}

/// <summary>The real files, but nothing in one folder can be changed while it is sick.</summary>
internal sealed class SickFolder(string folder) : IFiles
{
    private readonly PosixFiles _real = new();

    public volatile bool IsSick;

    public int Errno { get; init; } = 13;

    public IFile? Open(string path, OpenKind kind)
    {
        Check("open", kind == OpenKind.Read ? "" : path);
        return _real.Open(path, kind);
    }

    public bool TryStat(string path, out FileFacts facts) => _real.TryStat(path, out facts);

    public bool Rename(string from, string to)
    {
        Check("rename", from);
        Check("rename", to);
        return _real.Rename(from, to);
    }

    public LinkOutcome Link(string from, string to)
    {
        Check("link", to);
        return _real.Link(from, to);
    }

    public bool Unlink(string path)
    {
        Check("unlink", path);
        return _real.Unlink(path);
    }

    public void CreateFolder(string path) => _real.CreateFolder(path);

    public void RemoveFolder(string path) => _real.RemoveFolder(path);

    public List<string>? List(string path) => _real.List(path);

    public void SyncFolder(string path) => _real.SyncFolder(path);

    public ulong FileSystemOf(string path) => _real.FileSystemOf(path);

    public void SyncFileSystem(string path) => _real.SyncFileSystem(path);

    private void Check(string operation, string path)
    {
        if (IsSick && path.StartsWith(folder + "/", StringComparison.Ordinal))
        {
            throw new FileFault(operation, path, Errno);
        }
    }
}
