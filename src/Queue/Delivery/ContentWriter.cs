using System.Buffers;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>Writes a message as it goes over the wire, in bounded memory: after DATA with stuffed dots and the final one (RFC 5321 §4.5.2), or bare for BDAT.</summary>
/// <remarks>
/// Whatever the content holds, only CR LF leaves: a bare CR or LF becomes a line end. So nobody behind us can see an end of
/// data, or a line that begins with a dot, where we did not (outbound SMTP smuggling).
/// </remarks>
/// <param name="isStuffed">For DATA. Else for BDAT: content up to <see cref="BufferOctets"/>, in one write.</param>
/// <param name="write">Where it goes.</param>
internal sealed class ContentWriter(bool isStuffed, Func<ReadOnlyMemory<byte>, ValueTask> write)
{
    /// <summary>What is read at once.</summary>
    public const int BufferOctets = 64 * 1024;

    /// <summary>The most that one octet can become: CR LF, or a dot before it.</summary>
    private const int Growth = 2;

    private readonly byte[] _output = new byte[BufferOctets * Growth + 8];
    private int _length;
    private bool _atLineStart = true;
    private bool _afterCr;

    /// <summary>The whole content, to the final dot where there is one.</summary>
    public async Task SendAsync(IMessageContent content, SevenBitPlan? conversion, CancellationToken cancellationToken)
    {
        SevenBitEncoder? encoder = conversion is null ? null : new SevenBitEncoder(conversion);
        ArrayBufferWriter<byte> converted = new();
        byte[] input = new byte[(int)Math.Clamp(content.Octets, 1, BufferOctets)];
        long offset = 0;
        while (await content.ReadAsync(offset, input, cancellationToken) is int length and > 0)
        {
            offset += length;
            if (encoder is not null)
            {
                encoder.Feed(input.AsSpan(0, length), converted);
                await PutConvertedAsync(converted);
                continue;
            }
            Put(input.AsSpan(0, length));
            if (isStuffed && offset < content.Octets)
            {
                await FlushAsync();
            }
        }
        if (encoder is not null)
        {
            encoder.Finish(converted);
            await PutConvertedAsync(converted);
        }
        if (_afterCr || !_atLineStart)
        {
            EndLine();
        }
        Append(isStuffed ? ".\r\n"u8 : []);
        await FlushAsync();
    }

    private async ValueTask PutConvertedAsync(ArrayBufferWriter<byte> converted)
    {
        for (ReadOnlyMemory<byte> left = converted.WrittenMemory; !left.IsEmpty;)
        {
            int length = Math.Min(left.Length, BufferOctets);
            Put(left.Span[..length]);
            left = left[length..];
            await FlushAsync();
        }
        converted.ResetWrittenCount();
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
            if (isStuffed && _atLineStart && octets[0] == '.')
            {
                Append("."u8);
            }
            int end = octets.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                Append(octets);
                _atLineStart = false;
                return;
            }
            Append(octets[..end]);
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
        _atLineStart = true;
        _afterCr = false;
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(_output.AsSpan(_length));
        _length += octets.Length;
    }

    private async ValueTask FlushAsync()
    {
        await write(_output.AsMemory(0, _length));
        _length = 0;
    }
}
