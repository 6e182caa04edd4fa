using System.Buffers;
using System.IO.Pipelines;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Wire;

namespace MailAccess.Imap.Framing;

/// <summary>What <see cref="CommandReader.ReadAsync"/> found.</summary>
internal enum FrameOutcome
{
    /// <summary>A whole command stands in <see cref="CommandReader.Command"/>; of APPEND, all but the message.</summary>
    Command,
    /// <summary>A command came that must not be looked at; <see cref="CommandReader.Refusal"/> says why. Framing is intact.</summary>
    Refused,
    /// <summary>Where the next command begins can no longer be known, or costs too much: hang up.</summary>
    Lost,
    /// <summary>The client closed its side.</summary>
    EndOfStream,
    /// <summary>The connection was woken. Look at the reasons, then read again: nothing is lost of a half-read command.</summary>
    Woken,
}

/// <summary>What a literal is whose brace ends a line.</summary>
internal enum LiteralPlace
{
    /// <summary>A string of the command: it is taken into the buffer.</summary>
    String,
    /// <summary>A message, or a piece of one: it stays on the wire.</summary>
    Message,
    /// <summary>The grammar has no place for it: the command is refused before the client sends it, or it is dropped.</summary>
    Nowhere,
}

/// <summary>Decides it from the command up to the brace; <paramref name="refusal"/> goes with <see cref="LiteralPlace.Nowhere"/>.</summary>
internal delegate LiteralPlace LiteralPlacement(ReadOnlyMemory<byte> command, out ImapCompletion refusal);

/// <summary>How a literal that is streamed ended.</summary>
internal enum LiteralOutcome
{
    /// <summary>All its octets came.</summary>
    Whole,
    /// <summary>The client closed its side before.</summary>
    EndOfStream,
    /// <summary>The deadline passed before.</summary>
    Deadline,
}

/// <summary>
/// Assembles a command from lines and literals into one contiguous buffer of bounded size, before anybody parses it.
/// Only the messages of APPEND and REPLACE stay on the wire, to be streamed; what stands between them is assembled piece by piece.
/// </summary>
/// <remarks>Holds no buffer between commands. After a TLS upgrade make a new one.</remarks>
internal sealed class CommandReader(IConnection connection, ImapWriter writer, ImapLimits limits) : IDisposable
{
    /// <summary>The last words to who sends CR or LF alone.</summary>
    public const string BareLineEnd = "lines end in CRLF, and nothing else does";

    private readonly PipeReader _input = connection.Input;
    private readonly LineReader _lines = new(connection.Input, limits.LineOctetsMax);
    private byte[]? _assembled;
    private int _length;
    private int _literals;
    private int _literalLeft;
    private long _dropLeft;
    private long _dropped;

    /// <summary>The command without its last CRLF; where a message's literal is part of it, up to its brace. Valid until the next read.</summary>
    public ReadOnlyMemory<byte> Command { get; private set; }

    /// <summary>The literal, of a message or a piece of one, whose octets are still to come.</summary>
    public LiteralHeader? MessageLiteral { get; private set; }

    /// <summary>LITERAL+ is what is announced after login; else LITERAL-, as before login.</summary>
    public bool HasLiteralPlus { get; set; } = true;

    /// <summary>Why the command was refused or framing lost.</summary>
    public ImapCompletion Refusal { get; private set; }

    /// <summary>Octets have arrived behind the command.</summary>
    public bool HasBufferedInput => Peek(static buffered => !buffered.IsEmpty);

    /// <summary>At least the first line of the next command has arrived: the answer to this one need not be sent at once.</summary>
    public bool HasBufferedLine => Peek(static buffered => buffered.PositionOf((byte)'\n') is not null);

    /// <summary>The reader for lines that are no commands: SASL responses, DONE.</summary>
    public LineReader Lines => _lines;

    /// <summary>Waits for a command, or goes on with one that a wake-up interrupted.</summary>
    /// <param name="placement">Where messages may stand; null: nowhere, before login, when less is taken as well.</param>
    public async ValueTask<FrameOutcome> ReadAsync(LiteralPlacement? placement)
    {
        while (true)
        {
            if ((_literalLeft > 0 || _dropLeft > 0) && await ReadLiteralOctetsAsync() is { } interrupted)
            {
                return interrupted;
            }
            LineOutcome line = await _lines.ReadAsync();
            if (line != LineOutcome.Line)
            {
                return Explain(line);
            }
            if (await TakeLineAsync(placement) is { } found)
            {
                return found;
            }
        }
    }

