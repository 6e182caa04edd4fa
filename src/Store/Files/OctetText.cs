using System.Buffers;
using System.Text;

namespace MailAccess.Store.Files;

/// <summary>
/// Octets as text and back, without loss: UTF-8, and each octet that is no UTF-8 as one private character, U+10FE80 to U+10FEFF.
/// So a file name of any octets is a string like any other; only where strings become octets of the system do they change back.
/// </summary>
/// <remarks>
/// Octets → text → octets is the identity for all octets: where these happen to spell one of our private characters, they are taken
/// for octets that are no UTF-8. No text becomes a dot, a slash or a zero that it does not hold: only octets above 0x7F have such characters.
/// (<see cref="Maildir.FolderNames"/> shows others as U+10FE00 to U+10FE7F, which here are characters like any other.)
/// </remarks>
internal static class OctetText
{
    /// <summary>The first half of each private character.</summary>
    public const char Escape = '\uDBFF';

    private const char SecondOfZero = '\uDE00';

    public static string Decode(ReadOnlySpan<byte> octets)
    {
        if (Ascii.IsValid(octets))
        {
            return Encoding.ASCII.GetString(octets);
        }
        var text = new StringBuilder(octets.Length);
        while (!octets.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(octets, out Rune rune, out int count);
            if (status == OperationStatus.Done && !IsOurs(rune))
            {
                text.Append(rune.ToString());
            }
            else
            {
                count = status == OperationStatus.Done ? count : 1;
                foreach (byte octet in octets[..count])
                {
                    Append(text, octet);
                }
            }
            octets = octets[count..];
        }
        return text.ToString();
    }

    /// <summary>The octets of the text, which <see cref="Decode"/> made or which has none of the private characters.</summary>
    public static byte[] Encode(string text)
    {
        if (!text.Contains(Escape, StringComparison.Ordinal))
        {
            return Encoding.UTF8.GetBytes(text);
        }
        var octets = new ArrayBufferWriter<byte>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Span<byte> room = octets.GetSpan(4);
            if (IsOurs(rune))
            {
                room[0] = (byte)rune.Value;
                octets.Advance(1);
            }
            else
            {
                octets.Advance(rune.EncodeToUtf8(room));
            }
        }
        return octets.WrittenSpan.ToArray();
    }

    /// <summary>Adds the private character that stands for the octet.</summary>
    public static void Append(StringBuilder text, byte octet) => text.Append(Escape).Append((char)(SecondOfZero + octet));

    private static bool IsOurs(Rune rune) => rune.Value is >= 0x10FE80 and <= 0x10FEFF;
}
