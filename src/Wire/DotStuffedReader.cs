using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace MailAccess.Wire;

/// <summary>
/// Streams the content of DATA (RFC 5321 §4.5.2): leading dots taken off, up to CRLF . CRLF, without copying it.
/// </summary>
/// <remarks>
/// <para>Only CRLF ends a line. A lone CR or LF is passed on as content and noted in <see cref="HasBareCrOrLf"/>; it never
/// makes a following dot an end (RFC 5321 §2.3.8, SMTP smuggling). We keep reading to the true end, so that the caller can
/// refuse the message and still know where the next command starts.</para>
/// <para>Read until <see cref="ChunkOutcome.End"/>: only then is the input where the next reader expects it.</para>
/// </remarks>
public sealed class DotStuffedReader(PipeReader input) : IFramedReader
{
    private static readonly ReadOnlyMemory<byte> CarriageReturn = "\r"u8.ToArray();
    private SequencePosition _next;
    private State _state = State.LineStart; // The message may be empty: its first line may be the final dot.
    private bool _holding;
    private bool _owesCarriageReturn;

    private enum State : byte
    {
        /// <summary>Inside a line.</summary>
        Text,
        /// <summary>After a CR that was passed on.</summary>
        Cr,
        /// <summary>After CRLF, or at the very start.</summary>
        LineStart,
        /// <summary>After a dot at the start of a line, which is dropped.</summary>
        Dot,
        /// <summary>After such a dot and a CR, which is held back.</summary>
        DotCr,
        /// <summary>After the final dot's line.</summary>
        Ended,
    }

    /// <summary>The octets found by the last read, unstuffed. Valid until the next.</summary>
    public ReadOnlyMemory<byte> Chunk { get; private set; }

    /// <summary>Octets of content given out so far, the CRLF before the final dot included (RFC 5321 §4.1.1.4).</summary>
    public long Octets { get; private set; }

    /// <summary>A CR without LF or an LF without CR was in the content: refuse the message.</summary>
    public bool HasBareCrOrLf { get; private set; }

    /// <summary>Waits for the next octets.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ChunkOutcome> ReadAsync()
    {
        Release();
        while (_state != State.Ended)
        {
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
            ReadOnlyMemory<byte> segment = ChunkSource.First(buffer);
            int skipped = SkipToContent(segment.Span);
            ReadOnlyMemory<byte> run = _owesCarriageReturn || _state == State.Ended
                ? default
                : segment.Slice(skipped, MeasureRun(segment.Span[skipped..]));
            Chunk = _owesCarriageReturn ? CarriageReturn : run;
            _owesCarriageReturn = false;
            _next = buffer.GetPosition(skipped + run.Length);
            if (!Chunk.IsEmpty)
            {
                Octets += Chunk.Length;
                _holding = true;
                return ChunkOutcome.Chunk;
            }
            input.AdvanceTo(_next);
        }
        return ChunkOutcome.End;
    }

    /// <summary>Takes what is not content: a leading dot, and the end. Returns how many octets that was.</summary>
    private int SkipToContent(ReadOnlySpan<byte> octets)
    {
        int i = 0;
        for (; i < octets.Length; i++)
        {
            switch (_state)
            {
                case State.LineStart when octets[i] == '.':
                    _state = State.Dot;
                    break;
                case State.Dot when octets[i] == '\r':
                    _state = State.DotCr;
                    break;
                case State.DotCr when octets[i] == '\n':
                    _state = State.Ended;
                    return i + 1;
                case State.DotCr:
                    _owesCarriageReturn = true; // It was content after all; its LF is missing, as the next octet shows.
                    _state = State.Cr;
                    return i;
                case State.Dot:
                    _state = State.Text;
                    return i;
                default:
                    return i;
            }
        }
        return i;
    }

    /// <summary>How far the content goes in one piece: to a leading dot, or to the end of what is here.</summary>
    private int MeasureRun(ReadOnlySpan<byte> octets)
    {
        int i = 0;
        while (i < octets.Length)
        {
            switch (_state)
            {
                case State.LineStart when octets[i] == '.':
                    return i;
                case State.Cr when octets[i] == '\n':
                    _state = State.LineStart;
                    i++;
                    continue;
                case State.Cr:
                    HasBareCrOrLf = true;
                    break;
            }
            int special = octets[i..].IndexOfAny((byte)'\r', (byte)'\n');
            if (special < 0)
            {
                _state = State.Text;
                return octets.Length;
            }
            i += special;
            _state = octets[i] == '\r' ? State.Cr : State.Text;
            HasBareCrOrLf |= octets[i] == '\n';
            i++;
        }
        return i;
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
