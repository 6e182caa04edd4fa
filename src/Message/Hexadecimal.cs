namespace MailAccess.Message;

/// <summary>Two hexadecimal digits as an octet, in either case.</summary>
internal static class Hexadecimal
{
    public static bool IsOctet(ReadOnlySpan<byte> digits) =>
        digits.Length >= 2 && char.IsAsciiHexDigit((char)digits[0]) && char.IsAsciiHexDigit((char)digits[1]);

    public static byte Octet(ReadOnlySpan<byte> digits) => (byte)((Value(digits[0]) << 4) | Value(digits[1]));

    private static int Value(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
