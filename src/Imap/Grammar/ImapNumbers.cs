namespace MailAccess.Imap.Grammar;

/// <summary>number = 1*DIGIT, an unsigned 32-bit integer — RFC 3501 §9.</summary>
internal static class ImapNumbers
{
    /// <summary>Reads the digits at a position and moves it behind them; false without digits or beyond 32 bits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ref int at, out uint number)
    {
        bool fits = TryParseLong(text, ref at, out ulong value) && value <= uint.MaxValue;
        number = fits ? (uint)value : 0;
        return fits;
    }

    /// <summary>The same up to 63 bits, for sizes that are legal but absurd and that a limit shall refuse.</summary>
    public static bool TryParseLong(ReadOnlySpan<byte> text, ref int at, out ulong number)
    {
        number = 0;
        int start = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
        {
            uint digit = (uint)(text[at] - '0');
            if (number > (ulong)(long.MaxValue - digit) / 10)
            {
                return false;
            }
            number = (number * 10) + digit;
            at++;
        }
        return at > start;
    }
}
