using System.Globalization;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>HOLDFOR or HOLDUNTIL, as MAIL gave it: when a message may leave. RFC 4865 §3.</summary>
/// <param name="For">The time to wait from MAIL on; null for HOLDUNTIL.</param>
/// <param name="Until">The time to wait for; null for HOLDFOR.</param>
/// <param name="Value">The parameter's value as given.</param>
public sealed record HoldParameter(TimeSpan? For, DateTimeOffset? Until, string Value)
{
    private static readonly string[] DateTimeFormats = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"];

    /// <summary>orig-hold-param-value = ("for;" future-release-interval) / ("until;" future-release-date-time) — RFC 4865 §5.1.2.</summary>
    public override string ToString() => (For is null ? "until;" : "for;") + Value;

    /// <summary>future-release-integer = %x31-39 *8DIGIT — RFC 4865 §3.</summary>
    internal static HoldParameter? ParseFor(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > 9 || value[0] == '0' || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return null;
        }
        return new HoldParameter(TimeSpan.FromSeconds(int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture)), null, Encoding.ASCII.GetString(value));
    }

    /// <summary>Internet-style-date-time-UTC: date-time of RFC 3339 §5.6 with the offset <c>Z</c>.</summary>
    internal static HoldParameter? ParseUntil(ReadOnlySpan<byte> value)
    {
        string text = Encoding.UTF8.GetString(value).ToUpperInvariant();
        return DateTimeOffset.TryParseExact(
            text, DateTimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset until)
            ? new HoldParameter(null, until, text)
            : null;
    }
}
