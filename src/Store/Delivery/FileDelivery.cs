using System.Buffers;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Delivery;

/// <summary>How files that are not a store's are shared with other programs.</summary>
public sealed record FileDeliveryOptions
{
    /// <summary>Stands in lock files and in the names of a Maildir's files.</summary>
    public string HostName { get; init; } = "localhost";

    /// <summary>All of these are taken, in this order.</summary>
    public IReadOnlyList<SpoolLockKind> LockOrder { get; init; } = [SpoolLockKind.DotLock, SpoolLockKind.Fcntl];

    /// <summary>How locks are waited for.</summary>
    public MboxLimits Limits { get; init; } = new();
}

/// <summary>A message for a file.</summary>
public sealed record FileDeliveryRequest
{
    /// <summary>Absolute; a Maildir's may end in a slash.</summary>
    public required string Path { get; init; }

    /// <summary>Whose rights count; null: this process's own.</summary>
    public required FileIdentity? Identity { get; init; }

    /// <summary>What comes before the message, with LF: for an mbox the line <c>From sender date</c> first.</summary>
    public required byte[] Head { get; init; }
}

/// <summary>
/// Puts messages into mbox files and Maildirs that belong to no account of a store: those that aliases and .forward files name. Thread-safe.
/// </summary>
/// <remarks>
/// Durable when the answer is none of the errors. What is on disk when we die is in <c>src/Store/README.md</c>. All work on files of one delivery is
/// done by one thread of its own, which has the user's rights and ends with it. <see cref="StoreError.NotPermitted"/>: the file is not one to be
/// written to, whoever asks; <see cref="StoreError.Busy"/>: another program has its lock.
/// </remarks>
public sealed class FileDelivery
{
    private const int ChunkOctets = 64 * 1024;
    private const int StackOctets = 256 * 1024;
    private const int QuotaExceeded = 122; // EDQUOT
    private const uint MayRun = 0x49; // 0111
    private const uint SetIds = 0xC00; // 06000

    private readonly FileDeliveryOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly IFiles _files;
    private readonly UniqueNames _names;
    private readonly SpoolLockTerms _lockTerms;

    /// <summary>In the real file system.</summary>
    public FileDelivery(FileDeliveryOptions options, TimeProvider clock, ILogger log)
        : this(options, clock, log, new PosixFiles())
    {
    }

    internal FileDelivery(FileDeliveryOptions options, TimeProvider clock, ILogger log, IFiles files)
    {
        _options = options;
        _clock = clock;
        _log = log;
        _files = files;
        _names = new UniqueNames(clock, options.HostName);
        _lockTerms = new SpoolLockTerms(files, clock, log, options.LockOrder, options.HostName, options.Limits.LockStaleAfter, _ => { });
    }

    /// <summary>
    /// Behind what is in the file, which is made where it is missing; lines that begin with <c>From </c>, after any number of <c>&gt;</c>, get one more.
    /// What could not be written whole is taken back.
    /// </summary>
    public Task<StoreError> AppendToMboxAsync(FileDeliveryRequest request, IMessageContent content, CancellationToken cancellationToken) =>
        RunAsync(request, (worker, path) => AppendAsync(worker, path, request.Head, content, cancellationToken));

    /// <summary>As a file of its own in <c>new</c>; the folders are made where they are missing.</summary>
    public Task<StoreError> AddToMaildirAsync(FileDeliveryRequest request, IMessageContent content, CancellationToken cancellationToken) =>
        RunAsync(request, (worker, path) => AddAsync(worker, path, request.Head, content, cancellationToken));

    private async Task<StoreError> RunAsync(FileDeliveryRequest request, Func<FileWorkers, string, Task<StoreError>> deliver)
    {
        string path = request.Path.TrimEnd('/');
        using FileWorkers worker = new(1, StackOctets, jobsMax: 4);
        try
        {
            if (request.Identity is { } identity)
            {
                await worker.RunAsync(() => PosixIdentity.Assume(identity));
            }
            StoreError error = await deliver(worker, path);
            if (error == StoreError.NotPermitted)
            {
                _log.FileDeliveryRefused(path);
            }
            return error;
        }
        catch (FileFault fault)
        {
            _log.FileDeliveryFailed(path, fault);
            return fault.Errno switch
            {
                Posix.TooManyLevels => StoreError.NotPermitted, // A symbolic link: what it leads to may be another's.
                QuotaExceeded => StoreError.OverQuota,
                _ => StoreError.Unavailable,
            };
        }
        catch (IOException fault)
        {
            _log.FileDeliveryFailed(path, fault); // The content cannot be read.
            return StoreError.Unavailable;
        }
    }

