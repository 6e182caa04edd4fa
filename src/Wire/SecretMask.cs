namespace MailAccess.Wire;

/// <summary>The language spoken, as far as hiding its secrets needs to know.</summary>
public enum WireProtocol
{
    /// <summary>RFC 9051, RFC 3501.</summary>
    Imap,
    /// <summary>RFC 1939.</summary>
    Pop3,
    /// <summary>RFC 5321, also submission and LMTP.</summary>
    Smtp,
}

/// <summary>
/// Decides line by line which part of a conversation may be shown. Where it is unsure it hides more, never less.
/// </summary>
/// <remarks>
/// A client line whose first words hold AUTH, AUTHENTICATE, LOGIN, PASS or APOP is shown up to what names the command and
/// the mechanism. The lines that follow AUTH, AUTHENTICATE or an IMAP LOGIN (its literals) are hidden on both sides until the
/// server's final answer: challenges hold salts and nonces, which help to guess a password off line.
/// </remarks>
internal sealed class SecretMask(WireProtocol protocol)
{
    private const int WordsLookedAt = 3;
    private byte[]? _tag;

    /// <summary>We are inside an exchange of secrets: a client line that began or ended now is hidden whole.</summary>
    public bool InExchange { get; private set; }

    /// <summary>How many octets of this client line may be shown; its length: all of them.</summary>
    public int ShowClient(ReadOnlySpan<byte> line) => Math.Min(ShowCommand(line), BeforeToken(line));

    /// <summary>How many octets of this server line may be shown.</summary>
    public int ShowServer(ReadOnlySpan<byte> line) => Math.Min(ShowAnswer(line), BeforeToken(line));

    private static ReadOnlySpan<byte> TokenLabel => ";URLAUTH="u8;

    private static int BeforeToken(ReadOnlySpan<byte> line)
    {
        for (int at = 0; at + TokenLabel.Length < line.Length; at++)
        {
            if (line[at] == TokenLabel[0] && System.Text.Ascii.EqualsIgnoreCase(line.Slice(at, TokenLabel.Length), TokenLabel))
            {
                return at + TokenLabel.Length;
            }
        }
        return line.Length;
    }

    private int ShowCommand(ReadOnlySpan<byte> line)
    {
        if (InExchange)
        {
            return 0;
        }
        int word = 0;
        int start = 0;
        while (word < WordsLookedAt && TryNextWord(line, ref start, out int end))
        {
            ReadOnlySpan<byte> verb = line[start..end];
            if (IsSecretCommand(verb, out bool exchange))
            {
                int shown = end;
                if (exchange)
                {
                    InExchange = true;
                    _tag = protocol == WireProtocol.Imap ? FirstWord(line).ToArray() : null;
                }
                // The mechanism's name follows AUTH and AUTHENTICATE.
                start = end;
                if (System.Text.Ascii.EqualsIgnoreCase(verb[..4], "AUTH"u8) && TryNextWord(line, ref start, out int mechanismEnd))
                {
                    shown = mechanismEnd;
                }
                return shown;
            }
            start = end;
            word++;
        }
        return line.Length;
    }

    private int ShowAnswer(ReadOnlySpan<byte> line)
    {
        bool challenge = protocol == WireProtocol.Smtp ? line.StartsWith("334"u8) : line is [(byte)'+', (byte)' ', ..] or [(byte)'+'];
        if (challenge)
        {
            // IMAP also invites literals and IDLE by "+"; there the tag tells when secrets are exchanged.
            bool wasInExchange = InExchange;
            InExchange |= protocol != WireProtocol.Imap;
            return InExchange || wasInExchange ? Math.Min(line.Length, protocol == WireProtocol.Smtp ? 3 : 1) : line.Length;
        }
        if (InExchange && IsFinal(line))
        {
            InExchange = false;
            _tag = null;
        }
        return line.Length;
    }

    private bool IsFinal(ReadOnlySpan<byte> line) => protocol switch
    {
        WireProtocol.Smtp => line.Length >= 3 && line[0] is >= (byte)'2' and <= (byte)'5',
        WireProtocol.Pop3 => line.StartsWith("+OK"u8) || line.StartsWith("-ERR"u8),
        // A tag that is none is answered with "*".
        _ => (line.StartsWith(_tag) && line.Length > _tag!.Length && line[_tag.Length] == ' ') || line.StartsWith("* BAD"u8),
    };

    private bool IsSecretCommand(ReadOnlySpan<byte> verb, out bool exchange)
    {
        exchange = Is(verb, "AUTH"u8) || Is(verb, "AUTHENTICATE"u8) || (Is(verb, "LOGIN"u8) && protocol == WireProtocol.Imap);
        return exchange || Is(verb, "PASS"u8) || Is(verb, "APOP"u8) || Is(verb, "LOGIN"u8);
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> verb) => System.Text.Ascii.EqualsIgnoreCase(word, verb);

    private static ReadOnlySpan<byte> FirstWord(ReadOnlySpan<byte> line)
    {
        int start = 0;
        return TryNextWord(line, ref start, out int end) ? line[start..end] : default;
    }

    private static bool TryNextWord(ReadOnlySpan<byte> line, ref int start, out int end)
    {
        while (start < line.Length && line[start] is (byte)' ' or (byte)'\t')
        {
            start++;
        }
        int length = line[start..].IndexOfAny((byte)' ', (byte)'\t');
        end = length < 0 ? line.Length : start + length;
        return start < end;
    }
}
