using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace MailAccess.Wire;

/// <summary>What <see cref="LineReader.ReadAsync"/> found.</summary>
public enum LineOutcome
{
    /// <summary>A whole line stands in <see cref="LineReader.Line"/>.</summary>
    Line,
    /// <summary>A line ended that was longer than allowed; it was dropped as it came.</summary>
    TooLong,
    /// <summary>
    /// A line ended by LF without CR, or had a CR inside; it was dropped. What is behind it may stand there by the will of somebody else
    /// than the client: nobody knows where the next command begins.
    /// </summary>
    BareCrOrLf,
    /// <summary>The client closed its side. A line cut off before its CRLF is never executed.</summary>
    EndOfStream,
    /// <summary><see cref="IConnection.Wake"/> was called; nothing was consumed. Look at the reasons, then read again.</summary>
    Woken,
}

/// <summary>
/// Reads CRLF lines, one at a time, into a contiguous buffer of bounded size that is held only between two reads.
/// </summary>
/// <remarks>Not for concurrent use. After a TLS upgrade make a new one: nothing of the old input may survive.</remarks>
public sealed class LineReader(PipeReader input, int lineOctetsMax) : IDisposable
{
    private byte[]? _rented;
    private int _length;
    private long _searched;
    private bool _overflowed;
    private bool _droppedCr;

    /// <summary>The last line read, without its CRLF. Valid until the next read.</summary>
    public ReadOnlySpan<byte> Line => _rented.AsSpan(0, _length);

    /// <inheritdoc cref="Line"/>
    public ReadOnlyMemory<byte> LineMemory => _rented.AsMemory(0, _length);

    /// <summary>Octets have already arrived that no read has consumed (a pipelined command, or an injection).</summary>
    public bool HasBufferedInput
    {
        get
        {
            if (!input.TryRead(out ReadResult pending))
            {
                return false;
            }
            bool any = !pending.Buffer.IsEmpty;
            input.AdvanceTo(pending.Buffer.Start);
            if (pending.IsCanceled)
            {
                input.CancelPendingRead(); // A question must not swallow a wake.
            }
            return any;
        }
    }

    /// <summary>Waits for one line.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<LineOutcome> ReadAsync()
    {
        Release();
        while (true)
        {
            ReadResult read = await input.ReadAsync();
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (read.IsCanceled)
            {
                input.AdvanceTo(buffer.Start); // Whatever came at the same time is found by the next call.
                return LineOutcome.Woken;
            }
            if (FindLineEnd(buffer) is SequencePosition lineFeed)
            {
                SequencePosition next = buffer.GetPosition(1, lineFeed);
                LineOutcome outcome = _overflowed ? EndOverflow(buffer.Slice(0, lineFeed)) : Take(buffer.Slice(0, next));
                _overflowed = false;
                _searched = 0;
                input.AdvanceTo(next);
                return outcome;
            }
            if (read.IsCompleted)
            {
                input.AdvanceTo(buffer.End);
                return LineOutcome.EndOfStream;
            }
            if (_overflowed || buffer.Length > lineOctetsMax + 1)
            {
                _overflowed = true;
                _droppedCr = EndsInCr(buffer);
                _searched = 0;
                input.AdvanceTo(buffer.End); // Dropped: memory stays bounded while we look for the end.
            }
            else
            {
                _searched = buffer.Length;
                input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    /// <summary>Gives the line's buffer back; <see cref="Line"/> is empty afterwards.</summary>
    public void Release()
    {
        if (_rented is not null)
        {
            Array.Clear(_rented, 0, _length); // A line may have been a password; the pool is everybody's.
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }
        _length = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    /// <summary>Looks only at what the last look has not seen: a line that trickles in costs no square.</summary>
    private SequencePosition? FindLineEnd(ReadOnlySequence<byte> buffer) =>
        _searched <= buffer.Length ? buffer.Slice(_searched).PositionOf((byte)'\n') : buffer.PositionOf((byte)'\n');

    /// <summary>A line that was dropped has ended; by LF alone it is no line end of the client's, however long the line.</summary>
    private LineOutcome EndOverflow(ReadOnlySequence<byte> beforeLineFeed) =>
        (beforeLineFeed.IsEmpty ? _droppedCr : EndsInCr(beforeLineFeed)) ? LineOutcome.TooLong : LineOutcome.BareCrOrLf;

    private static bool EndsInCr(ReadOnlySequence<byte> octets) => octets.Slice(octets.Length - 1).FirstSpan[0] == '\r';

    private LineOutcome Take(ReadOnlySequence<byte> withLineEnd)
    {
        long length = withLineEnd.Length - 2;
        if (length < 0)
        {
            return LineOutcome.BareCrOrLf;
        }
        if (length > lineOctetsMax)
        {
            return EndsInCr(withLineEnd.Slice(0, length + 1)) ? LineOutcome.TooLong : LineOutcome.BareCrOrLf;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length + 2);
        withLineEnd.CopyTo(buffer);
        // Only CR LF ends a line, and CR stands nowhere else: RFC 5321 §2.3.8.
        if (buffer.AsSpan(0, (int)length + 1).IndexOf((byte)'\r') != length)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return LineOutcome.BareCrOrLf;
        }
        _rented = buffer;
        _length = (int)length;
        return LineOutcome.Line;
    }
}
