using System.Buffers;
using System.Text;
using MailAccess.Message.Folding;

namespace MailAccess.Message;

/// <summary>The octets by which i;unicode-casemap orders text and finds it equal. RFC 5051 §2.</summary>
/// <remarks>As for searching, somewhat more is equal than RFC 5051 says: see <see cref="FoldedText"/>.</remarks>
public static class CollationKey
{
    /// <summary>Writes the key of a text; what is not UTF-8 in it counts as U+FFFD.</summary>
    public static void Write(ReadOnlySpan<byte> utf8, IBufferWriter<byte> output)
    {
        Span<byte> target = output.GetSpan(utf8.Length);
        if (Ascii.IsValid(utf8))
        {
            Ascii.ToUpper(utf8, target, out int written);
            output.Advance(written);
            return;
        }
        FoldedText folded = new(utf8.Length);
        folded.Append(Encoding.UTF8.GetString(utf8));
        folded.Finish();
        Encoding.UTF8.GetBytes(folded.Text, output);
    }
}
