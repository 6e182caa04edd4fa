using System.Buffers;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// Takes a message from the wire into the store. A bare LF becomes CRLF, since stored lines end so and some clients
/// upload what they find in their own files. Binary parts, where there may be some, are put into base64 before that. Everything else is
/// kept as it comes.
/// </summary>
/// <param name="message">Where it goes.</param>
/// <param name="encoder">For what came as a literal8, RFC 3516 §4.4.</param>
internal sealed class MessageIntake(IStagedMessage message, BinaryPartEncoder? encoder = null)
{
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private static readonly byte[] LineEnd = [CarriageReturn, LineFeed];

    private readonly ArrayBufferWriter<byte>? _encoded = encoder is null ? null : new();
    private readonly HeaderWatch _header = new();
    private StoreError _error;
    private bool _afterCarriageReturn;

    /// <summary>Octets above 127 stand in the message's own header.</summary>
    public bool HasEightBitHeader => _header.HasEightBit;

    /// <summary>It could not be seen what of the message is binary: it must not be kept.</summary>
    public bool IsUnknown => encoder is { HasGivenUp: true };

    /// <summary>The next octets. After a failure of the store they are only counted off: the client must be heard out.</summary>
    public async ValueTask WriteAsync(ReadOnlySequence<byte> octets)
    {
        foreach (ReadOnlyMemory<byte> segment in octets)
        {
            _header.Feed(segment.Span);
            if (encoder is null)
            {
                await WriteSegmentAsync(segment);
                continue;
            }
            encoder.Feed(segment.Span, _encoded!);
            await WriteEncodedAsync();
        }
    }

    /// <summary>No more octets come; here a failure shows.</summary>
    public async ValueTask<StoreResult<Done>> CompleteAsync()
    {
        if (encoder is not null)
        {
            encoder.Finish(_encoded!);
            await WriteEncodedAsync();
        }
        return _error == StoreError.None ? await message.CompleteAsync(CancellationToken.None) : _error;
    }

    private async ValueTask WriteEncodedAsync()
    {
        await WriteSegmentAsync(_encoded!.WrittenMemory);
        _encoded.ResetWrittenCount();
    }

    private async ValueTask WriteSegmentAsync(ReadOnlyMemory<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            int bare = IndexOfBareLineFeed(segment.Span);
            int whole = bare < 0 ? segment.Length : bare;
            await PutAsync(segment[..whole]);
            if (bare < 0)
            {
                _afterCarriageReturn = segment.Span[^1] == CarriageReturn;
                return;
            }
            await PutAsync(LineEnd);
            _afterCarriageReturn = false;
            segment = segment[(bare + 1)..];
        }
    }

    private int IndexOfBareLineFeed(ReadOnlySpan<byte> segment)
    {
        int from = 0;
        while (segment[from..].IndexOf(LineFeed) is int found and >= 0)
        {
            int at = from + found;
            if (at == 0 ? !_afterCarriageReturn : segment[at - 1] != CarriageReturn)
            {
                return at;
            }
            from = at + 1;
        }
        return -1;
    }

    private async ValueTask PutAsync(ReadOnlyMemory<byte> octets)
    {
        if (_error == StoreError.None && !octets.IsEmpty)
        {
            StoreResult<Done> written = await message.WriteAsync(octets, CancellationToken.None);
            _error = written.Error;
        }
    }
}
