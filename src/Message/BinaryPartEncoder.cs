namespace MailAccess.Message;

/// <summary>
/// Passes a message on as it flows, but parts that are "binary" (RFC 2045 §6.2) in base64: what stores and sends mail in lines could not
/// keep their octets. A message without such parts comes out as it went in.
/// </summary>
public sealed class BinaryPartEncoder : PartRewriter
{
    /// <summary>For one message.</summary>
    public BinaryPartEncoder()
        : this(MessageLimits.Default)
    {
    }

    /// <summary>For one message, within these limits.</summary>
    public BinaryPartEncoder(MessageLimits limits)
        : base(limits)
    {
    }

    private protected override bool LooksInto(ContentDescription content) => content.IsMessage && !content.IsEncoded;

    private protected override PartTreatment Treat(ContentDescription content, bool holdsParts)
    {
        if (content.TransferEncoding != "BINARY")
        {
            return default;
        }
        HasGivenUp |= content.IsMultipart && !holdsParts;
        // What holds parts cannot be encoded itself (RFC 2045 §6.4), and its parts are lines from here on.
        return holdsParts ? new PartTreatment("8bit") : new PartTreatment("base64", new Base64Lines());
    }
}
