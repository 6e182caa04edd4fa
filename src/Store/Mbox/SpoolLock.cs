using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>How files are locked against other programs.</summary>
/// <param name="Files">Where the locks are.</param>
/// <param name="Clock">Tells which are old.</param>
/// <param name="Log">Who is told.</param>
/// <param name="Order">The kinds of locks, all taken in this order.</param>
/// <param name="HostName">Stands in lock files.</param>
/// <param name="StaleAfter">A dot-lock that nobody touched for so long is a leftover.</param>
/// <param name="FolderForbidden">A lock file could not be made because its folder does not let us.</param>
internal sealed record SpoolLockTerms(
    IFiles Files, TimeProvider Clock, ILogger Log, IReadOnlyList<SpoolLockKind> Order, string HostName, TimeSpan StaleAfter, Action<string> FolderForbidden);

/// <summary>The locks of one spool file while they are held. Dispose releases them, the last one first.</summary>
/// <remarks>
/// A dot-lock holds process and host. It is a leftover, and removed, where its process is on this machine and gone, or where nobody touched
/// it for <see cref="SpoolLockTerms.StaleAfter"/>. Where the folder does not let us create it (a spool folder that is not ours to write, and no group
/// for it), the kernel's locks must do: that is said once, and works with programs that take those as well, as procmail, mutt and Dovecot do.
/// </remarks>
internal sealed class SpoolLock : IDisposable
{
    public const string Suffix = ".lock";

    private const int OwnerOctetsMax = 512;

    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);

    private readonly SpoolLockTerms _terms;
    private readonly string? _dotLock;
    private long _touched;

    private SpoolLock(SpoolLockTerms terms, IFile? file, string? dotLock)
    {
        _terms = terms;
        File = file;
        _dotLock = dotLock;
        _touched = terms.Clock.GetTimestamp();
    }

    /// <summary>Open for reading and writing; null where the file is missing and was not to be created.</summary>
    public IFile? File { get; private set; }

    /// <summary>On a worker: null where another program has one of the locks.</summary>
    public static SpoolLock? TryTake(SpoolLockTerms terms, string path, bool create)
    {
        string? dotLock = null;
        IFile? file = null;
        bool done = false;
        try
        {
            foreach (SpoolLockKind kind in terms.Order)
            {
                if (kind == SpoolLockKind.DotLock)
                {
                    if (!TryDotLock(terms, path, out dotLock))
                    {
                        return null;
                    }
                    continue;
                }
                file ??= Open(terms, path, create);
                if (file is not null && !(kind == SpoolLockKind.Fcntl ? file.TryLockForSharing() : file.TryLock()))
                {
                    return null;
                }
            }
            file ??= Open(terms, path, create);
            done = true;
            return new SpoolLock(terms, file, dotLock);
        }
        finally
        {
            if (!done)
            {
                file?.Dispose();
                Release(terms, dotLock);
            }
        }
    }

    /// <summary>During long work: others shall not take our lock for a leftover.</summary>
    public void Touch()
    {
        if (_dotLock is null || _terms.Clock.GetElapsedTime(_touched) < _terms.StaleAfter / 4)
        {
            return;
        }
        _touched = _terms.Clock.GetTimestamp();
        using IFile? file = _terms.Files.Open(_dotLock, OpenKind.Read);
        file?.SetModified(_terms.Clock.GetUtcNow().ToUnixTimeSeconds());
    }

    public void Dispose()
    {
        File?.Dispose();
        File = null;
        Release(_terms, _dotLock);
    }

    private static IFile? Open(SpoolLockTerms terms, string path, bool create)
    {
        bool exists = terms.Files.TryStat(path, out _);
        if (!exists && !create)
        {
            return null;
        }
        IFile file = terms.Files.Open(path, OpenKind.Write)!;
        if (!exists)
        {
            try
            {
                terms.Files.SyncFolder(Path.GetDirectoryName(path)!);
            }
            catch (FileFault)
            {
                file.Dispose();
                throw;
            }
        }
        return file;
    }

    private static bool TryDotLock(SpoolLockTerms terms, string path, out string? dotLock)
    {
        string name = path + Suffix;
        dotLock = null;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                using IFile file = terms.Files.Open(name, OpenKind.CreateNew)!;
                Held[name] = true;
                dotLock = name;
                file.Write(0, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}:{terms.HostName}\n")));
                return true;
            }
            catch (FileFault fault) when (fault.Errno == Posix.AlreadyThere)
            {
                if (!terms.Files.TryStat(name, out FileFacts facts))
                {
                    continue; // It has just gone. What may be there now is another program's, and not to be removed.
                }
                if (!IsLeftover(terms, name, facts))
                {
                    return false;
                }
                terms.Log.LeftoverLockRemoved(name);
                terms.Files.Unlink(name);
            }
            catch (FileFault fault) when (dotLock is null && terms.Order.Count > 1
                && fault.Errno is PosixSpool.NoPermission or PosixSpool.NotPermitted or PosixSpool.ReadOnlyFileSystem)
            {
                terms.FolderForbidden(name);
                return true;
            }
            catch (FileFault)
            {
                Release(terms, dotLock); // Without its content it would be a riddle to others.
                dotLock = null;
                throw;
            }
        }
        return false;
    }

    private static bool IsLeftover(SpoolLockTerms terms, string name, FileFacts facts)
    {
        string[] words = ReadOwner(terms, name).Trim().Split(':');
        if (int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int process) && process > 0
            && (words.Length == 1 || words[1] == terms.HostName))
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
        return terms.Clock.GetUtcNow() - new DateTimeOffset(facts.ModifiedTicks, TimeSpan.Zero) > terms.StaleAfter;
    }

    /// <summary>The beginning of a lock: it is somebody else's file, and may be as large as he likes, or none at all.</summary>
    private static string ReadOwner(SpoolLockTerms terms, string name)
    {
        using IFile? file = terms.Files.Open(name, OpenKind.Read);
        Span<byte> owner = stackalloc byte[OwnerOctetsMax];
        try
        {
            return Encoding.ASCII.GetString(owner[..(file?.Read(0, owner) ?? 0)]);
        }
        catch (FileFault)
        {
            return ""; // A pipe, a folder: it tells nothing but its age.
        }
    }

    private static void Release(SpoolLockTerms terms, string? dotLock)
    {
        if (dotLock is null)
        {
            return;
        }
        Held.TryRemove(dotLock, out _);
        try
        {
            terms.Files.Unlink(dotLock);
        }
        catch (FileFault fault)
        {
            terms.Log.FileFault("", dotLock, fault); // It is found to be a leftover later.
        }
    }
}
