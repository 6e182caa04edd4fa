using System.Collections.Concurrent;
using MailAccess.Store.Files;

namespace MailAccess.Store.Tests;

/// <summary>The real files, remembering which were opened and which folders listed; a listing may miss what is being renamed.</summary>
internal sealed class WatchedFiles : IFiles
{
    private readonly PosixFiles _real = new();

    public ConcurrentQueue<string> Touched { get; } = new();

    /// <summary>Left out of the next listing that has it.</summary>
    public string? MissedOnce { get; set; }

    /// <summary>Runs before what was written to a file is made durable; gets the file's path.</summary>
    public Action<string> BeforeSync { get; set; } = _ => { };

    public IFile? Open(string path, OpenKind kind)
    {
        Touched.Enqueue($"open {path}");
        return _real.Open(path, kind) is not { } file ? null : kind == OpenKind.Read ? file : new WatchedFile(this, path, file);
    }

    public List<string>? List(string path)
    {
        Touched.Enqueue($"list {path}");
        List<string>? names = _real.List(path);
        if (MissedOnce is { } missed && names?.Remove(missed) == true)
        {
            MissedOnce = null;
        }
        return names;
    }

    public bool TryStat(string path, out FileFacts facts) => _real.TryStat(path, out facts);

    public bool Rename(string from, string to) => _real.Rename(from, to);

    public LinkOutcome Link(string from, string to) => _real.Link(from, to);

    public bool Unlink(string path) => _real.Unlink(path);

    public void CreateFolder(string path) => _real.CreateFolder(path);

    public void RemoveFolder(string path) => _real.RemoveFolder(path);

    public void SyncFolder(string path) => _real.SyncFolder(path);

    public ulong FileSystemOf(string path) => _real.FileSystemOf(path);

    public void SyncFileSystem(string path) => _real.SyncFileSystem(path);

    private sealed class WatchedFile(WatchedFiles owner, string path, IFile file) : IFile
    {
        public long Octets => file.Octets;

        public FileFacts Facts => file.Facts;

        public int Read(long offset, Span<byte> destination) => file.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> source) => file.Write(offset, source);

        public void Sync()
        {
            owner.BeforeSync(path);
            file.Sync();
        }

        public void Truncate(long octets) => file.Truncate(octets);

        public void SetModified(long secondsSince1970) => file.SetModified(secondsSince1970);

        public bool TryLock() => file.TryLock();

        public bool TryLockForSharing() => file.TryLockForSharing();

        public void Dispose() => file.Dispose();
    }
}
