namespace MailAccess.Imap.Grammar;

/// <summary>
/// The <c>{n}</c> or <c>{n+}</c> that ends a line and announces a literal — RFC 3501 §9, RFC 7888 §4.
/// </summary>
/// <param name="Start">Where its brace stands in the line.</param>
/// <param name="Octets">How long the literal will be; up to 63 bits, for the limit to refuse.</param>
/// <param name="IsSynchronizing">The client waits for our continuation request before it sends the literal.</param>
internal readonly record struct LiteralHeader(int Start, long Octets, bool IsSynchronizing)
{
    /// <summary>
    /// Finds it at the end of a line. Purely a matter of framing: a line that ends so is followed by a literal even
    /// where the grammar allows none, since the client will send it (or wait to be asked for it).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out LiteralHeader header)
    {
        header = default;
        int brace = line.LastIndexOf((byte)'{');
        if (brace < 0 || line[^1] != (byte)'}')
        {
            return false;
        }
        int at = brace + 1;
        if (!ImapNumbers.TryParseLong(line, ref at, out ulong octets))
        {
            // Digits beyond 63 bits are no number, but still announce a literal: one that no limit allows.
            if (at == brace + 1 || line[at..^1].TrimEnd((byte)'+').ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                return false;
            }
            octets = long.MaxValue;
            at = line.Length - (line[^2] == (byte)'+' ? 2 : 1);
        }
        bool nonSynchronizing = line[at] == (byte)'+';
        if (at + (nonSynchronizing ? 2 : 1) != line.Length)
        {
            return false;
        }
        header = new LiteralHeader(brace, (long)octets, !nonSynchronizing);
        return true;
    }
}
