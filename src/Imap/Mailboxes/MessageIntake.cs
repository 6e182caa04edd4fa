using System.Buffers;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// Takes a message from the wire into the store. A bare LF becomes CRLF, since stored lines end so and some clients
/// upload what they find in their own files; everything else is kept as it comes.
/// </summary>
internal sealed class MessageIntake(IStagedMessage message)
{
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private static readonly byte[] LineEnd = [CarriageReturn, LineFeed];

    private StoreError _error;
    private bool _afterCarriageReturn;

    /// <summary>The next octets. After a failure of the store they are only counted off: the client must be heard out.</summary>
    public async ValueTask WriteAsync(ReadOnlySequence<byte> octets)
    {
        foreach (ReadOnlyMemory<byte> segment in octets)
        {
            await WriteSegmentAsync(segment);
        }
    }

    /// <summary>No more octets come; here a failure shows.</summary>
    public async ValueTask<StoreResult<Done>> CompleteAsync() =>
        _error == StoreError.None ? await message.CompleteAsync(CancellationToken.None) : _error;

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
