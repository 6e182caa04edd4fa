using System.Buffers;

namespace MailAccess.Message;

/// <summary>Undoes a content transfer encoding, piece by piece. Never fails: what is no encoding is passed over or through.</summary>
public abstract class TransferDecoder
{
    /// <summary>
    /// Octets were passed over that cannot have been meant so: what came out is not what somebody encoded. Final after <see cref="Finish"/>.
    /// </summary>
    public virtual bool IsDamaged => false;

    /// <summary>A decoder for the encoding by its name; one that changes nothing for 7bit, 8bit, binary and unknown names.</summary>
    public static TransferDecoder For(string transferEncoding) => transferEncoding.ToUpperInvariant() switch
    {
        "BASE64" => new Base64Decoder(),
        "QUOTED-PRINTABLE" => new QuotedPrintableDecoder(),
        _ => new IdentityDecoder(),
    };

    /// <summary>One of the encodings of RFC 2045 §6.1; of others nobody here knows how to undo them.</summary>
    public static bool IsKnown(string transferEncoding) =>
        IsIdentity(transferEncoding) || transferEncoding.ToUpperInvariant() is "BASE64" or "QUOTED-PRINTABLE";

    /// <summary>The octets are what they mean. RFC 2045 §6.2.</summary>
    public static bool IsIdentity(string transferEncoding) => transferEncoding.ToUpperInvariant() is "7BIT" or "8BIT" or "BINARY";

    /// <summary>Decodes the next octets.</summary>
    public abstract void Decode(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output);

    /// <summary>After the last octets: what was held back.</summary>
    public abstract void Finish(IBufferWriter<byte> output);

    /// <summary>Another decoder that goes on from here as this one would. Holds a few octets.</summary>
    public abstract TransferDecoder Fork();

    private sealed class IdentityDecoder : TransferDecoder
    {
        public override void Decode(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output) => output.Write(encoded);

        public override TransferDecoder Fork() => this;

        public override void Finish(IBufferWriter<byte> output)
        {
        }
    }
}
