using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>Messages that wait for their turn to be written to the file. Nothing lies there before.</summary>
internal sealed class MboxPrepared : PreparedMessages
{
    private readonly long[] _tokens;
    private readonly long[] _summaries;
    private readonly IDisposable? _pile;

    /// <summary>On a worker.</summary>
    public MboxPrepared(MboxMailbox mailbox, MboxStore store, IReadOnlyList<MboxItem> items, IDisposable? pile)
    {
        Items = items;
        _pile = pile;
        _tokens = [.. items.Select(_ => store.NextToken())];
        _summaries = mailbox.AddToCache([.. items.Select((item, i) => (_tokens[i], item.Summary))]);
    }

    public IReadOnlyList<MboxItem> Items { get; }

    public override int Count => Items.Count;

    public override PreparedMessage this[int index] => new(Items[index].Octets, _tokens[index], _summaries[index]);

    public override ValueTask PlaceAsync() => DiscardAsync();

    public override ValueTask DiscardAsync()
    {
        _pile?.Dispose();
        return default;
    }
}

/// <summary>Messages that are on their way to another mailbox of the account, one behind the other.</summary>
internal sealed class CopyPile : IDisposable
{
    private readonly MboxStore _store;
    private readonly MemoryStream _memory = new();
    private IFile? _file;
    private long _octets;

    private CopyPile(MboxStore store) => _store = store;

    /// <summary>On a worker.</summary>
    public static StoreResult<PreparedMessages> Prepare(
        MboxStore store, MboxMailbox source, IReadOnlyList<MessageRecord> records, MboxMailbox destination)
    {
        var pile = new CopyPile(store);
        bool done = false;
        try
        {
            List<MboxItem> items = new(records.Count);
            lock (source.Spool.Lock)
            {
                using IFile? file = source.Spool.IsUnchanged() && !source.Spool.IsClosed ? store.Files.Open(source.Spool.Path, OpenKind.Read) : null;
                if (file is null)
                {
                    return StoreError.Busy;
                }
                foreach (MessageRecord record in records)
                {
                    int at = source.Spool.Layout.IndexOf(record.Uid);
                    if (at < 0)
                    {
                        return StoreError.Expunged;
                    }
                    items.Add(pile.Add(file, source.Spool.Layout[at], source.ReadSummary(record)));
                }
                if (!source.Spool.IsUnchanged())
                {
                    return StoreError.Busy;
                }
            }
            done = true;
            return new MboxPrepared(destination, store, items, pile);
        }
        finally
        {
            if (!done)
            {
                pile.Dispose();
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    private MboxItem Add(IFile file, MboxEntry entry, ReadOnlyMemory<byte> summary)
    {
        long start = _octets;
        var ends = new LineEndWatch();
        MboxContent.Decode(file, entry, piece =>
        {
            ends.Feed(piece);
            _memory.Write(piece);
            _octets += piece.Length;
            if (_memory.Length > _store.MboxLimits.CopyMemoryOctetsMax)
            {
                _file ??= _store.OpenNameless();
                _file.Write(_octets - _memory.Length, _memory.GetBuffer().AsSpan(0, (int)_memory.Length));
                _memory.SetLength(0);
            }
        });
        return new MboxItem(Read, start, _octets - start, ends.Form, summary);
    }

    private int Read(long offset, Span<byte> destination)
    {
        long inMemory = _octets - _memory.Length;
        if (offset < inMemory)
        {
            return _file!.Read(offset, destination[..(int)Math.Min(destination.Length, inMemory - offset)]);
        }
        ReadOnlySpan<byte> rest = _memory.GetBuffer().AsSpan(0, (int)_memory.Length)[(int)Math.Min(offset - inMemory, _memory.Length)..];
        rest = rest[..Math.Min(rest.Length, destination.Length)];
        rest.CopyTo(destination);
        return rest.Length;
    }
}
