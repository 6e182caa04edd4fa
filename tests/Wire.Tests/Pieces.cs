using System.IO.Pipelines;

namespace MailAccess.Wire.Tests;

/// <summary>Input in pieces: every reader must find the same whatever the cuts.</summary>
internal static class Pieces
{
    /// <summary>Each way to cut the octets in two, then every fixed piece size.</summary>
    public static IEnumerable<byte[][]> OfEveryKind(byte[] octets)
    {
        for (int i = 0; i <= octets.Length; i++)
        {
            yield return [octets[..i], octets[i..]];
        }
        for (int size = 1; size < octets.Length; size++)
        {
            yield return [.. octets.Chunk(size)];
        }
    }

    /// <summary>Runs a consumer that sees one further piece each time it has consumed or examined all before.</summary>
    public static async Task<T> ReadAsync<T>(byte[][] pieces, Func<PipeReader, Task<T>> consume)
    {
        var pipe = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, minimumSegmentSize: 16,
            useSynchronizationContext: false));
        Task<T> consuming = consume(pipe.Reader);
        foreach (byte[] piece in pieces)
        {
            await pipe.Writer.WriteAsync(piece);
        }
        await pipe.Writer.CompleteAsync();
        return await consuming.Soon();
    }
}
