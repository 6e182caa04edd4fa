using System.Buffers;

namespace MailAccess.Submission;

/// <summary>Makes CRLF of every CR and LF that stands alone, in pieces of any size.</summary>
internal sealed class LineEndNormalizer
{
    private readonly ArrayBufferWriter<byte> _normalized = new();
    private bool _afterCr;

    /// <summary>The octets with their line ends mended; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Feed(ReadOnlyMemory<byte> octets)
    {
        ReadOnlySpan<byte> rest = octets.Span;
        if (!_afterCr && !rest.ContainsAny((byte)'\r', (byte)'\n'))
        {
            return octets;
        }
        _normalized.ResetWrittenCount();
        while (!rest.IsEmpty)
        {
            if (_afterCr && rest[0] == '\n')
            {
                _afterCr = false; // Its line end went out with the CR.
                rest = rest[1..];
                continue;
            }
            int special = rest.IndexOfAny((byte)'\r', (byte)'\n');
            _normalized.Write(special < 0 ? rest : rest[..special]);
            if (special < 0)
            {
                _afterCr = false;
                break;
            }
            _normalized.Write("\r\n"u8);
            _afterCr = rest[special] == '\r';
            rest = rest[(special + 1)..];
        }
        return _normalized.WrittenMemory;
    }
}
