using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MailAccess.Message;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Pop3;

/// <summary>The lines behind a status line, with the final dot. RFC 1939 §3.</summary>
internal abstract class Pop3Body
{
    /// <summary>Writes everything; flushes on the way where it is much. False: it could not be finished, hang up.</summary>
    public abstract ValueTask<bool> WriteAsync(PipeWriter output, Pop3Limits limits);

    /// <summary>Lets go of what it was made from.</summary>
    public virtual ValueTask CloseAsync() => default;
}

/// <summary>Short ASCII lines, none of which begins with a dot.</summary>
internal sealed class ListBody(IEnumerable<string> lines) : Pop3Body
{
    public override async ValueTask<bool> WriteAsync(PipeWriter output, Pop3Limits limits)
    {
        foreach (string line in lines)
        {
            Encoding.ASCII.GetBytes(line, output);
            output.Write("\r\n"u8);
            if (output.UnflushedBytes >= limits.OutputOctetsMax)
            {
                await output.FlushAsync();
            }
        }
        output.Write(".\r\n"u8);
        return true;
    }
}

/// <summary>A message, or its header and first lines. In memory is one chunk of it.</summary>
internal sealed class MessageBody : Pop3Body
{
    private readonly IMessageContent _content;
    private readonly TopOfMessage? _top;
    private readonly byte[] _chunk;
    private long _start;
    private int _octets;

    private MessageBody(IMessageContent content, TopOfMessage? top, int chunkOctets)
    {
        _content = content;
        _top = top;
        _chunk = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(content.Octets, 1, chunkOctets));
    }

    /// <summary>Reads the first chunk before anything is said, so that a disk fault becomes an -ERR. Null: it could not be read.</summary>
    public static async ValueTask<MessageBody?> BeginAsync(IMessageContent content, TopOfMessage? top, Pop3Limits limits)
    {
        MessageBody body = new(content, top, limits.ChunkOctets);
        if (content.Octets == 0 || await body.ReadAsync(0))
        {
            return body;
        }
        await body.CloseAsync();
        return null;
    }

    /// <summary>
    /// A message that cannot be read to its end must not look like a shorter message: the final dot is not sent, and the client,
    /// cut off, asks again another time.
    /// </summary>
    public override async ValueTask<bool> WriteAsync(PipeWriter output, Pop3Limits limits)
    {
        DotStuffing stuffing = new(output);
        for (long offset = 0; offset < _content.Octets && _top is not { IsComplete: true };)
        {
            if (offset != _start && !await ReadAsync(offset))
            {
                return false;
            }
            offset += _octets;
            await stuffing.WriteAsync(_chunk.AsMemory(0, _top?.Take(_chunk.AsSpan(0, _octets)) ?? _octets));
        }
        stuffing.Complete();
        return true;
    }

    public override ValueTask CloseAsync()
    {
        ArrayPool<byte>.Shared.Return(_chunk);
        return _content.DisposeAsync();
    }

    /// <summary>False where the message's own header has octets above 127. What cannot be read here is told when it is written. RFC 6856 §2.1.</summary>
    public async ValueTask<bool> HasAsciiHeaderAsync()
    {
        HeaderWatch watch = new();
        for (long offset = 0; offset < _content.Octets && !watch.IsOver && !watch.HasEightBit; offset += _octets)
        {
            if (offset != _start && !await ReadAsync(offset))
            {
                break;
            }
            watch.Feed(_chunk.AsSpan(0, _octets));
        }
        return !watch.HasEightBit;
    }

    /// <summary>Kept apart from writing: the same exception means another thing there.</summary>
    private async ValueTask<bool> ReadAsync(long offset)
    {
        try
        {
            _start = offset;
            _octets = await _content.ReadAsync(offset, _chunk, CancellationToken.None);
            return _octets > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
