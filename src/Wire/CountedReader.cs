using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace MailAccess.Wire;

/// <summary>
/// Streams exactly so many octets: an IMAP literal (RFC 9051 §4.3), a BDAT chunk (RFC 3030 §2). Holds no buffer of its own.
/// </summary>
/// <remarks>Read until <see cref="ChunkOutcome.End"/>: only then is the input where the next reader expects it.
/// How many octets a client may announce is the caller's limit.</remarks>
public sealed class CountedReader(PipeReader input, long octets) : IFramedReader
{
    private SequencePosition _next;
    private bool _holding;

    /// <summary>The octets found by the last read. Valid until the next.</summary>
    public ReadOnlyMemory<byte> Chunk { get; private set; }

    /// <summary>Octets not yet given out.</summary>
    public long Remaining { get; private set; } = octets;

    /// <summary>Waits for the next octets.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ChunkOutcome> ReadAsync()
    {
        Release();
        if (Remaining == 0)
        {
            return ChunkOutcome.End;
        }
        ReadResult read = await input.ReadAsync();
        ReadOnlySequence<byte> buffer = read.Buffer;
        if (read.IsCanceled)
        {
            input.AdvanceTo(buffer.Start);
            return ChunkOutcome.Woken;
        }
        if (buffer.IsEmpty)
        {
            input.AdvanceTo(buffer.End);
            return ChunkOutcome.EndOfStream; // A read ends without octets only at the end of the stream.
        }
        ReadOnlyMemory<byte> found = ChunkSource.First(buffer);
        Chunk = found[..(int)Math.Min(found.Length, Remaining)];
        Remaining -= Chunk.Length;
        _next = buffer.GetPosition(Chunk.Length);
        _holding = true;
        return ChunkOutcome.Chunk;
    }

    private void Release()
    {
        if (_holding)
        {
            _holding = false;
            Chunk = default;
            input.AdvanceTo(_next);
        }
    }
}

/// <summary>Shared by the readers that give content out piece by piece.</summary>
internal static class ChunkSource
{
    /// <summary>The first segment that holds anything; a sequence may start with empty ones.</summary>
    public static ReadOnlyMemory<byte> First(ReadOnlySequence<byte> buffer)
    {
        foreach (ReadOnlyMemory<byte> segment in buffer)
        {
            if (!segment.IsEmpty)
            {
                return segment;
            }
        }
        return default;
    }
}
