using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Inspection;
using MailAccess.Store.Journal;
using MailAccess.Store.Model;
using MailAccess.Store.Quota;
using MailAccess.Store.Search;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Maildir;

/// <summary>
/// All accounts' mail in Maildirs. A commit is durable in the store's journal when it returns; files follow
/// (README.md beside this file says which exist when).
/// </summary>
public sealed class MaildirStore : IIndexedStore
{
    private readonly ConcurrentDictionary<string, Lazy<Task<StoreResult<MaildirAccount>>>> _accounts = new(StringComparer.Ordinal);
    private readonly MaildirStoreOptions _options;
    private readonly IFile _lock;
    private readonly string _stagingFolder;
    private readonly string _journalFolder;
    private ITimer? _timer;
    private long _staged;
    private int _disposed;

    private MaildirStore(MaildirStoreOptions options, IFiles files, FileWorkers workers, IFile @lock, TimeProvider clock, ILogger log, Guid bootId)
    {
        _options = options;
        _lock = @lock;
        Files = files;
        Workers = workers;
        SearchPool = new SearchPool(workers, options.Limits.SearchSlicesMax);
        Clock = clock;
        Log = log;
        UniqueNames = new UniqueNames(clock, options.HostName);
        _stagingFolder = Path.Combine(options.DataFolder, "staging");
        _journalFolder = Path.Combine(options.DataFolder, "journal");
        Carried = new CarriedDebts(this, _journalFolder, bootId);
        Housekeeper = new Housekeeper(this);
        Watcher = new FolderWatcher(this);
        SummaryBlocks = new SummaryBlocks(options.Limits.SummaryMemoryOctetsMax);
        OpenFiles = new OpenFiles(files, options.Limits.HeldFilesMax);
    }

    internal StoreLimits Limits => _options.Limits;

    internal IQuotaPolicy? Quota => _options.Quota;

    internal IFiles Files { get; }

    internal FileWorkers Workers { get; }

    internal bool HasSearchFilters => _options.HasSearchFilters;

    internal SearchPool SearchPool { get; }

    internal TimeProvider Clock { get; }

    internal ILogger Log { get; }

    internal UniqueNames UniqueNames { get; }

    internal Housekeeper Housekeeper { get; }

    internal FolderWatcher Watcher { get; }

    /// <summary>The summaries in memory, of all mailboxes.</summary>
    internal SummaryBlocks SummaryBlocks { get; }

    /// <summary>What mailboxes keep open.</summary>
    internal OpenFiles OpenFiles { get; }

    internal CarriedDebts Carried { get; }

    internal DeliveryJournal Journal { get; private set; } = null!;

    /// <summary>The accounts that are open at this moment.</summary>
    internal IEnumerable<MaildirAccount> Accounts =>
        _accounts.Values.Where(a => a.IsValueCreated && a.Value.IsCompletedSuccessfully)
            .Select(a => a.Value.GetAwaiter().GetResult().TryGet(out MaildirAccount? account) ? account : null)
            .OfType<MaildirAccount>();

    /// <summary>
    /// Recovers what an earlier process left, then serves. <see cref="StoreError.Busy"/>: another process has this data folder;
    /// <see cref="StoreError.Unavailable"/>: its disk fails, see the log.
    /// </summary>
    public static Task<StoreResult<MaildirStore>> OpenAsync(MaildirStoreOptions options, TimeProvider clock, ILogger log) =>
        OpenAsync(options, clock, log, new PosixFiles(), BootId());

