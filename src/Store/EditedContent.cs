using MailAccess.Message;

namespace MailAccess.Store;

/// <summary>A message with some of its octets replaced. Owns the message.</summary>
public sealed class EditedContent : IMessageContent
{
    private readonly IMessageContent _original;
    private readonly List<(long Offset, long Source, long Octets, byte[]? Replacement)> _runs = [];

    /// <summary>The message, and the changes in ascending order.</summary>
    public EditedContent(IMessageContent original, IReadOnlyList<OctetEdit> edits)
    {
        _original = original;
        long source = 0;
        foreach (OctetEdit edit in edits)
        {
            Add(source, edit.Offset - source, null);
            Add(0, edit.Replacement.Length, edit.Replacement);
            source = edit.Offset + edit.Removed;
        }
        Add(source, original.Octets - source, null);
    }

    /// <inheritdoc/>
    public long Octets { get; private set; }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        int filled = 0;
        for (int i = IndexOf(offset); i < _runs.Count && filled < destination.Length; i++)
        {
            (long start, long source, long octets, byte[]? replacement) = _runs[i];
            long skip = offset + filled - start;
            int wanted = (int)Math.Min(octets - skip, destination.Length - filled);
            if (replacement is not null)
            {
                replacement.AsMemory((int)skip, wanted).CopyTo(destination[filled..]);
                filled += wanted;
                continue;
            }
            for (int left = wanted; left > 0;)
            {
                int read = await _original.ReadAsync(source + skip + (wanted - left), destination.Slice(filled, left), cancellationToken);
                if (read == 0)
                {
                    return filled; // It is shorter than it was.
                }
                left -= read;
                filled += read;
            }
        }
        return filled;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _original.DisposeAsync();

    private void Add(long source, long octets, byte[]? replacement)
    {
        if (octets > 0)
        {
            _runs.Add((Octets, source, octets, replacement));
            Octets += octets;
        }
    }

    /// <summary>The run that holds the offset; behind the last one at the end.</summary>
    private int IndexOf(long offset)
    {
        int low = 0;
        int high = _runs.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_runs[middle].Offset + _runs[middle].Octets <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
