using System.Buffers;

namespace MailAccess.Message;

/// <summary>Copies a message, or its header, with every line end as CRLF.</summary>
/// <param name="output">Where to.</param>
/// <param name="encoder">Writes it in a transfer encoding; null: as it is.</param>
internal sealed class CrlfCopy(Stream output, IBodyEncoder? encoder = null)
{
    private readonly ArrayBufferWriter<byte> _converted = new();
    private readonly ArrayBufferWriter<byte> _encoded = new();
    private bool _endsInCarriageReturn;

    public async Task AllAsync(Stream source, int bufferOctets, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[bufferOctets];
        while (await source.ReadAsync(buffer, cancellationToken) is int count and > 0)
        {
            await WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
        await FinishAsync(cancellationToken);
    }

    /// <summary>Up to the empty line, which is not copied, or to the limit at the end of a field.</summary>
    public async Task HeaderAsync(Stream source, int bufferOctets, int octetsMax, CancellationToken cancellationToken)
    {
        byte[] header = new byte[octetsMax];
        int length = 0;
        int end = -1;
        while (end < 0 && length < octetsMax)
        {
            int count = await source.ReadAsync(header.AsMemory(length, Math.Min(bufferOctets, octetsMax - length)), cancellationToken);
            length += count;
            end = EndOf(header.AsSpan(0, length));
            if (count == 0)
            {
                end = end < 0 ? length : end;
            }
        }
        await WriteAsync(header.AsMemory(0, end < 0 ? header.AsSpan().LastIndexOf((byte)'\n') + 1 : end), cancellationToken);
        await FinishAsync(cancellationToken);
    }

    /// <summary>Octets before the empty line; -1 where it has not come.</summary>
    private static int EndOf(ReadOnlySpan<byte> header)
    {
        if (header.StartsWith("\r\n"u8) || header.StartsWith("\n"u8))
        {
            return 0;
        }
        int crlf = header.IndexOf("\n\r\n"u8);
        int bare = header.IndexOf("\n\n"u8);
        int first = crlf < 0 || (bare >= 0 && bare < crlf) ? bare : crlf;
        return first < 0 ? -1 : first + 1;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        Convert(octets.Span);
        encoder?.Append(_converted.WrittenSpan, _encoded);
        await output.WriteAsync(encoder is null ? _converted.WrittenMemory : _encoded.WrittenMemory, cancellationToken);
        _converted.ResetWrittenCount();
        _encoded.ResetWrittenCount();
    }

    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        encoder?.Finish(_encoded);
        await output.WriteAsync(_encoded.WrittenMemory, cancellationToken);
    }

    private void Convert(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            int lineFeed = octets.IndexOf((byte)'\n');
            if (lineFeed < 0)
            {
                _converted.Write(octets);
                _endsInCarriageReturn = octets[^1] == '\r';
                return;
            }
            bool isCrlf = lineFeed == 0 ? _endsInCarriageReturn : octets[lineFeed - 1] == '\r';
            _converted.Write(octets[..lineFeed]);
            _converted.Write(isCrlf ? "\n"u8 : "\r\n"u8);
            _endsInCarriageReturn = false;
            octets = octets[(lineFeed + 1)..];
        }
    }
}