    /// <inheritdoc/>
    public async ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        Lazy<Task<StoreResult<MaildirAccount>>> opening =
            _accounts.GetOrAdd(accountName, name => new(() => Workers.RunAsync(() => PrepareAccount(name), OnStagingFault).AsTask()));
        StoreResult<MaildirAccount> opened = await opening.Value;
        if (opened.TryGet(out MaildirAccount? account))
        {
            return account;
        }
        _accounts.TryRemove(new(accountName, opening));
        return opened.Error;
    }

    /// <inheritdoc/>
    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        octetsExpected > Limits.MessageOctetsMax
            ? new(StoreError.TooBig)
            : StoreResults.From<IStagedMessage>(new MaildirStagedMessage(this, mayUseMemory: octetsExpected <= Limits.StagedExpectedOctetsMax));

    /// <summary>Lets commits settle, writes what is owed to files and indexes, and ends with an empty journal.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }
        await Housekeeper.CurrentRound;
        await Watcher.DisposeAsync();
        foreach (MaildirAccount account in Accounts)
        {
            await account.CloseIdleAsync(null);
        }
        if (await Housekeeper.CheckpointAsync() && !Journal.IsBroken)
        {
            Journal.Dispose();
            await Workers.RunAsync<Done>(() => RemoveSegments(Files, _journalFolder, Housekeeper.HasCarried), OnStagingFault);
        }
        Stop();
    }

    /// <inheritdoc/>
    public async ValueTask<StoreResult<int>> RebuildIndexAsync(string accountName, MailboxName mailboxName, Action<int, int> progress)
    {
        StoreResult<IMailAccount> opened = await OpenAccountAsync(accountName, CancellationToken.None);
        return opened.TryGet(out IMailAccount? account) ? await ((MaildirAccount)account).RebuildAsync(mailboxName, progress) : opened.Error;
    }

    internal static async Task<StoreResult<MaildirStore>> OpenAsync(
        MaildirStoreOptions options, TimeProvider clock, ILogger log, IFiles files, Guid bootId)
    {
        StoreLimits limits = options.Limits;
        var workers = new FileWorkers(limits.WorkerThreads, limits.WorkerStackOctets, limits.WorkerJobsMax);
        StoreResult<MaildirStore> opened =
            await workers.RunAsync(() => Open(options, clock, log, files, workers, bootId), f => log.FileFault("", options.DataFolder, f));
        if (opened.TryGet(out MaildirStore? store))
        {
            store._timer = clock.CreateTimer(_ => store.Housekeeper.Tick(), null, limits.HousekeepingInterval, limits.HousekeepingInterval);
            return store;
        }
        workers.Dispose();
        return opened;
    }

    /// <summary>Ends at once, as if the process had died: for crash tests.</summary>
    internal async ValueTask AbandonAsync()
    {
        Interlocked.Exchange(ref _disposed, 1);
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }
        await Housekeeper.CurrentRound;
        await Watcher.DisposeAsync();
        Stop();
    }

    internal void OnStagingFault(FileFault fault) => Log.FileFault("", _options.DataFolder, fault);

    internal string NextStagingPath() =>
        Path.Combine(_stagingFolder, Interlocked.Increment(ref _staged).ToString(CultureInfo.InvariantCulture));

    /// <summary>Tells the administrator now and then how far an unexpected rebuild has come.</summary>
    internal Action<int, int> RebuildProgress(string folder)
    {
        long told = Clock.GetTimestamp();
        return (done, all) =>
        {
            if (Clock.GetElapsedTime(told) >= Limits.RebuildReportInterval)
            {
                told = Clock.GetTimestamp();
                Log.Rebuilding(folder, done, all);
            }
        };
    }

    internal void Submit(CommitTicket ticket) => Journal.Submit(ticket);

    internal void Touched(MaildirMailbox mailbox) => Housekeeper.Touched(mailbox);

    /// <summary>On a worker. The account as recovery needs it.</summary>
    internal StoreResult<MaildirAccount> PrepareAccount(string name)
    {
        if (_options.RootOf(name) is not { } root)
        {
            return StoreError.NotFound;
        }
        var account = new MaildirAccount(this, name, root);
        account.Prepare();
        return account;
    }

    private static Guid BootId() =>
        Guid.TryParse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(), out Guid boot) ? boot : Guid.Empty;

    private static StoreResult<MaildirStore> Open(
        MaildirStoreOptions options, TimeProvider clock, ILogger log, IFiles files, FileWorkers workers, Guid bootId)
    {
        files.CreateFolder(options.DataFolder);
        IFile @lock = files.Open(Path.Combine(options.DataFolder, "store.lock"), OpenKind.Write)!;
        if (!@lock.TryLock())
        {
            @lock.Dispose();
            return StoreError.Busy;
        }
        try
        {
            var store = new MaildirStore(options, files, workers, @lock, clock, log, bootId);
            files.CreateFolder(store._stagingFolder);
            files.CreateFolder(store._journalFolder);
            foreach (string staged in files.List(store._stagingFolder) ?? [])
            {
                files.Unlink(Path.Combine(store._stagingFolder, staged));
            }
            JournalContent content = JournalReader.Read(files, store._journalFolder, bootId);
            Dictionary<Guid, JournalMailbox> failed = Recovery.Run(store, content);
            store.Carried.Begin(content, failed.Keys);
            foreach (string damaged in content.Damaged)
            {
                files.Rename(damaged, damaged + ".damaged"); // For whoever wants to look.
            }
            RemoveSegments(files, store._journalFolder, keepCarried: failed.Count > 0);
            store.Journal = new DeliveryJournal(
                files, store._journalFolder, options.Limits, bootId, content.LastSegment, content.LastSequence, WriteRecord, log);
            return store;
        }
        catch (FileFault)
        {
            @lock.Dispose();
            throw;
        }
    }

    private static StoreResult<Done> RemoveSegments(IFiles files, string folder, bool keepCarried)
    {
        foreach (string segment in (files.List(folder) ?? []).Where(s => s.EndsWith(JournalReader.Extension, StringComparison.Ordinal)))
        {
            if (!keepCarried || segment != CarriedRecords.FileName)
            {
                files.Unlink(Path.Combine(folder, segment));
            }
        }
        files.SyncFolder(folder);
        return default(Done);
    }

    private static void WriteRecord(CommitTicket ticket, ArrayBufferWriter<byte> buffer)
    {
        foreach (MailboxChange change in ticket.Changes)
        {
            JournalFormat.AddFrame(buffer, ((MaildirMailbox)change.Mailbox).JournalName, change.Frame);
            foreach (PreparedFile file in (change.Prepared as PreparedFiles)?.Files ?? [])
            {
                if (!file.JournalContent.IsEmpty)
                {
                    JournalFormat.AddContent(buffer, file.BaseName, file.JournalContent.Span);
                }
            }
        }
    }

    private void Stop()
    {
        Journal.Dispose();
        Workers.Dispose();
        Watcher.Close();
        Housekeeper.Dispose();
        _lock.Dispose();
    }
}
