using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>A message arriving: in memory while it is small, else in a file without a name.</summary>
internal sealed class MboxStagedMessage(MboxStore store) : IStagedMessage
{
    private readonly SummaryMaker _summary = new();
    private readonly LineEndWatch _ends = new();
    private readonly MemoryStream _memory = new();
    private ReadOnlyMemory<byte> _encoded;
    private IFile? _file;

    public long Octets { get; private set; }

    public ValueTask<StoreResult<Done>> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (Octets + octets.Length > store.Limits.MessageOctetsMax)
        {
            return new(StoreError.TooBig);
        }
        _summary.Feed(octets.Span);
        _ends.Feed(octets.Span);
        if (_file is null && Octets + octets.Length <= store.Limits.StagedMemoryOctetsMax)
        {
            _memory.Write(octets.Span);
            Octets += octets.Length;
            return new(default(Done));
        }
        return store.Workers.RunAsync<Done>(() => WriteToFile(octets), store.OnStagingFault);
    }

    public ValueTask<StoreResult<Done>> CompleteAsync(CancellationToken cancellationToken)
    {
        _encoded = _summary.Finish();
        return new(default(Done));
    }

    public ValueTask<StoreResult<IMessageContent>> OpenAsync(CancellationToken cancellationToken) =>
        StoreResults.From<IMessageContent>(
            _file is null ? new MemoryContent(_memory.GetBuffer().AsMemory(0, (int)Octets)) : new StagedFileContent(store, _file, Octets));

    /// <summary>After completion: what an append needs.</summary>
    public MboxItem ToItem() => new(Read, 0, Octets, _ends.Form, _encoded);

    public ValueTask DisposeAsync()
    {
        _file?.Dispose();
        return default;
    }

    private int Read(long offset, Span<byte> destination)
    {
        if (_file is not null)
        {
            return _file.Read(offset, destination);
        }
        ReadOnlySpan<byte> rest = _memory.GetBuffer().AsSpan(0, (int)Octets)[(int)Math.Min(offset, Octets)..];
        rest = rest[..Math.Min(rest.Length, destination.Length)];
        rest.CopyTo(destination);
        return rest.Length;
    }

    private StoreResult<Done> WriteToFile(ReadOnlyMemory<byte> octets)
    {
        if (_file is null)
        {
            IFile file = store.OpenNameless();
            _file = file;
            file.Write(0, _memory.GetBuffer().AsSpan(0, (int)Octets));
            _memory.SetLength(0);
            _memory.Capacity = 0;
        }
        _file.Write(Octets, octets.Span);
        Octets += octets.Length;
        return default(Done);
    }

    /// <summary>The file stays the staged message's.</summary>
    private sealed class StagedFileContent(MboxStore store, IFile file, long octets) : IMessageContent
    {
        public long Octets => octets;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            StoreResult<int> read = await store.Workers.RunAsync<int>(() => file.Read(offset, destination.Span), store.OnStagingFault);
            return read.TryGet(out int count) ? count : throw new IOException("The message cannot be read.");
        }

        public ValueTask DisposeAsync() => default;
    }
}

/// <summary>Finds out while octets flow whether LF alone on disk would bring back their line ends.</summary>
internal sealed class LineEndWatch
{
    private byte _last;
    private byte _beforeLast;
    private bool _isOdd;
    private bool _isEmpty = true;

    public MessageForm Form =>
        (_isOdd ? MessageForm.Exact : 0) | (_isEmpty || _last == (byte)'\n' ? MessageForm.Plain : MessageForm.OpenEnd);

    public void Feed(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
        {
            return;
        }
        _isEmpty = false;
        int start = 0;
        while (!_isOdd && octets[start..].IndexOf((byte)'\n') is int found and >= 0)
        {
            int at = start + found;
            byte before = At(octets, at - 1);
            _isOdd = before != (byte)'\r' || At(octets, at - 2) == (byte)'\r';
            start = at + 1;
        }
        byte last = octets[^1];
        _beforeLast = octets.Length > 1 ? octets[^2] : _last;
        _last = last;
    }

    private byte At(ReadOnlySpan<byte> octets, int index) => index >= 0 ? octets[index] : index == -1 ? _last : _beforeLast;
}
