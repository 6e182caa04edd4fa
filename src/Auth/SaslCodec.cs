using System.Buffers;
using System.Buffers.Text;

namespace MailAccess.Auth;

/// <summary>What a client's line in an exchange is.</summary>
public enum SaslLineKind
{
    /// <summary>A message, decoded.</summary>
    Message,
    /// <summary>The lone <c>*</c> by which a client gives up: RFC 4954 §4, RFC 5034 §4, RFC 9051 §6.2.2.</summary>
    Cancelled,
    /// <summary>Not base64.</summary>
    Malformed,
    /// <summary>More than <see cref="SaslLimits.EncodedOctetsMax"/> octets.</summary>
    TooLong,
}

/// <summary>The base64 lines in which IMAP, POP3 and SMTP carry SASL messages.</summary>
public static class SaslCodec
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    /// <summary>
    /// A line that answers a challenge; the empty line is the empty message. The message holds secrets: it is the caller's to clear.
    /// </summary>
    public static SaslLineKind DecodeResponse(ReadOnlySpan<byte> line, out byte[] message)
    {
        message = [];
        if (line.SequenceEqual("*"u8))
        {
            return SaslLineKind.Cancelled;
        }
        return line.IsEmpty ? SaslLineKind.Message : Decode(line, out message);
    }

    /// <summary>
    /// The initial response behind the mechanism's name: <c>=</c> is the empty message, RFC 4954 §4, RFC 5034 §4, RFC 9051 §6.2.2;
    /// nothing at all is none.
    /// </summary>
    public static SaslLineKind DecodeInitial(ReadOnlySpan<byte> word, out byte[] message)
    {
        message = [];
        if (word.SequenceEqual("="u8))
        {
            return SaslLineKind.Message;
        }
        return word.IsEmpty ? SaslLineKind.Malformed : Decode(word, out message);
    }

    /// <summary>A challenge as it goes onto the line.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> message)
    {
        byte[] encoded = new byte[Base64.GetMaxEncodedToUtf8Length(message.Length)];
        Base64.EncodeToUtf8(message, encoded, out _, out _);
        return encoded;
    }

    /// <summary>
    /// Strict: no white space, no line breaks, padding where RFC 4648 §4 wants it, and no bits set behind the end (§3.5).
    /// </summary>
    internal static bool TryDecodeBase64(ReadOnlySpan<byte> text, out byte[] octets)
    {
        octets = [];
        int data = text.IndexOfAnyExcept(Alphabet);
        int padding = data < 0 ? 0 : text.Length - data;
        if (text.Length % 4 != 0 || padding > 2 || text[^padding..].ContainsAnyExcept((byte)'='))
        {
            return false;
        }
        byte[] decoded = new byte[(text.Length / 4 * 3) - padding];
        byte[] scratch = new byte[decoded.Length + 2]; // The decoder wants room for whole quartets.
        bool whole = Base64.DecodeFromUtf8(text, scratch, out int consumed, out int written) == OperationStatus.Done
            && consumed == text.Length && written == decoded.Length && HasNoStrayBits(text, padding);
        scratch.AsSpan(0, decoded.Length).CopyTo(decoded);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(scratch);
        octets = whole ? decoded : [];
        return whole;
    }

    private static SaslLineKind Decode(ReadOnlySpan<byte> text, out byte[] message)
    {
        message = [];
        if (text.Length > SaslLimits.EncodedOctetsMax)
        {
            return SaslLineKind.TooLong;
        }
        return TryDecodeBase64(text, out message) ? SaslLineKind.Message : SaslLineKind.Malformed;
    }

    private static bool HasNoStrayBits(ReadOnlySpan<byte> text, int padding) => padding switch
    {
        1 => (Sextet(text[^2]) & 0b11) == 0,
        2 => (Sextet(text[^3]) & 0b1111) == 0,
        _ => true,
    };

    private static int Sextet(byte letter) => letter switch
    {
        >= (byte)'A' and <= (byte)'Z' => letter - 'A',
        >= (byte)'a' and <= (byte)'z' => letter - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => letter - '0' + 52,
        (byte)'+' => 62,
        _ => 63,
    };
}
