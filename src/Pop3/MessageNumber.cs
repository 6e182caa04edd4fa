using System.Globalization;

namespace MailAccess.Pop3;

/// <summary>A message's number in this session: 1 to the count at login, deleted ones included. RFC 1939 §5.</summary>
internal readonly record struct MessageNumber(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
