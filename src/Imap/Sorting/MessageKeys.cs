using MailAccess.Imap.Searching;
using MailAccess.Store;

namespace MailAccess.Imap.Sorting;

/// <summary>The keys of the messages that a search found, by their position among them. Immutable.</summary>
internal sealed class MessageKeys
{
    private readonly SearchTarget _target;
    private readonly MailboxSnapshot _latest;
    private readonly int[] _indices;
    private readonly int[] _rowOf;
    private readonly KeyRow[] _rows;
    private readonly ulong[] _references;

    public MessageKeys(SearchTarget target, List<int> indices, int[] rowOf, KeyRow[] rows, ulong[] references, PooledTexts texts)
    {
        _target = target;
        _latest = target.Mailbox.Snapshot;
        _rows = rows;
        _references = references;
        Texts = texts;
        if (Array.TrueForAll(rowOf, r => r >= 0))
        {
            _indices = [.. indices];
            _rowOf = rowOf;
        }
        else
        {
            _indices = [.. indices.Where((_, position) => rowOf[position] >= 0)];
            _rowOf = [.. rowOf.Where(r => r >= 0)];
        }
    }

    /// <summary>Without keys, for what looks at records only.</summary>
    public static MessageKeys OfRecords(SearchTarget target, List<int> indices) =>
        new(target, indices, new int[indices.Count], new KeyRow[1], [], default);

    /// <summary>Number of messages.</summary>
    public int Count => _indices.Length;

    /// <summary>What indices count in.</summary>
    public MailboxSnapshot View => _target.View;

    /// <summary>The texts that rows name.</summary>
    public PooledTexts Texts { get; }

    /// <summary>The keys of one.</summary>
    public ref readonly KeyRow this[int position] => ref _rows[_rowOf[position]];

    /// <summary>Its index in the view.</summary>
    public int IndexOf(int position) => _indices[position];

    /// <summary>What the index says of it.</summary>
    public ref readonly MessageRecord RecordOf(int position) => ref _target.Current(_latest, _indices[position]);

    /// <summary>The message-ids of its ancestors, the nearest last.</summary>
    public ReadOnlySpan<ulong> ReferencesOf(int position) => _references.AsSpan(this[position].FirstReference, this[position].ReferenceCount);

    /// <summary>The sent date, which is the internal date where the message does not say. RFC 5256 §2.2.</summary>
    public long SentSecondsOf(int position) =>
        this[position].SentSeconds is long sent && sent != long.MinValue ? sent : RecordOf(position).InternalDateSeconds;
}