    private async Task<StoreError> AppendAsync(FileWorkers worker, string path, byte[] head, IMessageContent content, CancellationToken cancellationToken)
    {
        bool isFit = false;
        await worker.RunAsync(() => isFit = IsFit(path));
        if (!isFit)
        {
            return StoreError.NotPermitted;
        }
        if (await LockAsync(worker, path, cancellationToken) is not { } held)
        {
            return StoreError.Busy;
        }
        try
        {
            IFile file = held.File!;
            long end = file.Octets;
            bool done = false;
            try
            {
                byte[] padding = [];
                await worker.RunAsync(() => padding = MboxSpool.PaddingAt(file, end));
                await CopyAsync(worker, file, end, [.. padding, .. head], CopyForm.QuoteFromReversibly | CopyForm.BlankLine, content, held.Touch, cancellationToken);
                await worker.RunAsync(file.Sync);
                done = true;
            }
            finally
            {
                if (!done)
                {
                    await worker.RunAsync(() => TakeBack(file, path, end));
                }
            }
        }
        finally
        {
            await worker.RunAsync(held.Dispose);
        }
        return StoreError.None;
    }

    private async Task<StoreError> AddAsync(FileWorkers worker, string path, byte[] head, IMessageContent content, CancellationToken cancellationToken)
    {
        string name = _names.Next();
        string temporary = $"{path}/tmp/{name}";
        IFile? file = null;
        bool done = false;
        try
        {
            await worker.RunAsync(() =>
            {
                MakeFolders(path);
                file = _files.Open(temporary, OpenKind.CreateNew)!;
            });
            await CopyAsync(worker, file!, 0, head, CopyForm.None, content, () => { }, cancellationToken);
            await worker.RunAsync(() =>
            {
                file!.Sync();
                if (!_files.Rename(temporary, $"{path}/new/{name}"))
                {
                    throw new FileFault("rename", temporary, Posix.NoEntry); // Somebody tidied up meanwhile.
                }
                _files.SyncFolder($"{path}/new");
            });
            done = true;
        }
        finally
        {
            await worker.RunAsync(() =>
            {
                file?.Dispose();
                if (!done && file is not null)
                {
                    Forget(temporary);
                }
            });
        }
        return StoreError.None;
    }

    /// <summary>One chunk at a time: the content waits for no file, and the file's thread for no content.</summary>
    private static async Task CopyAsync(
        FileWorkers worker, IFile file, long at, byte[] head, CopyForm form, IMessageContent content, Action touch, CancellationToken cancellationToken)
    {
        MessageCopy copy = new(form);
        ArrayBufferWriter<byte> output = new(ChunkOctets);
        output.Write(head);
        byte[] input = new byte[(int)Math.Clamp(content.Octets, 1, ChunkOctets)];
        int length = 1;
        for (long offset = 0; length > 0; output.ResetWrittenCount())
        {
            length = await content.ReadAsync(offset, input, cancellationToken);
            offset += length;
            copy.Write(input.AsSpan(0, length), output);
            if (length == 0)
            {
                copy.Finish(output);
            }
            long place = at;
            await worker.RunAsync(() =>
            {
                file.Write(place, output.WrittenSpan);
                touch();
            });
            at += output.WrittenCount;
        }
    }

    private async Task<SpoolLock?> LockAsync(FileWorkers worker, string path, CancellationToken cancellationToken)
    {
        long since = _clock.GetTimestamp();
        while (true)
        {
            SpoolLock? held = null;
            await worker.RunAsync(() => { held = SpoolLock.TryTake(_lockTerms, path, create: true); });
            if (held is not null || _clock.GetElapsedTime(since) >= _options.Limits.LockTimeout)
            {
                return held;
            }
            await Task.Delay(_options.Limits.LockRetryInterval, _clock, cancellationToken);
        }
    }

    /// <summary>
    /// Looked at before it is opened: opening a device may do something. Who could change it after that has the rights that we use, and gains nothing;
    /// a symbolic link is never followed.
    /// </summary>
    private static bool IsFit(string path) =>
        !Posix.TryStat(path, out PosixStat stat) || (stat.IsRegular && (stat.Mode & (MayRun | SetIds)) == 0 && stat.Links == 1);

    private void TakeBack(IFile file, string path, long end)
    {
        try
        {
            if (file.Octets > end)
            {
                file.Truncate(end);
                file.Sync();
            }
        }
        catch (FileFault fault)
        {
            _log.PartLeft(path, end, fault); // The next message begins behind a blank line, as if it were whole.
        }
    }

    private void MakeFolders(string path)
    {
        bool isNew = false;
        foreach (string name in (string[])["tmp", "new", "cur"])
        {
            string folder = $"{path}/{name}";
            if (!_files.TryStat(folder, out FileFacts facts) || !facts.IsFolder)
            {
                _files.CreateFolder(folder);
                isNew = true;
            }
        }
        if (isNew)
        {
            _files.SyncFolder(path);
            _files.SyncFolder(Path.GetDirectoryName(path)!);
        }
    }

    private void Forget(string temporary)
    {
        try
        {
            _files.Unlink(temporary);
        }
        catch (FileFault)
        {
            // Readers of Maildirs remove what has been in tmp for 36 hours.
        }
    }
}
