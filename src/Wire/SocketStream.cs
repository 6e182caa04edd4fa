using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace MailAccess.Wire;

/// <summary>
/// A socket as the stream that our reader and writer, or TLS between, rest on. Reads go to the socket without any
/// state machine or allocation; octets read ahead (a ClientHello) are given out first.
/// </summary>
internal sealed class SocketStream(Socket socket) : Stream
{
    private ReadOnlyMemory<byte> _ahead;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Gives octets back that were taken too early; the next reads return them.</summary>
    public void PutBack(ReadOnlyMemory<byte> octets) => _ahead = octets;

    /// <summary>Sends all of it; the number returned is its length.</summary>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> octets) => socket.SendAsync(octets, SocketFlags.None, CancellationToken.None);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ahead.IsEmpty)
        {
            return socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        }
        int count = Math.Min(buffer.Length, _ahead.Length);
        _ahead.Span[..count].CopyTo(buffer.Span);
        _ahead = count == _ahead.Length ? default : _ahead[count..]; // default: let go of the array
        return new ValueTask<int>(count);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await socket.SendAsync(buffer, SocketFlags.None, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A server is asynchronous only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A server is asynchronous only.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