    /// <summary>
    /// After a message's literal was taken off the wire: what stands behind it, to the next such literal or the command's end.
    /// </summary>
    public ValueTask<FrameOutcome> ReadOnAsync(LiteralPlacement placement)
    {
        if (MessageLiteral is not null)
        {
            MessageLiteral = null;
            _length = 0;
        }
        return ReadAsync(placement);
    }

    /// <summary>
    /// Hands a literal's octets on in pieces as they come, or drops them where there is no sink. The connection's
    /// deadline bounds how long.
    /// </summary>
    public async ValueTask<LiteralOutcome> StreamLiteralAsync(long octets, Func<ReadOnlySequence<byte>, ValueTask>? sink)
    {
        while (octets > 0)
        {
            ReadResult read = await _input.ReadAsync();
            ReadOnlySequence<byte> piece = read.Buffer.Slice(0, Math.Min(octets, read.Buffer.Length));
            if (!piece.IsEmpty && sink is not null)
            {
                await sink(piece);
            }
            octets -= piece.Length;
            _input.AdvanceTo(piece.End);
            if (octets > 0 && read.IsCompleted)
            {
                return LiteralOutcome.EndOfStream;
            }
            if (octets > 0 && read.IsCanceled && connection.DeadlineExpired)
            {
                return LiteralOutcome.Deadline;
            }
        }
        return LiteralOutcome.Whole;
    }

