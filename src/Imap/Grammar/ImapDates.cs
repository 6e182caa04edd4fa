using System.Text;

namespace MailAccess.Imap.Grammar;

/// <summary>Dates as IMAP writes them, RFC 3501 §9.</summary>
internal static class ImapDates
{
    /// <summary>Octets of a date-time with its quotes.</summary>
    public const int DateTimeOctets = 28;

    private static ReadOnlySpan<byte> Months => "JanFebMarAprMayJunJulAugSepOctNovDec"u8;

    /// <summary>date-text = date-day "-" date-month "-" date-year; date-day = 1*2DIGIT — RFC 3501 §9.</summary>
    public static bool TryParseDate(ReadOnlySpan<byte> text, out DateOnly date)
    {
        date = default;
        int at = 0;
        return text.Length is 10 or 11
            && ImapNumbers.TryParse(text, ref at, out uint day) && at == text.Length - 9
            && TryParseMonthAndYear(text[at..], out int month, out int year)
            && TryMakeDate(year, month, (int)day, out date);
    }

    /// <summary>
    /// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE — RFC 3501 §9,
    /// without the quotes.
    /// </summary>
    public static bool TryParseDateTime(ReadOnlySpan<byte> text, out DateTimeOffset value)
    {
        value = default;
        if (text.Length != DateTimeOctets - 2
            || text[11] != ' ' || text[14] != ':' || text[17] != ':' || text[20] != ' ' || text[21] is not ((byte)'+' or (byte)'-'))
        {
            return false;
        }
        // date-day-fixed = (SP DIGIT) / 2DIGIT
        if (!(TryTwoDigits(text[..2], out int day) || (text[0] == ' ' && TryTwoDigits([(byte)'0', text[1]], out day)))
            || !TryParseMonthAndYear(text[2..11], out int month, out int year) || !TryMakeDate(year, month, day, out DateOnly date)
            || !TryTwoDigits(text[12..14], out int hour) || !TryTwoDigits(text[15..17], out int minute)
            || !TryTwoDigits(text[18..20], out int second)
            || !TryTwoDigits(text[22..24], out int zoneHours) || !TryTwoDigits(text[24..26], out int zoneMinutes)
            || hour > 23 || minute > 59 || second > 60 || zoneMinutes > 59)
        {
            return false;
        }
        DateTime local = date.ToDateTime(new TimeOnly(hour, minute, Math.Min(second, 59))); // A leap second is the one before it.
        TimeSpan zone = new TimeSpan(zoneHours, zoneMinutes, 0) * (text[21] == '-' ? -1 : 1);
        long ticks = local.Ticks - zone.Ticks; // Not DateTimeOffset's own arithmetic: the grammar allows zones beyond its 14 hours.
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }
        value = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>Writes a date-time in UTC with its quotes; <see cref="DateTimeOctets"/> long.</summary>
    public static void WriteDateTime(long unixSeconds, Span<byte> destination)
    {
        DateTime time = DateTimeOffset.FromUnixTimeSeconds(
            Math.Clamp(unixSeconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds())).DateTime;
        "\"dd-Mon-yyyy hh:mm:ss +0000\""u8.CopyTo(destination);
        (int year, int month, int day) = time;
        WriteTwoDigits(day, destination[1..]);
        if (day < 10)
        {
            destination[1] = (byte)' ';
        }
        Months.Slice((month - 1) * 3, 3).CopyTo(destination[4..]);
        WriteTwoDigits(year / 100, destination[8..]);
        WriteTwoDigits(year % 100, destination[10..]);
        WriteTwoDigits(time.Hour, destination[13..]);
        WriteTwoDigits(time.Minute, destination[16..]);
        WriteTwoDigits(time.Second, destination[19..]);
    }

    private static bool TryParseMonthAndYear(ReadOnlySpan<byte> text, out int month, out int year)
    {
        month = 0;
        year = 0;
        if (text.Length != 9 || text[0] != '-' || text[4] != '-'
            || !TryTwoDigits(text[5..7], out int century) || !TryTwoDigits(text[7..9], out int rest))
        {
            return false;
        }
        year = (century * 100) + rest;
        for (int at = 0; at < Months.Length; at += 3)
        {
            if (Ascii.EqualsIgnoreCase(text[1..4], Months.Slice(at, 3)))
            {
                month = (at / 3) + 1;
            }
        }
        return month > 0;
    }

    private static bool TryMakeDate(int year, int month, int day, out DateOnly date)
    {
        bool exists = year >= 1 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
        date = exists ? new DateOnly(year, month, day) : default;
        return exists;
    }

    private static bool TryTwoDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = ((text[0] - '0') * 10) + text[1] - '0';
        return char.IsAsciiDigit((char)text[0]) && char.IsAsciiDigit((char)text[1]);
    }

    private static void WriteTwoDigits(int value, Span<byte> destination)
    {
        destination[0] = (byte)('0' + (value / 10));
        destination[1] = (byte)('0' + (value % 10));
    }
}
