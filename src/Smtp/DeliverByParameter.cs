using System.Globalization;

namespace MailAccess.Smtp;

/// <summary>What becomes of a message that is late. RFC 2852 §4.</summary>
public enum DeliverByMode
{
    /// <summary><c>N</c>: the sender is told, and delivery goes on.</summary>
    Notify,
    /// <summary><c>R</c>: it is returned.</summary>
    Return,
}

/// <summary>BY, as MAIL has it on the wire. RFC 2852 §4.</summary>
/// <param name="Seconds">From MAIL on; zero and less only with <see cref="DeliverByMode.Notify"/>: the time has passed.</param>
/// <param name="Mode">What becomes of it then.</param>
/// <param name="Trace"><c>T</c>: the sender is told of each relay.</param>
public sealed record DeliverByParameter(int Seconds, DeliverByMode Mode, bool Trace)
{
    /// <summary>The largest number of seconds, either way.</summary>
    public const int SecondsMax = 999_999_999;

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Seconds};{(Mode == DeliverByMode.Return ? "R" : "N")}{(Trace ? "T" : "")}");

    /// <summary>by-value = by-time ";" by-mode [by-trace], by-time = ["-" / "+"] 1*9digit — RFC 2852 §4. Null: none.</summary>
    internal static DeliverByParameter? Parse(ReadOnlySpan<byte> value)
    {
        int semicolon = value.IndexOf((byte)';');
        if (semicolon < 1)
        {
            return null;
        }
        ReadOnlySpan<byte> time = value[..semicolon];
        bool isSigned = time[0] is (byte)'-' or (byte)'+';
        if (time.Length - (isSigned ? 1 : 0) is < 1 or > 9
            || !int.TryParse(time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seconds)
            || value[(semicolon + 1)..] is not ([_] or [_, (byte)'T' or (byte)'t']))
        {
            return null;
        }
        DeliverByMode? mode = (char)value[semicolon + 1] switch { 'R' or 'r' => DeliverByMode.Return, 'N' or 'n' => DeliverByMode.Notify, _ => null };
        return mode is null || (mode == DeliverByMode.Return && seconds <= 0) ? null : new DeliverByParameter(seconds, mode.Value, value.Length == semicolon + 3);
    }
}
