using System.Buffers;
using System.Buffers.Text;

namespace MailAccess.Message;

/// <summary>base64, RFC 2045 §6.8: what is outside the alphabet is passed over, padding ends a group, a cut end is used.</summary>
internal sealed class Base64Decoder : TransferDecoder
{
    private const int ScratchOctets = 4096; // A multiple of four.

    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private byte[] _scratch = [];
    private int _length;
    private bool _isDamaged;

    /// <summary>
    /// White space and padding were always in it; text behind it, as mailing lists add it, and a group cut to six bits are not the
    /// encoder's.
    /// </summary>
    public override bool IsDamaged => _isDamaged;

    public static byte[] DecodeAll(ReadOnlySpan<byte> encoded)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(1, encoded.Length));
        var decoder = new Base64Decoder();
        decoder.Decode(encoded, output);
        decoder.Finish(output);
        return output.WrittenSpan.ToArray();
    }

    public override void Decode(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output)
    {
        Array.Resize(ref _scratch, ScratchOctets);
        while (!encoded.IsEmpty)
        {
            int run = encoded.IndexOfAnyExcept(Alphabet);
            ReadOnlySpan<byte> letters = run < 0 ? encoded : encoded[..run];
            encoded = encoded[letters.Length..];
            while (!letters.IsEmpty)
            {
                int taken = Math.Min(letters.Length, ScratchOctets - _length);
                letters[..taken].CopyTo(_scratch.AsSpan(_length));
                _length += taken;
                letters = letters[taken..];
                if (_length == ScratchOctets)
                {
                    FlushGroups(output);
                }
            }
            if (!encoded.IsEmpty)
            {
                if (encoded[0] == '=')
                {
                    Finish(output);
                }
                else
                {
                    _isDamaged |= encoded[0] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n');
                }
                encoded = encoded[1..];
            }
        }
        FlushGroups(output);
    }

    public override void Finish(IBufferWriter<byte> output)
    {
        FlushGroups(output);
        if (_length > 1)
        {
            // Two or three letters of a last group: one or two octets, whether padded or cut.
            int octets = _length - 1;
            _scratch.AsSpan(_length, 4 - _length).Fill((byte)'A');
            Span<byte> last = stackalloc byte[3];
            Base64.DecodeFromUtf8(_scratch.AsSpan(0, 4), last, out _, out _);
            output.Write(last[..octets]);
        }
        _isDamaged |= _length == 1;
        _length = 0;
    }

    public override TransferDecoder Fork()
    {
        byte[] held = new byte[4]; // Less than a group.
        _scratch.AsSpan(0, _length).CopyTo(held);
        return new Base64Decoder { _scratch = held, _length = _length, _isDamaged = _isDamaged };
    }

    private void FlushGroups(IBufferWriter<byte> output)
    {
        int whole = _length & ~3;
        if (whole > 0)
        {
            Base64.DecodeFromUtf8(_scratch.AsSpan(0, whole), output.GetSpan(whole / 4 * 3), out _, out int written, isFinalBlock: false);
            output.Advance(written);
            _scratch.AsSpan(whole, _length - whole).CopyTo(_scratch);
            _length -= whole;
        }
    }
}
