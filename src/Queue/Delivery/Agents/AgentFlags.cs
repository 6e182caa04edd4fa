namespace MailAccess.Queue;

/// <summary>What a program wants of a message and of addresses; the letters are those of Postfix's pipe(8).</summary>
[Flags]
public enum AgentFlags
{
    /// <summary>The message as it is, with LF.</summary>
    None = 0,
    /// <summary><c>B</c>: a blank line follows.</summary>
    BlankLine = 1,
    /// <summary><c>D</c>: a Delivered-To field comes first.</summary>
    DeliveredTo = 2,
    /// <summary><c>F</c>: a line <c>From sender date</c> comes first.</summary>
    FromLine = 4,
    /// <summary><c>O</c>: an X-Original-To field comes first.</summary>
    OriginalTo = 8,
    /// <summary><c>R</c>: a Return-Path field comes first.</summary>
    ReturnPath = 16,
    /// <summary><c>h</c>: domains in arguments are in lower case.</summary>
    FoldDomain = 32,
    /// <summary><c>u</c>: local parts in arguments are in lower case.</summary>
    FoldLocalPart = 64,
    /// <summary><c>q</c>: local parts in whole addresses are quoted where RFC 5321 asks for it.</summary>
    Quote = 128,
    /// <summary><c>.</c>: a line that begins with a dot gets another one.</summary>
    StuffDots = 256,
    /// <summary><c>&gt;</c>: a line that begins with <c>From </c> gets a <c>&gt;</c>.</summary>
    QuoteFrom = 512,
    /// <summary><c>c</c>: lines end in CR LF. Ours alone: pipe(8) writes it as <c>eol=\r\n</c>.</summary>
    CrLf = 1024,
    /// <summary><c>X</c>: mail ends there. Without it a report of success says that the message was relayed, which is the program's last word.</summary>
    EndsHere = 2048,
}

/// <summary>The letters.</summary>
public static class AgentFlagLetters
{
    private static readonly (char Letter, AgentFlags Flag)[] Letters =
    [
        ('B', AgentFlags.BlankLine), ('D', AgentFlags.DeliveredTo), ('F', AgentFlags.FromLine), ('O', AgentFlags.OriginalTo),
        ('R', AgentFlags.ReturnPath), ('h', AgentFlags.FoldDomain), ('u', AgentFlags.FoldLocalPart), ('q', AgentFlags.Quote),
        ('.', AgentFlags.StuffDots), ('>', AgentFlags.QuoteFrom), ('c', AgentFlags.CrLf), ('X', AgentFlags.EndsHere),
    ];

    /// <summary>All letters.</summary>
    public static string All { get; } = string.Concat(Letters.Select(l => l.Letter));

    /// <summary>False: <paramref name="unknown"/> is not one of them.</summary>
    public static bool TryParse(string letters, out AgentFlags flags, out char unknown)
    {
        flags = AgentFlags.None;
        unknown = default;
        foreach (char letter in letters)
        {
            int found = Array.FindIndex(Letters, l => l.Letter == letter);
            if (found < 0)
            {
                unknown = letter;
                return false;
            }
            flags |= Letters[found].Flag;
        }
        return true;
    }
}
