using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MailAccess.Server.Control;

/// <summary>JSON objects, one a line, over a socket, which it owns. Not thread-safe.</summary>
/// <remarks>Throws <see cref="IOException"/> where the connection is lost, a line is too long or no JSON of ours.</remarks>
internal sealed class LineChannel : IAsyncDisposable
{
    private const int FlushOctets = 32 * 1024;
    private const int ReadOctets = 64 * 1024;

    private readonly NetworkStream _stream;
    private readonly PipeReader _input;
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly int _lineOctetsMax;

    public LineChannel(Socket socket, int lineOctetsMax)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: ReadOctets));
        _lineOctetsMax = lineOctetsMax;
    }

    /// <summary>The next object, or null at the end.</summary>
    public async Task<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        long seen = 0; // A long line is looked through once, not at each of its pieces again.
        while (true)
        {
            ReadResult read = await _input.ReadAsync(cancellationToken);
            if (read.Buffer.Slice(seen).PositionOf((byte)'\n') is { } end)
            {
                ReadOnlySequence<byte> line = read.Buffer.Slice(0, end);
                T? value = Parse(line, type);
                _input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return value;
            }
            if (read.IsCompleted)
            {
                return read.Buffer.IsEmpty ? null : throw new IOException("the connection ended in the middle of a line");
            }
            if (read.Buffer.Length > _lineOctetsMax)
            {
                throw new IOException($"a line has more than {_lineOctetsMax} octets");
            }
            seen = read.Buffer.Length;
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>May leave later, with others.</summary>
    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using (Utf8JsonWriter writer = new(_output))
        {
            JsonSerializer.Serialize(writer, value, type);
        }
        _output.Write("\n"u8);
        if (_output.WrittenCount >= FlushOctets)
        {
            await FlushAsync(cancellationToken);
        }
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(_output.WrittenMemory, cancellationToken);
        _output.ResetWrittenCount();
    }

    public async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await _stream.DisposeAsync();
    }

    private static T Parse<T>(ReadOnlySequence<byte> line, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            Utf8JsonReader reader = new(line);
            return JsonSerializer.Deserialize(ref reader, type) ?? throw new IOException("a line is no JSON object");
        }
        catch (JsonException e)
        {
            throw new IOException($"a line cannot be read: {e.Message}", e);
        }
    }
}
