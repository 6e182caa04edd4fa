using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Store;

/// <summary>
/// A mailbox's name in Unicode, levels separated by <c>/</c>, INBOX in that spelling whatever the client wrote.
/// Only valid names exist. Never a path: each format has its own encoder with an inverse.
/// </summary>
public sealed record MailboxName
{
    /// <summary>Levels are separated by this, whatever the format writes on disk.</summary>
    public const char Separator = '/';

    /// <summary>Longest name in UTF-8 octets: any folder of 255 octets can be said. Whether a file system takes a new name its format decides.</summary>
    public const int OctetsMax = 1024;

    /// <summary>Deepest nesting.</summary>
    public const int LevelsMax = 30;

    /// <summary>The mailbox that every account has. RFC 9051 §5.1.</summary>
    public static readonly MailboxName Inbox = new("INBOX");

    private MailboxName(string value) => Value = value;

    /// <summary>The normalized name.</summary>
    public string Value { get; }

    /// <summary>True for INBOX itself.</summary>
    public bool IsInbox => Value == "INBOX";

    /// <summary>The levels from the top.</summary>
    public string[] Levels => Value.Split(Separator);

    /// <summary>The name one level up, or null at the top.</summary>
    public MailboxName? Parent => Value.LastIndexOf(Separator) is int cut and > 0 ? new MailboxName(Value[..cut]) : null;

    /// <summary>
    /// Refuses empty names and levels, <c>.</c> and <c>..</c> as a level, control characters, unpaired surrogates,
    /// wildcards (<c>*</c>, <c>%</c>: they could never be listed), and what is too long or too deep.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MailboxName? name)
    {
        name = null;
        if (text.Length == 0 || text.Length > OctetsMax || !IsText(text))
        {
            return false;
        }
        string[] levels = text.Split(Separator);
        if (levels.Length > LevelsMax || levels.Any(l => l is "" or "." or ".."))
        {
            return false;
        }
        if (levels[0].Equals("INBOX", StringComparison.OrdinalIgnoreCase))
        {
            levels[0] = "INBOX";
        }
        string value = string.Join(Separator, levels);
        if (Encoding.UTF8.GetByteCount(value) > OctetsMax)
        {
            return false;
        }
        name = new MailboxName(value);
        return true;
    }

    /// <summary>True where this name lies below the other one.</summary>
    public bool IsBelow(MailboxName other) =>
        Value.Length > other.Value.Length && Value[other.Value.Length] == Separator && Value.StartsWith(other.Value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>False for what no name holds; the separator and pairs of surrogates are the caller's matter.</summary>
    internal static bool Allows(char c) => !(char.IsControl(c) || char.IsSurrogate(c) || c is '*' or '%' or '\uFFFD' or '\u2028' or '\u2029');

    private static bool IsText(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (!char.IsSurrogate(c) && !Allows(c))
            {
                return false;
            }
            if (char.IsSurrogate(c) && !(char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[++i])))
            {
                return false;
            }
        }
        return true;
    }
}
