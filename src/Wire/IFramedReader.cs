namespace MailAccess.Wire;

/// <summary>Content whose end the framing tells, given out piece by piece.</summary>
public interface IFramedReader
{
    /// <summary>The octets found by the last read. Valid until the next.</summary>
    ReadOnlyMemory<byte> Chunk { get; }

    /// <summary>Waits for the next octets. To be read until <see cref="ChunkOutcome.End"/>: only then is the input where the next reader expects it.</summary>
    ValueTask<ChunkOutcome> ReadAsync();
}
