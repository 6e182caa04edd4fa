using System.Collections.Concurrent;
using System.Globalization;
using MailAccess.Store.Files;
using MailAccess.Store.Inspection;
using MailAccess.Store.Model;
using MailAccess.Store.Search;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>
/// All accounts' mail in mbox files: an inbox spool and a folder tree each, shared with other mail programs
/// (README.md beside this file says what is on disk when).
/// </summary>
public sealed class MboxStore : IIndexedStore
{
    private readonly ConcurrentDictionary<string, Lazy<Task<StoreResult<MboxAccount>>>> _accounts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _forbidden = new(StringComparer.Ordinal);
    private readonly IFile _lock;
    private readonly SpoolLockTerms _lockTerms;
    private readonly string _stagingFolder;
    private ITimer? _timer;
    private Task _round = Task.CompletedTask;
    private long _staged;
    private long _lastToken = BitConverter.ToInt64(Guid.NewGuid().ToByteArray()) & long.MaxValue;
    private int _disposed;

    private MboxStore(MboxStoreOptions options, IFiles files, FileWorkers workers, IFile @lock, TimeProvider clock, ILogger log)
    {
        Options = options;
        _lock = @lock;
        Files = files;
        Workers = workers;
        Clock = clock;
        Log = log;
        _stagingFolder = Path.Combine(options.DataFolder, "staging");
        Watcher = new SpoolWatcher(this);
        SearchPool = new SearchPool(workers, options.Limits.SearchSlicesMax);
        Rounds = new Rounds<MboxAccount>(clock);
        SummaryBlocks = new Index.SummaryBlocks(options.Limits.SummaryMemoryOctetsMax);
        OpenFiles = new OpenFiles(files, options.Limits.HeldFilesMax);
        _lockTerms = new SpoolLockTerms(files, clock, log, options.LockOrder, options.HostName, options.MboxLimits.LockStaleAfter, SayLockFolderForbidden);
    }

    internal MboxStoreOptions Options { get; }

    internal StoreLimits Limits => Options.Limits;

    internal MboxLimits MboxLimits => Options.MboxLimits;

    internal IFiles Files { get; }

    internal FileWorkers Workers { get; }

    internal TimeProvider Clock { get; }

    internal ILogger Log { get; }

    internal SpoolWatcher Watcher { get; }

    internal Rounds<MboxAccount> Rounds { get; }

    internal SearchPool SearchPool { get; }

    internal Index.SummaryBlocks SummaryBlocks { get; }

    /// <summary>What mailboxes keep open.</summary>
    internal OpenFiles OpenFiles { get; }

    /// <summary>The accounts that are open at this moment.</summary>
    internal IEnumerable<MboxAccount> Accounts =>
        _accounts.Values.Where(a => a.IsValueCreated && a.Value.IsCompletedSuccessfully)
            .Select(a => a.Value.GetAwaiter().GetResult().TryGet(out MboxAccount? account) ? account : null)
            .OfType<MboxAccount>();

    /// <summary>
    /// Serves the mail. <see cref="StoreError.Busy"/>: another process has this data folder;
    /// <see cref="StoreError.Unavailable"/>: its disk fails, see the log.
    /// </summary>
    public static Task<StoreResult<MboxStore>> OpenAsync(MboxStoreOptions options, TimeProvider clock, ILogger log) =>
        OpenAsync(options, clock, log, new PosixFiles());