    /// <summary>Forgets the command and gives its buffers back.</summary>
    /// <param name="clear">It may have held a password.</param>
    public void Release(bool clear)
    {
        if (_assembled is not null)
        {
            ArrayPool<byte>.Shared.Return(_assembled, clear);
            _assembled = null;
        }
        _lines.Release();
        Command = default;
        MessageLiteral = null;
        Refusal = default;
        _length = 0;
        _literals = 0;
        _literalLeft = 0;
        _dropLeft = 0;
        _dropped = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Release(clear: true);

    private bool Peek(Func<ReadOnlySequence<byte>, bool> question)
    {
        if (!_input.TryRead(out ReadResult pending))
        {
            return false;
        }
        bool answer = question(pending.Buffer);
        _input.AdvanceTo(pending.Buffer.Start);
        if (pending.IsCanceled)
        {
            connection.Wake(); // TryRead has taken a wake-up that the next read must see.
        }
        return answer;
    }

    private FrameOutcome Explain(LineOutcome line)
    {
        switch (line)
        {
            case LineOutcome.Woken:
                return FrameOutcome.Woken;
            case LineOutcome.EndOfStream:
                return FrameOutcome.EndOfStream;
            default:
                // Its end, which may have announced a literal, is not known: nor is where the next command begins. Behind a CR or LF
                // alone stands what somebody may have put into an honest client's string.
                return Lose(line == LineOutcome.TooLong ? "line too long" : BareLineEnd);
        }
    }

    /// <summary>The line just read belongs to the command; null where more must come.</summary>
    private async ValueTask<FrameOutcome?> TakeLineAsync(LiteralPlacement? placement)
    {
        if (_lines.Line.Contains((byte)0))
        {
            Refuse(ImapCompletion.Bad("NUL in a command")); // RFC 3501 §9, note 3.
        }
        bool announcesLiteral = LiteralHeader.TryParse(_lines.Line, out LiteralHeader header);
        if (!announcesLiteral && _length == 0)
        {
            Command = _lines.LineMemory; // The usual case: one line, no copy.
            return IsRefused ? FrameOutcome.Refused : FrameOutcome.Command;
        }
        int octetsMax = placement is not null ? limits.CommandOctetsMax : limits.CommandOctetsBeforeLoginMax;
        if (!IsRefused && _length + _lines.Line.Length + 2 > octetsMax)
        {
            Refuse(ImapCompletion.Bad("LIMIT", "command too long"));
        }
        if (!IsRefused || _length == 0)
        {
            Append(_lines.Line); // Of a refused command at least the tag is needed.
        }
        if (!announcesLiteral)
        {
            Command = _assembled.AsMemory(0, _length);
            return IsRefused ? FrameOutcome.Refused : FrameOutcome.Command;
        }
        if (placement is not null && !IsRefused)
        {
            ReadOnlyMemory<byte> before = _assembled.AsMemory(0, _length - LiteralTail(header));
            LiteralPlace place = placement(before, out ImapCompletion refusal);
            if (place == LiteralPlace.Message)
            {
                Command = before;
                MessageLiteral = header;
                return FrameOutcome.Command;
            }
            if (place == LiteralPlace.Nowhere)
            {
                Refuse(refusal);
            }
        }
        if (!IsRefused && !header.IsSynchronizing && header.Octets > limits.NonSynchronizingOctetsMax && !(HasLiteralPlus && placement is not null))
        {
            Refuse(ImapErrors.NotSynchronizing);
        }
        return await BeginLiteralAsync(header, placement is not null ? octetsMax : limits.LiteralOctetsBeforeLoginMax, octetsMax);
    }

    private bool IsRefused => Refusal.IsGiven;

    private int LiteralTail(LiteralHeader header) => _lines.Line.Length - header.Start;

    private async ValueTask<FrameOutcome?> BeginLiteralAsync(LiteralHeader header, int literalOctetsMax, int octetsMax)
    {
        _literals++;
        if (!IsRefused && (header.Octets > literalOctetsMax || _length + 2 + header.Octets > octetsMax || _literals > limits.LiteralsMax))
        {
            Refuse(ImapCompletion.Bad("LIMIT", "literal too long"));
        }
        if (IsRefused)
        {
            Command = _assembled.AsMemory(0, _length);
            if (header.IsSynchronizing)
            {
                return FrameOutcome.Refused; // The client waits: told no, it sends neither the literal nor the rest.
            }
            if (header.Octets > limits.DroppedLiteralOctetsMax - _dropped)
            {
                return Lose("literal too long"); // RFC 7888 §4: read and drop, or close the connection.
            }
            _dropped += header.Octets;
            _dropLeft = header.Octets;
            await writer.FlushAsync();
            return null;
        }
        Append("\r\n"u8);
        _literalLeft = (int)header.Octets;
        if (header.IsSynchronizing)
        {
            writer.Write("+ go ahead\r\n"u8);
        }
        await writer.FlushAsync(); // Also where it is not awaited: the answer to an earlier command may have been kept back.
        return null;
    }

    private async ValueTask<FrameOutcome?> ReadLiteralOctetsAsync()
    {
        while (_literalLeft > 0 || _dropLeft > 0)
        {
            ReadResult read = await _input.ReadAsync();
            ReadOnlySequence<byte> piece = read.Buffer.Slice(0, Math.Min(_literalLeft + _dropLeft, read.Buffer.Length));
            if (_literalLeft > 0)
            {
                foreach (ReadOnlyMemory<byte> segment in piece)
                {
                    Append(segment.Span);
                    if (segment.Span.Contains((byte)0))
                    {
                        Refuse(ImapCompletion.Bad("NUL in a literal")); // CHAR8 = %x01-ff, RFC 3501 §9.
                    }
                }
                _literalLeft -= (int)piece.Length;
            }
            else
            {
                _dropLeft -= piece.Length;
            }
            _input.AdvanceTo(piece.End);
            if (_literalLeft > 0 || _dropLeft > 0)
            {
                if (read.IsCompleted)
                {
                    return FrameOutcome.EndOfStream;
                }
                if (read.IsCanceled)
                {
                    return FrameOutcome.Woken;
                }
            }
            else if (read.IsCanceled)
            {
                connection.Wake(); // For the read of the line behind the literal.
            }
        }
        return null;
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        if (_assembled is null || _assembled.Length < _length + octets.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + octets.Length, 2 * _length));
            _assembled.AsSpan(0, _length).CopyTo(larger);
            if (_assembled is not null)
            {
                ArrayPool<byte>.Shared.Return(_assembled, clearArray: true);
            }
            _assembled = larger;
        }
        octets.CopyTo(_assembled.AsSpan(_length));
        _length += octets.Length;
    }

    private void Refuse(ImapCompletion why)
    {
        if (!IsRefused)
        {
            Refusal = why;
        }
    }

    private FrameOutcome Lose(string why)
    {
        Refusal = ImapCompletion.Bad(why);
        return FrameOutcome.Lost;
    }
}
