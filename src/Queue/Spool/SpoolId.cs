namespace MailAccess.Queue;

/// <summary>The queue id: the name of a message in the spool and in the log. Grows with time; eleven characters.</summary>
internal readonly record struct SpoolId(long Value) : IComparable<SpoolId>
{
    // Crockford's base 32 in lower case: no i, l, o, u to misread.
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int TextLength = 11;

    public static bool TryParse(ReadOnlySpan<char> text, out SpoolId id)
    {
        id = default;
        long value = 0;
        if (text.Length != TextLength)
        {
            return false;
        }
        foreach (char c in text)
        {
            int digit = Digits.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }
            value = (value << 5) | (long)digit;
        }
        id = new SpoolId(value);
        return true;
    }

    public int CompareTo(SpoolId other) => Value.CompareTo(other.Value);

    public override string ToString() => string.Create(TextLength, Value, static (text, value) =>
    {
        for (int i = TextLength - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(value & 31)];
            value >>= 5;
        }
    });
}

/// <summary>Gives out ids: microseconds since 1970, but each higher than all before and than all in the spool.</summary>
internal sealed class SpoolIdSource(TimeProvider clock)
{
    private long _last;

    public SpoolId Next()
    {
        long now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        while (true)
        {
            long last = Volatile.Read(ref _last);
            long next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                return new SpoolId(next);
            }
        }
    }

    /// <summary>This id is taken, whatever the clock says.</summary>
    public void SkipTo(SpoolId taken)
    {
        long last;
        while (taken.Value > (last = Volatile.Read(ref _last)) && Interlocked.CompareExchange(ref _last, taken.Value, last) != last)
        {
        }
    }
}