    /// <inheritdoc/>
    public async ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        Lazy<Task<StoreResult<MboxAccount>>> opening =
            _accounts.GetOrAdd(accountName, name => new(() => Workers.RunAsync(() => PrepareAccount(name), OnStagingFault).AsTask()));
        StoreResult<MboxAccount> opened = await opening.Value;
        if (opened.TryGet(out MboxAccount? account))
        {
            return account;
        }
        _accounts.TryRemove(new(accountName, opening));
        return opened.Error;
    }

    /// <inheritdoc/>
    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        octetsExpected > Limits.MessageOctetsMax ? new(StoreError.TooBig) : StoreResults.From<IStagedMessage>(new MboxStagedMessage(this));

    /// <inheritdoc/>
    public async ValueTask<StoreResult<int>> RebuildIndexAsync(string accountName, MailboxName mailboxName, Action<int, int> progress)
    {
        StoreResult<IMailAccount> opened = await OpenAccountAsync(accountName, CancellationToken.None);
        return opened.TryGet(out IMailAccount? account) ? await ((MboxAccount)account).RebuildAsync(mailboxName, progress) : opened.Error;
    }

    /// <summary>Lets commits settle, and brings headers and indexes up to date.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await StopAsync();
        foreach (MboxAccount account in Accounts)
        {
            await account.CloseIdleAsync(null);
        }
        Workers.Dispose();
        _lock.Dispose();
    }

    internal static async Task<StoreResult<MboxStore>> OpenAsync(MboxStoreOptions options, TimeProvider clock, ILogger log, IFiles files)
    {
        StoreLimits limits = options.Limits;
        var workers = new FileWorkers(limits.WorkerThreads, limits.WorkerStackOctets, limits.WorkerJobsMax);
        StoreResult<MboxStore> opened =
            await workers.RunAsync(() => Open(options, clock, log, files, workers), f => log.FileFault("", options.DataFolder, f));
        if (opened.TryGet(out MboxStore? store))
        {
            store._timer = clock.CreateTimer(_ => store.Tick(), null, limits.HousekeepingInterval, limits.HousekeepingInterval);
            return store;
        }
        workers.Dispose();
        return opened;
    }

    /// <summary>Ends at once, as if the process had died: for crash tests.</summary>
    internal async ValueTask AbandonAsync()
    {
        Interlocked.Exchange(ref _disposed, 1);
        await StopAsync();
        foreach (MboxAccount account in Accounts)
        {
            await account.Committer.IdleAsync();
            account.Abandon();
        }
        Workers.Dispose();
        _lock.Dispose();
    }

    /// <summary>One round of housekeeping; rounds do not overlap.</summary>
    internal Task HousekeepAsync()
    {
        Tick();
        return _round;
    }

    /// <summary>What the store keeps of an account for itself.</summary>
    internal static string AccountFolderOf(string dataFolder, string accountName) => Path.Combine(dataFolder, "accounts", DataNames.Encode(accountName));

    internal void OnStagingFault(FileFault fault) => Log.FileFault("", Options.DataFolder, fault);

    internal long NextToken() => Interlocked.Increment(ref _lastToken);

    private void SayLockFolderForbidden(string path)
    {
        if (_forbidden.TryAdd(Path.GetDirectoryName(path)!, true))
        {
            Log.LockFolderForbidden(path);
        }
    }

    /// <summary>On a worker: a file that is gone when it is closed.</summary>
    internal IFile OpenNameless()
    {
        string path = Path.Combine(_stagingFolder, Interlocked.Increment(ref _staged).ToString(CultureInfo.InvariantCulture));
        IFile file = Files.Open(path, OpenKind.CreateNew)!;
        Files.Unlink(path);
        return file;
    }

    /// <summary>
    /// Null where another program kept the lock until <see cref="MboxLimits.LockTimeout"/> after the time stamp, which is when somebody began to wait for
    /// what the lock is needed for. Faults are thrown.
    /// </summary>
    internal async Task<SpoolLock?> LockAsync(string path, bool create, long since)
    {
        while (true)
        {
            SpoolLock? held = null;
            await Workers.RunAsync(() => { held = SpoolLock.TryTake(_lockTerms, path, create); });
            if (held is not null || Clock.GetElapsedTime(since) >= MboxLimits.LockTimeout || Volatile.Read(ref _disposed) != 0)
            {
                return held;
            }
            await Task.Delay(MboxLimits.LockRetryInterval, Clock);
        }
    }

    /// <summary>The same without waiting.</summary>
    internal async Task<SpoolLock?> TryLockAsync(string path)
    {
        SpoolLock? held = null;
        await Workers.RunAsync(() => { held = SpoolLock.TryTake(_lockTerms, path, create: false); });
        return held;
    }

    private static StoreResult<MboxStore> Open(MboxStoreOptions options, TimeProvider clock, ILogger log, IFiles files, FileWorkers workers)
    {
        files.CreateFolder(options.DataFolder);
        IFile @lock = files.Open(Path.Combine(options.DataFolder, "store.lock"), OpenKind.Write)!;
        bool done = false;
        try
        {
            if (!@lock.TryLock())
            {
                return StoreError.Busy;
            }
            var store = new MboxStore(options, files, workers, @lock, clock, log);
            files.CreateFolder(store._stagingFolder);
            foreach (string staged in files.List(store._stagingFolder) ?? [])
            {
                files.Unlink(Path.Combine(store._stagingFolder, staged));
            }
            done = true;
            return store;
        }
        finally
        {
            if (!done)
            {
                @lock.Dispose();
            }
        }
    }

    private StoreResult<MboxAccount> PrepareAccount(string name)
    {
        if (Options.InboxOf(name) is not { } inbox || Options.FolderRootOf(name) is not { } root)
        {
            return StoreError.NotFound;
        }
        var account = new MboxAccount(this, name, inbox, root, AccountFolderOf(Options.DataFolder, name));
        account.Prepare();
        return account;
    }

    private void Tick()
    {
        if (_round.IsCompleted && Volatile.Read(ref _disposed) == 0)
        {
            _round = RoundAsync();
        }
    }

    private async Task RoundAsync()
    {
        try
        {
            foreach (MboxAccount account in Rounds.Begin(Accounts))
            {
                await account.HousekeepAsync();
                await account.CloseIdleAsync(Limits.MailboxIdleTimeout);
                if (!account.IsAtRest)
                {
                    Rounds.Wake(account);
                }
            }
        }
        catch (IOException fault)
        {
            Log.HousekeepingFailed(fault);
        }
    }

    private async Task StopAsync()
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }
        await _round;
        await Watcher.DisposeAsync();
    }
}
