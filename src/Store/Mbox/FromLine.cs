using System.Globalization;
using System.Text;

namespace MailAccess.Store.Mbox;

/// <summary>
/// The line that begins a message: <c>From sender date</c>. As lenient as real spools need, and no more: a date and time must stand where
/// they belong, or text that begins with the word would be taken for one. RFC 4155 Appendix A describes the strict form.
/// </summary>
internal static class FromLine
{
    /// <summary>Longer lines are text.</summary>
    public const int OctetsMax = 1000;

    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    private static readonly string[] Months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    /// <summary>True for the octets that every such line begins with.</summary>
    public static bool HasPrefix(ReadOnlySpan<byte> line) => line.StartsWith("From "u8);

    /// <summary>Reads the line (its line end may be there). A date without a zone is in the zone given, as the programs that write it have it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, TimeZoneInfo localZone, out DateTimeOffset date)
    {
        date = default;
        if (!HasPrefix(line) || line.Length > OctetsMax)
        {
            return false;
        }
        string[] words = Encoding.Latin1.GetString(line[5..].TrimEnd("\r\n "u8)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        // The sender may be missing, or hold spaces where it is quoted: the weekday is what the date begins with.
        for (int i = 0; i + 3 < words.Length; i++)
        {
            if (IsDay(words[i]) && TryDate(words.AsSpan(i + 1), localZone, out date))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The line for a message of ours, with its LF.</summary>
    public static byte[] Format(string sender, DateTimeOffset date, TimeZoneInfo localZone)
    {
        DateTimeOffset local = TimeZoneInfo.ConvertTime(date, localZone);
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"From {sender} {Days[(int)local.DayOfWeek]} {Months[local.Month - 1]} {local.Day,2} {local:HH':'mm':'ss} {local.Year:D4}\n"));
    }

    private static bool IsDay(string word) =>
        word.Length is 3 or 4 && Array.Exists(Days, d => word.StartsWith(d, StringComparison.OrdinalIgnoreCase)) && (word.Length == 3 || word[3] == ',');

    /// <summary><c>Jan 2 03:04:05 [zone] 2026 [zone] [remote from host]</c>, or with day and month in the other order.</summary>
    private static bool TryDate(ReadOnlySpan<string> words, TimeZoneInfo localZone, out DateTimeOffset date)
    {
        date = default;
        if (words.Length < 3)
        {
            return false;
        }
        int month = MonthOf(words[0]);
        string dayWord = words[1];
        if (month < 0)
        {
            month = MonthOf(words[1]);
            dayWord = words[0];
        }
        if (month < 0 || !int.TryParse(dayWord, NumberStyles.None, CultureInfo.InvariantCulture, out int day))
        {
            return false;
        }
        ReadOnlySpan<string> rest = words[2..];
        int year = -1;
        if (rest.Length >= 2 && !rest[0].Contains(':', StringComparison.Ordinal) && TryYear(rest[0], out year))
        {
            rest = rest[1..]; // The year before the time.
        }
        if (!TryTime(rest[0], out TimeSpan time))
        {
            return false;
        }
        rest = rest[1..];
        TimeSpan? zone = null;
        for (int i = 0; i < 3 && !rest.IsEmpty && rest[0] != "remote"; i++, rest = rest[1..])
        {
            if (year < 0 && TryYear(rest[0], out year))
            {
                continue;
            }
            if (!TryZone(rest[0], out TimeSpan? offset))
            {
                return false;
            }
            zone = offset ?? zone;
        }
        if (year < 0 || (!rest.IsEmpty && rest[0] != "remote") || day < 1 || day > DateTime.DaysInMonth(year, month + 1))
        {
            return false;
        }
        DateTime local = new DateTime(year, month + 1, day).Add(time);
        date = new DateTimeOffset(local, zone ?? localZone.GetUtcOffset(local));
        return true;
    }

    private static int MonthOf(string word) => Array.FindIndex(Months, m => m.Equals(word, StringComparison.OrdinalIgnoreCase));

    private static bool TryYear(string word, out int year)
    {
        year = -1;
        if (word.Length is not (2 or 4) || !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return false;
        }
        year = word.Length == 4 ? number : number < 70 ? 2000 + number : 1900 + number;
        if (year is < 1970 or > 9998)
        {
            year = -1;
        }
        return year > 0;
    }

    /// <summary><c>hh:mm</c> or <c>hh:mm:ss</c>.</summary>
    private static bool TryTime(string word, out TimeSpan time)
    {
        time = default;
        string[] parts = word.Split(':');
        Span<int> numbers = stackalloc int[3];
        if (parts.Length is not (2 or 3))
        {
            return false;
        }
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length is 0 or > 2 || !int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return false;
            }
        }
        if (numbers[0] > 23 || numbers[1] > 59 || numbers[2] > 60)
        {
            return false;
        }
        time = new TimeSpan(numbers[0], numbers[1], Math.Min(numbers[2], 59)); // A leap second has no date of its own here.
        return true;
    }

    /// <summary><c>+0100</c>, or a name, which says nothing certain except for UTC. <c>DST</c> and <c>MET DST</c> are names.</summary>
    private static bool TryZone(string word, out TimeSpan? offset)
    {
        offset = null;
        if (word is "GMT" or "UTC" or "UT" or "Z")
        {
            offset = TimeSpan.Zero;
            return true;
        }
        if (word.Length == 5 && word[0] is '+' or '-' && int.TryParse(word.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            TimeSpan size = new(number / 100, number % 100, 0);
            offset = word[0] == '-' ? -size : size;
            return number / 100 <= 14 && number % 100 <= 59;
        }
        return word.Length is >= 2 and <= 5 && word.All(char.IsAsciiLetterUpper);
    }
}
