using System.Globalization;
using System.Text;

namespace MailAccess.Message;

/// <summary>Dates of header fields: RFC 5322 §3.3 with the obsolete forms of §4.3, and what programs really send.</summary>
public static class MessageDate
{
    private const int TokensMax = 16; // A date has at most nine; a field full of numbers is none.

    private const int OctetsMax = 200; // Without comments and white space; more is no date.

    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    // obs-zone, RFC 5322 §4.3; other letters say nothing and count as -0000.
    private static readonly (string Name, int Hours)[] Zones =
        [("EDT", -4), ("EST", -5), ("CDT", -5), ("CST", -6), ("MDT", -6), ("MST", -7), ("PDT", -7), ("PST", -8)];

    /// <summary>date-time — RFC 5322 §3.3, always with a numeric zone and four digits of year.</summary>
    public static string Format(DateTimeOffset date)
    {
        string sign = date.Offset < TimeSpan.Zero ? "-" : "+";
        return date.ToString("ddd, d MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + sign
            + date.Offset.ToString("hhmm", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Reads a date with or without weekday, comments, seconds, zone or the usual order. False where there is no day, month
    /// and year, or no such day.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out DateTimeOffset date)
    {
        Parts parts = new();
        MimeScanner scanner = new(WithoutCommentsInTime(value));
        for (int tokens = 0; tokens < TokensMax; tokens++)
        {
            scanner.SkipWhiteSpaceAndComments();
            while (scanner.TryTake((byte)',') || (!parts.ZoneMayFollow && scanner.TryTake((byte)'-')))
            {
                scanner.SkipWhiteSpaceAndComments();
            }
            if (scanner.AtEnd)
            {
                break;
            }
            parts.Take(scanner.ReadDateToken(parts.ZoneMayFollow));
        }
        return parts.TryBuild(out date);
    }

    /// <summary>obs-time-of-day allows white space and comments around its colons, RFC 5322 §4.3; they are taken out.</summary>
    private static byte[] WithoutCommentsInTime(ReadOnlySpan<byte> value)
    {
        List<byte> clean = [];
        for (int i = 0; i < value.Length && clean.Count < OctetsMax;)
        {
            bool isComment = value[i] == '(';
            bool isSpace = isComment || value[i] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
            if (!isSpace)
            {
                if (value[i] == ':' && clean is [.., (byte)' '])
                {
                    clean.RemoveAt(clean.Count - 1);
                }
                clean.Add(value[i]);
            }
            else if (clean is [.., not ((byte)' ' or (byte)':')])
            {
                clean.Add((byte)' ');
            }
            i += isComment ? MimeScanner.CommentLength(value[i..]) : 1;
        }
        return [.. clean];
    }

    private struct Parts
    {
        private int _day;
        private int _month;
        private int _year;
        private bool _hasYear;
        private TimeSpan? _time;
        private TimeSpan _offset;
        private bool _isAfternoon;

        /// <summary>Behind the time a sign begins a zone; before it, a dash only separates.</summary>
        public readonly bool ZoneMayFollow => _time is not null;

        public void Take(ReadOnlySpan<byte> token)
        {
            if (token.IsEmpty)
            {
                return;
            }
            if (token[0] is (byte)'+' or (byte)'-')
            {
                TakeNumericZone(token);
            }
            else if (token.Contains((byte)':'))
            {
                TakeTime(token);
            }
            else if (char.IsAsciiDigit((char)token[0]))
            {
                TakeNumber(token);
            }
            else
            {
                TakeWord(Encoding.Latin1.GetString(token));
            }
        }

        public readonly bool TryBuild(out DateTimeOffset date)
        {
            date = default;
            if (_day == 0 || _month == 0 || !_hasYear || _year is < 2 or > 9998 || _day > DateTime.DaysInMonth(_year, _month))
            {
                return false;
            }
            TimeSpan time = _time ?? TimeSpan.Zero;
            time += _isAfternoon && time.Hours < 12 ? TimeSpan.FromHours(12) : TimeSpan.Zero;
            date = new DateTimeOffset(new DateTime(_year, _month, _day, 0, 0, 0, DateTimeKind.Unspecified) + time, _offset);
            return true;
        }

        private void TakeNumber(ReadOnlySpan<byte> token)
        {
            if (!int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                return;
            }
            if (_day == 0 && token.Length <= 2 && number is >= 1 and <= 31)
            {
                _day = number;
            }
            else if (!_hasYear && token.Length <= 4)
            {
                // RFC 5322 §4.3: two digits up to 49 are 2000 and later, other two and all three digits count from 1900.
                _year = token.Length == 2 && number <= 49 ? 2000 + number : token.Length is 2 or 3 ? 1900 + number : number;
                _hasYear = token.Length > 1;
            }
        }

        private void TakeTime(ReadOnlySpan<byte> token)
        {
            if (_time is not null)
            {
                return;
            }
            Span<int> fields = [0, 0, 0];
            int count = 0;
            foreach (Range range in token.Split((byte)':'))
            {
                if (count == 3 || !int.TryParse(token[range], NumberStyles.None, CultureInfo.InvariantCulture, out fields[count]))
                {
                    return;
                }
                count++;
            }
            if (fields[0] <= 23 && fields[1] <= 59 && fields[2] <= 60)
            {
                _time = new TimeSpan(fields[0], fields[1], Math.Min(fields[2], 59)); // A leap second is the second before it.
            }
        }

        private void TakeNumericZone(ReadOnlySpan<byte> token)
        {
            bool fits = token.Length == 5 && int.TryParse(token[1..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number / 100 <= 14 && number % 100 <= 59 && number <= 1400;
            if (fits)
            {
                int digits = int.Parse(token[1..], NumberStyles.None, CultureInfo.InvariantCulture);
                TimeSpan offset = new(digits / 100, digits % 100, 0);
                _offset = token[0] == '-' ? -offset : offset;
            }
        }

        private void TakeWord(string word)
        {
            int month = word.Length >= 3 ? Array.FindIndex(Months, m => word.StartsWith(m, StringComparison.OrdinalIgnoreCase)) : -1;
            if (month >= 0 && _month == 0)
            {
                _month = month + 1;
                return;
            }
            _isAfternoon |= word.Equals("PM", StringComparison.OrdinalIgnoreCase);
            foreach ((string name, int hours) in Zones)
            {
                if (_time is not null && word.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    _offset = TimeSpan.FromHours(hours);
                }
            }
        }
    }
}
