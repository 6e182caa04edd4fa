using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>The locks of one spool file while they are held. Dispose releases them, the last one first.</summary>
/// <remarks>
/// A dot-lock holds process and host. It is a leftover, and removed, where its process is on this machine and gone, or where nobody touched
/// it for <see cref="MboxLimits.LockStaleAfter"/>. Where the folder does not let us create it (a spool folder that is not ours to write, and no group
/// for it), the kernel's locks must do: that is said once, and works with programs that take those as well, as procmail, mutt and Dovecot do.
/// </remarks>
internal sealed class SpoolLock : IDisposable
{
    public const string Suffix = ".lock";

    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);

    private readonly MboxStore _store;
    private readonly string? _dotLock;
    private long _touched;

    private SpoolLock(MboxStore store, IFile? file, string? dotLock)
    {
        _store = store;
        File = file;
        _dotLock = dotLock;
        _touched = store.Clock.GetTimestamp();
    }

    /// <summary>Open for reading and writing; null where the file is missing and was not to be created.</summary>
    public IFile? File { get; private set; }

    /// <summary>On a worker: null where another program has one of the locks.</summary>
    public static SpoolLock? TryTake(MboxStore store, string path, bool create)
    {
        string? dotLock = null;
        IFile? file = null;
        bool done = false;
        try
        {
            foreach (SpoolLockKind kind in store.Options.LockOrder)
            {
                if (kind == SpoolLockKind.DotLock)
                {
                    if (!TryDotLock(store, path, out dotLock))
                    {
                        return null;
                    }
                    continue;
                }
                file ??= Open(store, path, create);
                if (file is not null && !(kind == SpoolLockKind.Fcntl ? file.TryLockForSharing() : file.TryLock()))
                {
                    return null;
                }
            }
            file ??= Open(store, path, create);
            done = true;
            return new SpoolLock(store, file, dotLock);
        }
        finally
        {
            if (!done)
            {
                file?.Dispose();
                Release(store, dotLock);
            }
        }
    }

    /// <summary>During long work: others shall not take our lock for a leftover.</summary>
    public void Touch()
    {
        if (_dotLock is null || _store.Clock.GetElapsedTime(_touched) < _store.MboxLimits.LockStaleAfter / 4)
        {
            return;
        }
        _touched = _store.Clock.GetTimestamp();
        using IFile? file = _store.Files.Open(_dotLock, OpenKind.Read);
        file?.SetModified(_store.Clock.GetUtcNow().ToUnixTimeSeconds());
    }

    public void Dispose()
    {
        File?.Dispose();
        File = null;
        Release(_store, _dotLock);
    }

    private static IFile? Open(MboxStore store, string path, bool create)
    {
        bool exists = store.Files.TryStat(path, out _);
        if (!exists && !create)
        {
            return null;
        }
        IFile file = store.Files.Open(path, OpenKind.Write)!;
        if (!exists)
        {
            try
            {
                store.Files.SyncFolder(Path.GetDirectoryName(path)!);
            }
            catch (FileFault)
            {
                file.Dispose();
                throw;
            }
        }
        return file;
    }

    private static bool TryDotLock(MboxStore store, string path, out string? dotLock)
    {
        string name = path + Suffix;
        dotLock = null;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                using IFile file = store.Files.Open(name, OpenKind.CreateNew)!;
                Held[name] = true;
                dotLock = name;
                file.Write(0, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}:{store.Options.HostName}\n")));
                return true;
            }
            catch (FileFault fault) when (fault.Errno == Posix.AlreadyThere)
            {
                if (!store.Files.TryStat(name, out FileFacts facts))
                {
                    continue; // It has just gone. What may be there now is another program's, and not to be removed.
                }
                if (!IsLeftover(store, name, facts))
                {
                    return false;
                }
                store.Log.LeftoverLockRemoved(name);
                store.Files.Unlink(name);
            }
            catch (FileFault fault) when (dotLock is null && store.Options.LockOrder.Count > 1
                && fault.Errno is PosixSpool.NoPermission or PosixSpool.NotPermitted or PosixSpool.ReadOnlyFileSystem)
            {
                store.SayLockFolderForbidden(name);
                return true;
            }
            catch (FileFault)
            {
                Release(store, dotLock); // Without its content it would be a riddle to others.
                dotLock = null;
                throw;
            }
        }
        return false;
    }

    private static bool IsLeftover(MboxStore store, string name, FileFacts facts)
    {
        string[] words = Encoding.ASCII.GetString(store.Files.ReadAll(name) ?? []).Trim().Split(':');
        if (int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int process) && process > 0
            && (words.Length == 1 || words[1] == store.Options.HostName))
        {
            if (process == Environment.ProcessId)
            {
                return !Held.ContainsKey(name);
            }
            // Some programs write a process without its host: gone is certain only where the host is ours.
            if (words.Length > 1 && !PosixSpool.IsAlive(process))
            {
                return true;
            }
        }
        return store.Clock.GetUtcNow() - new DateTimeOffset(facts.ModifiedTicks, TimeSpan.Zero) > store.MboxLimits.LockStaleAfter;
    }

    private static void Release(MboxStore store, string? dotLock)
    {
        if (dotLock is null)
        {
            return;
        }
        Held.TryRemove(dotLock, out _);
        try
        {
            store.Files.Unlink(dotLock);
        }
        catch (FileFault fault)
        {
            store.Log.FileFault("", dotLock, fault); // It is found to be a leftover later.
        }
    }
}
