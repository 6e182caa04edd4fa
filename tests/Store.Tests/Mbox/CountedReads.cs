using MailAccess.Store.Files;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>The real files, and how many octets of one of them were read.</summary>
internal sealed class CountedReads(string counted) : IFiles
{
    private readonly PosixFiles _real = new();
    private long _octets;

    public long Octets => Interlocked.Read(ref _octets);

    /// <summary>What was read since the last call.</summary>
    public long Take() => Interlocked.Exchange(ref _octets, 0);

    public IFile? Open(string path, OpenKind kind) =>
        _real.Open(path, kind) is not { } file ? null : path == counted ? new CountedFile(this, file) : file;

    public bool TryStat(string path, out FileFacts facts) => _real.TryStat(path, out facts);

    public bool Rename(string from, string to) => _real.Rename(from, to);

    public LinkOutcome Link(string from, string to) => _real.Link(from, to);

    public bool Unlink(string path) => _real.Unlink(path);

    public void CreateFolder(string path) => _real.CreateFolder(path);

    public void RemoveFolder(string path) => _real.RemoveFolder(path);

    public List<string>? List(string path) => _real.List(path);

    public void SyncFolder(string path) => _real.SyncFolder(path);

    public ulong FileSystemOf(string path) => _real.FileSystemOf(path);

    public void SyncFileSystem(string path) => _real.SyncFileSystem(path);

    private sealed class CountedFile(CountedReads owner, IFile file) : IFile
    {
        public long Octets => file.Octets;

        public FileFacts Facts => file.Facts;

        public int Read(long offset, Span<byte> destination)
        {
            int read = file.Read(offset, destination);
            Interlocked.Add(ref owner._octets, read);
            return read;
        }

        public void Write(long offset, ReadOnlySpan<byte> source) => file.Write(offset, source);

        public void Sync() => file.Sync();

        public void Truncate(long octets) => file.Truncate(octets);

        public void SetModified(long secondsSince1970) => file.SetModified(secondsSince1970);

        public bool TryLock() => file.TryLock();

        public bool TryLockForSharing() => file.TryLockForSharing();

        public void Dispose() => file.Dispose();
    }
}
