using System.Buffers;
using System.Globalization;
using System.Text;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>How the server is told where a message ends.</summary>
internal enum ContentFraming
{
    /// <summary>By a dot alone; dots that begin a line are doubled. RFC 5321 §4.5.2.</summary>
    Dot,
    /// <summary>By BDAT before each piece, with LAST before the last one. RFC 3030 §2.</summary>
    Chunks,
}

/// <summary>Writes a message as it goes over the wire, in bounded memory: what follows 354, or chunks with the commands before them.</summary>
/// <remarks>
/// Whatever the content holds, only CR LF leaves: a bare CR or LF becomes a line end. So nobody behind us can see an end of
/// data, or a line that begins with a dot, where we did not (outbound SMTP smuggling).
/// </remarks>
/// <param name="framing">By what command it is sent.</param>
/// <param name="write">Where it goes, piece by piece, a chunk with its command in one; false: the server wants no more of it.</param>
internal sealed class ContentWriter(ContentFraming framing, Func<ReadOnlyMemory<byte>, ValueTask<bool>> write)
{
    /// <summary>What is read at once.</summary>
    public const int BufferOctets = 64 * 1024;

    /// <summary>The most that one octet can become: CR LF, or a dot before it.</summary>
    private const int Growth = 2;

    /// <summary>What may come beside a piece: a line end that waited, one at the end, the dot.</summary>
    private const int SpareOctets = 8;

    /// <summary>Room for the command before a chunk: <c>BDAT 131080 LAST</c>.</summary>
    private const int CommandOctetsMax = 24;

    private byte[] _output = [];
    private int _length = CommandOctetsMax;
    private bool _atLineStart = true;
    private bool _afterCr;

    /// <summary>What was written of the message itself, without commands and dots: what RFC 1870 §6 calls its size.</summary>
    public long Octets { get; private set; }

    /// <summary>The whole content, to its end. False: the server wanted no more.</summary>
    public async Task<bool> SendAsync(IMessageContent content, SevenBitPlan? conversion, CancellationToken cancellationToken)
    {
        SevenBitEncoder? encoder = conversion is null ? null : new SevenBitEncoder(conversion);
        ArrayBufferWriter<byte> converted = new();
        byte[] input = new byte[(int)Math.Clamp(content.Octets, 1, BufferOctets)];
        _output = new byte[CommandOctetsMax + input.Length * Growth + SpareOctets];
        long offset = 0;
        while (await content.ReadAsync(offset, input, cancellationToken) is int length and > 0)
        {
            offset += length;
            if (encoder is null)
            {
                if (!await PutAsync(input.AsMemory(0, length)))
                {
                    return false;
                }
                continue;
            }
            encoder.Feed(input.AsSpan(0, length), converted);
            if (!await PutConvertedAsync(converted, input.Length))
            {
                return false;
            }
        }
        encoder?.Finish(converted);
        if (!await PutConvertedAsync(converted, input.Length))
        {
            return false;
        }
        if (_afterCr || !_atLineStart)
        {
            EndLine();
        }
        if (framing == ContentFraming.Dot)
        {
            Append(".\r\n"u8);
        }
        return await FlushAsync(isLast: true);
    }

    private async ValueTask<bool> PutConvertedAsync(ArrayBufferWriter<byte> converted, int pieceOctetsMax)
    {
        for (ReadOnlyMemory<byte> left = converted.WrittenMemory; !left.IsEmpty;)
        {
            int length = Math.Min(left.Length, pieceOctetsMax);
            if (!await PutAsync(left[..length]))
            {
                return false;
            }
            left = left[length..];
        }
        converted.ResetWrittenCount();
        return true;
    }

    // What was put before leaves only where there is no room beside it: so the last piece is known when it leaves.
    private async ValueTask<bool> PutAsync(ReadOnlyMemory<byte> octets)
    {
        bool isWanted = _length + octets.Length * Growth + SpareOctets <= _output.Length || await FlushAsync(isLast: false);
        if (isWanted)
        {
            Put(octets.Span);
        }
        return isWanted;
    }

    private void Put(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (_afterCr)
            {
                EndLine();
                if (octets[0] == '\n')
                {
                    octets = octets[1..];
                }
                continue;
            }
            if (framing == ContentFraming.Dot && _atLineStart && octets[0] == '.')
            {
                Append("."u8);
            }
            int end = octets.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                Append(octets);
                Octets += octets.Length;
                _atLineStart = false;
                return;
            }
            Append(octets[..end]);
            Octets += end;
            _atLineStart &= end == 0;
            if (octets[end] == '\r')
            {
                _afterCr = true;
            }
            else
            {
                EndLine();
            }
            octets = octets[(end + 1)..];
        }
    }

    private void EndLine()
    {
        Append("\r\n"u8);
        Octets += 2;
        _atLineStart = true;
        _afterCr = false;
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(_output.AsSpan(_length));
        _length += octets.Length;
    }

    private async ValueTask<bool> FlushAsync(bool isLast)
    {
        int start = CommandOctetsMax;
        if (framing == ContentFraming.Chunks)
        {
            byte[] command = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"BDAT {_length - CommandOctetsMax}{(isLast ? " LAST" : "")}\r\n"));
            start -= command.Length;
            command.CopyTo(_output, start);
        }
        bool isWanted = await write(_output.AsMemory(start.._length));
        _length = CommandOctetsMax;
        return isWanted;
    }
}
