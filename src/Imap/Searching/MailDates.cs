using System.Text;

namespace MailAccess.Imap.Searching;

/// <summary>The day in a Date field, as its author wrote it, whatever the time and zone. RFC 3501 §6.4.4, SENTON.</summary>
internal static class MailDates
{
    private const string Months = "janfebmaraprmayjunjulaugsepoctnovdec";

    /// <summary>
    /// date-time = [day-of-week ","] day month year … — RFC 5322 §3.3,
    /// with the years of §4.3; comments do not matter here.
    /// </summary>
    public static bool TryParseDay(ReadOnlySpan<byte> value, out DateOnly day)
    {
        day = default;
        if (value.Length > 200 || !Ascii.IsValid(value))
        {
            return false;
        }
        string text = Encoding.ASCII.GetString(value);
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        string[] words = text[(comma + 1)..].Split([' ', '\t', '\r', '\n', '-'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 3 || !TryNumber(words[0], 2, out int number) || words[1].Length < 3 || !TryNumber(words[2], 4, out int year))
        {
            return false;
        }
        int month = Months.IndexOf(words[1][..3].ToLowerInvariant(), StringComparison.Ordinal);
        // Two digits: 1950 to 2049; three: since 1900. RFC 5322 §4.3.
        year += words[2].Length switch { 2 => year < 50 ? 2000 : 1900, 3 => 1900, _ => 0 };
        if (month < 0 || month % 3 != 0 || year < 1 || number < 1 || number > DateTime.DaysInMonth(year, (month / 3) + 1))
        {
            return false;
        }
        day = new DateOnly(year, (month / 3) + 1, number);
        return true;
    }

    private static bool TryNumber(string word, int digitsMax, out int number)
    {
        number = 0;
        return word.Length <= digitsMax
            && int.TryParse(word, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number);
    }
}
