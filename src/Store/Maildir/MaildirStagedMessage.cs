using System.Buffers;
using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>A message arriving: in a rented buffer while it is small, else in a file of the staging folder.</summary>
internal sealed class MaildirStagedMessage(MaildirStore store, bool mayUseMemory) : IStagedMessage
{
    private readonly SummaryMaker _summary = new();
    private byte[]? _buffer;
    private IFile? _file;
    private bool _isSynced;

    public long Octets { get; private set; }

    /// <summary>The whole message, or empty where it lies in a file.</summary>
    public ReadOnlyMemory<byte> Memory => _file is null ? _buffer.AsMemory(0, (int)Octets) : default;

    /// <summary>The staging file, or null.</summary>
    public string? FilePath { get; private set; }

    /// <summary>The encoded summary, after completion.</summary>
    public ReadOnlyMemory<byte> Summary { get; private set; }

    public ValueTask<StoreResult<Done>> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (Octets + octets.Length > store.Limits.MessageOctetsMax)
        {
            return new(StoreError.TooBig);
        }
        _summary.Feed(octets.Span);
        if (mayUseMemory && _file is null && Octets + octets.Length <= store.Limits.StagedMemoryOctetsMax)
        {
            Remember(octets.Span);
            return new(default(Done));
        }
        return store.Workers.RunAsync<Done>(() => WriteToFile(octets), store.OnStagingFault);
    }

    public ValueTask<StoreResult<Done>> CompleteAsync(CancellationToken cancellationToken)
    {
        Summary = _summary.Finish();
        return new(default(Done));
    }

    public ValueTask<StoreResult<IMessageContent>> OpenAsync(CancellationToken cancellationToken)
    {
        if (FilePath is not { } path)
        {
            return StoreResults.From<IMessageContent>(new MemoryContent(Memory));
        }
        return store.Workers.RunAsync<IMessageContent>(
            () => store.Files.Open(path, OpenKind.Read) is { } file ? new FileContent(file, store) : StoreError.Unavailable, store.OnStagingFault);
    }

    /// <summary>On a worker: the staging file's content is durable afterwards.</summary>
    public void SyncFile()
    {
        if (!_isSynced)
        {
            _file!.Sync();
            _isSynced = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (Interlocked.Exchange(ref _file, null) is { } file)
        {
            string path = FilePath!;
            if ((await store.Workers.RunAsync<Done>(() => Remove(file, path), store.OnStagingFault)).Error != StoreError.None)
            {
                file.Dispose();
                store.Housekeeper.RemoveLater(path); // The workers have no room, or the disk is in trouble.
            }
        }
    }

    private void Remember(ReadOnlySpan<byte> octets)
    {
        int length = (int)Octets;
        if (_buffer is null || length + octets.Length > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(4096, Math.Max(length + octets.Length, length * 2)));
            _buffer.AsSpan(0, length).CopyTo(larger);
            if (_buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }
            _buffer = larger;
        }
        octets.CopyTo(_buffer.AsSpan(length));
        Octets += octets.Length;
    }

    private StoreResult<Done> WriteToFile(ReadOnlyMemory<byte> octets)
    {
        if (_file is null)
        {
            FilePath = store.NextStagingPath();
            IFile file = store.Files.Open(FilePath, OpenKind.CreateNew)!;
            _file = file;
            file.Write(0, _buffer.AsSpan(0, (int)Octets));
            if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        _file.Write(Octets, octets.Span);
        Octets += octets.Length;
        return default(Done);
    }

    private StoreResult<Done> Remove(IFile file, string path)
    {
        file.Dispose();
        store.Files.Unlink(path);
        return default(Done);
    }
}
