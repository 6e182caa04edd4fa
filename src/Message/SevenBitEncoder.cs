using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>
/// Brings a message through a channel of 7 bits, as its <see cref="SevenBitPlan"/> says: bodies with octets above 127 in quoted-printable or base64, the
/// fields that say so changed, all else as it was. RFC 6152 §3, RFC 2045 §6.
/// </summary>
/// <remarks>
/// Header fields with octets above 127 stay as they are: they need SMTPUTF8, or are broken. Octets above 127 before the first part and after the last,
/// which nobody is shown, become question marks. Signatures over the octets (DKIM) do not survive (RFC 6376 §5.3).
/// </remarks>
public sealed class SevenBitEncoder(SevenBitPlan plan) : PartRewriter(plan.Limits)
{
    private int _next;
    private bool _isInPart;

    private protected override bool LooksInto(ContentDescription content) => SevenBitPlan.IsLookedInto(content);

    private protected override PartTreatment Treat(ContentDescription content, bool holdsParts)
    {
        _isInPart = !holdsParts;
        SevenBitForm form = _next < plan.Forms.Count ? plan.Forms[_next++] : SevenBitForm.Unchanged;
        return form switch
        {
            SevenBitForm.Relabelled => new PartTreatment("7bit"),
            SevenBitForm.QuotedPrintable => new PartTreatment("quoted-printable", new QuotedPrintableLines()),
            SevenBitForm.Base64 => new PartTreatment("base64", new Base64Lines()),
            _ => default,
        };
    }

    private protected override void WriteHeader(ReadOnlySpan<byte> header, PartTreatment treatment, IBufferWriter<byte> output)
    {
        if (treatment.Encoding is not { } encoding)
        {
            output.Write(header);
            return;
        }
        if (!TryReplaceEncoding(header, encoding, output))
        {
            output.Write(Encoding.ASCII.GetBytes($"Content-Transfer-Encoding: {encoding}\r\n"));
        }
        if (IsMessageRoot && !Has(header, "MIME-Version"u8))
        {
            // Octets that nobody said the meaning of: RFC 1428 §3.
            output.Write("MIME-Version: 1.0\r\n"u8);
            output.Write(Has(header, "Content-Type"u8) ? [] : "Content-Type: text/plain; charset=unknown-8bit\r\n"u8);
        }
    }

    private protected override void WriteLines(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        if (_isInPart || Ascii.IsValid(octets))
        {
            output.Write(octets);
            return;
        }
        Span<byte> written = output.GetSpan(octets.Length);
        for (int i = 0; i < octets.Length; i++)
        {
            written[i] = octets[i] < 128 ? octets[i] : (byte)'?';
        }
        output.Advance(octets.Length);
    }

    private protected override void LeaveParts() => _isInPart = false;

    private static bool Has(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name)
    {
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (field.Is(name))
            {
                return true;
            }
        }
        return false;
    }
}
