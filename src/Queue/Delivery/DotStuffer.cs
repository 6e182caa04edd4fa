using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>Writes a message after DATA (RFC 5321 §4.5.2) in constant memory.</summary>
/// <remarks>
/// Whatever the content holds, only CR LF leaves: a bare CR or LF becomes a line end. So nobody behind us can see an end of
/// data, or a line that begins with a dot, where we did not (outbound SMTP smuggling).
/// </remarks>
internal sealed class DotStuffer(Func<ReadOnlyMemory<byte>, ValueTask> write)
{
    private const int BufferOctets = 64 * 1024;

    /// <summary>The most that one octet can become: CR LF, or a dot before it.</summary>
    private const int Growth = 2;

    private readonly byte[] _output = new byte[BufferOctets * Growth + 8];
    private int _length;
    private bool _atLineStart = true;
    private bool _afterCr;

    /// <summary>The whole content and the final dot.</summary>
    public async Task SendAsync(IMessageContent content, CancellationToken cancellationToken)
    {
        byte[] input = new byte[(int)Math.Clamp(content.Octets, 1, BufferOctets)];
        long offset = 0;
        while (await content.ReadAsync(offset, input, cancellationToken) is int length and > 0)
        {
            offset += length;
            Stuff(input.AsSpan(0, length));
            if (offset < content.Octets)
            {
                await FlushAsync();
            }
        }
        if (_afterCr || !_atLineStart)
        {
            EndLine();
        }
        Put(".\r\n"u8);
        await FlushAsync();
    }

    private void Stuff(ReadOnlySpan<byte> octets)
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
            if (_atLineStart && octets[0] == '.')
            {
                Put("."u8);
            }
            int end = octets.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                Put(octets);
                _atLineStart = false;
                return;
            }
            Put(octets[..end]);
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
        Put("\r\n"u8);
        _atLineStart = true;
        _afterCr = false;
    }

    private void Put(ReadOnlySpan<byte> octets)
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
