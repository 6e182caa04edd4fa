using System.Buffers;

namespace MailAccess.Message;

/// <summary>Undoes a content transfer encoding, piece by piece. Never fails: what is no encoding is passed over or through.</summary>
public abstract class TransferDecoder
{
    /// <summary>A decoder for the encoding by its name; one that changes nothing for 7bit, 8bit, binary and unknown names.</summary>
    public static TransferDecoder For(string transferEncoding) => transferEncoding.ToUpperInvariant() switch
    {
        "BASE64" => new Base64Decoder(),
        "QUOTED-PRINTABLE" => new QuotedPrintableDecoder(),
        _ => new IdentityDecoder(),
    };

    /// <summary>Decodes the next octets.</summary>
    public abstract void Decode(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output);

    /// <summary>After the last octets: what was held back.</summary>
    public abstract void Finish(IBufferWriter<byte> output);

    private sealed class IdentityDecoder : TransferDecoder
    {
        public override void Decode(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output) => output.Write(encoded);

        public override void Finish(IBufferWriter<byte> output)
        {
        }
    }
}
