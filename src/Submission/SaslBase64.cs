using System.Buffers;
using System.Buffers.Text;

namespace MailAccess.Submission;

/// <summary>base64 as RFC 4954 §4 wants it: nothing but the alphabet, padding only at the end.</summary>
internal static class SaslBase64
{
    public static bool TryDecode(ReadOnlySpan<byte> text, out byte[] octets)
    {
        octets = [];
        // The framework passes over white space; the RFC does not.
        if (text.IndexOfAny(" \t\r\n"u8) >= 0)
        {
            return false;
        }
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, decoded, out int consumed, out int written) != OperationStatus.Done || consumed != text.Length)
        {
            Array.Clear(decoded);
            return false;
        }
        octets = decoded.AsSpan(0, written).ToArray();
        Array.Clear(decoded);
        return true;
    }
}
