using System.Buffers;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>Reads a section and undoes its content transfer encoding, a bounded piece at a time.</summary>
/// <param name="content">The message.</param>
/// <param name="range">The section, encoded.</param>
/// <param name="start">Where to begin.</param>
internal sealed class SectionDecoder(IMessageContent content, OctetRange range, DecodingPoint start) : IDisposable
{
    private const int ChunkOctets = 32 * 1024;

    private readonly byte[] _chunk = ArrayPool<byte>.Shared.Rent(ChunkOctets);
    private readonly ArrayBufferWriter<byte> _decoded = new(ChunkOctets);
    private DecodingPoint _next = start;
    private bool _isFinished;

    /// <summary>The message ended before its section did: somebody has cut it.</summary>
    public bool IsCutOff { get; private set; }

    /// <inheritdoc cref="TransferDecoder.IsDamaged"/>
    public bool IsDamaged => _next.Decoder.IsDamaged;

    /// <summary>Where the latest piece began: going on from there gives it again.</summary>
    public DecodingPoint PieceStart { get; private set; }

    /// <summary>The next octets, decoded, valid until the next call; null at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync()
    {
        if (_isFinished || IsCutOff)
        {
            return null;
        }
        PieceStart = _next with { Decoder = _next.Decoder.Fork() };
        _decoded.ResetWrittenCount();
        int wanted = (int)Math.Min(ChunkOctets, range.Octets - _next.EncodedOctets);
        int read = wanted == 0 ? 0 : await content.ReadAsync(range.Offset + _next.EncodedOctets, _chunk.AsMemory(0, wanted), CancellationToken.None);
        IsCutOff = read == 0 && wanted > 0;
        _next.Decoder.Decode(_chunk.AsSpan(0, read), _decoded);
        _isFinished = _next.EncodedOctets + read == range.Octets;
        if (_isFinished)
        {
            _next.Decoder.Finish(_decoded);
        }
        _next = _next with { EncodedOctets = _next.EncodedOctets + read, Octets = _next.Octets + _decoded.WrittenCount };
        return _decoded.WrittenMemory;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_chunk);
}

/// <summary>A place in a section from which decoding can go on.</summary>
/// <param name="EncodedOctets">Octets of the section before it.</param>
/// <param name="Octets">What they came to.</param>
/// <param name="Decoder">As it was there.</param>
internal readonly record struct DecodingPoint(long EncodedOctets, long Octets, TransferDecoder Decoder);
