using Microsoft.Win32.SafeHandles;

namespace MailAccess.Queue;

/// <summary>A real folder.</summary>
internal sealed class SpoolFolder : ISpoolFiles, IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _folder;

    public SpoolFolder(string path)
    {
        // Mail is nobody else's business: 0700.
        Try(() => Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        _path = path;
        _folder = Posix.OpenFolder(path);
    }

    public IEnumerable<string> List() => Directory.EnumerateFiles(_path).Select(f => Path.GetFileName(f));

    public ISpoolFile Create(string name) => new OpenFile(Posix.CreateFile(Path.Combine(_path, name)));

    public ISpoolFile CreateLaidOut(string name, int octets)
    {
        SafeFileHandle handle = Posix.CreateFile(Path.Combine(_path, name));
        byte[] zeros = new byte[1 << 18];
        try
        {
            for (int at = 0; at < octets; at += zeros.Length)
            {
                RandomAccess.Write(handle, zeros.AsSpan(0, Math.Min(zeros.Length, octets - at)), at);
            }
            Posix.Sync(handle, dataOnly: true);
        }
        catch (IOException)
        {
            handle.Dispose();
            File.Delete(Path.Combine(_path, name));
            throw;
        }
        return new LaidOutFile(handle);
    }

    public ISpoolFile Open(string name) =>
        new OpenFile(Try(() => File.OpenHandle(Path.Combine(_path, name), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)));

    public void Delete(string name) => Try(() =>
    {
        File.Delete(Path.Combine(_path, name));
        return true;
    });

    public void SyncFolder() => Posix.Sync(_folder, dataOnly: false);

    public void Dispose() => _folder.Dispose();

    // What may not be done is to those who use the spool as what cannot be done: they remember what it could not take.
    private static T Try<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private sealed class OpenFile(SafeFileHandle handle) : ISpoolFile
    {
        public long Octets => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> destination) => RandomAccess.Read(handle, destination, offset);

        public void Append(ReadOnlySpan<byte> octets) => RandomAccess.Write(handle, octets, RandomAccess.GetLength(handle));

        public void Sync() => Posix.Sync(handle, dataOnly: true);

        public void Dispose() => handle.Dispose();
    }

    // Only whoever created it appends, so it knows where.
    private sealed class LaidOutFile(SafeFileHandle handle) : ISpoolFile
    {
        private long _position;

        public long Octets => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> destination) => RandomAccess.Read(handle, destination, offset);

        public void Append(ReadOnlySpan<byte> octets)
        {
            RandomAccess.Write(handle, octets, _position);
            _position += octets.Length;
        }

        public void Sync() => Posix.Sync(handle, dataOnly: true);

        public void Dispose() => handle.Dispose();
    }
}
