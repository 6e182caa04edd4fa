using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Store;

/// <summary>
/// Which mailboxes a rule of the administrator means: by name, where <c>*</c> stands for anything and <c>%</c> for anything within one
/// level, or by purpose, as <c>\Trash</c> (RFC 6154 §2).
/// </summary>
public sealed class MailboxSelector
{
    private readonly SpecialUse _use;

    private MailboxSelector(string text, SpecialUse use)
    {
        Text = text;
        _use = use;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>False for a purpose that does not exist, and for nothing at all.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MailboxSelector? selector)
    {
        SpecialUse use = SpecialUse.None;
        bool isUse = text.StartsWith('\\');
        bool isValid = isUse
            ? text.Length > 1 && char.IsAsciiLetter(text[1]) && Enum.TryParse(text[1..], ignoreCase: true, out use) && use != SpecialUse.None
            : text.Length is > 0 and <= MailboxName.OctetsMax && !text.Any(char.IsControl);
        selector = isValid ? new MailboxSelector(text, use) : null;
        return isValid;
    }

    /// <summary>True where the rule means this mailbox.</summary>
    public bool Matches(MailboxName name, SpecialUse use)
    {
        if (_use != SpecialUse.None)
        {
            return use == _use;
        }
        return name.IsInbox ? Text.Equals("INBOX", StringComparison.OrdinalIgnoreCase) || Matches(Text, name.Value) : Matches(Text, name.Value);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>In one pass with one way back for each kind of wildcard: linear in practice, never exponential.</summary>
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        // reachable[i]: the pattern so far can end at i.
        Span<bool> reachable = stackalloc bool[MailboxName.OctetsMax + 1];
        Span<bool> next = stackalloc bool[MailboxName.OctetsMax + 1];
        reachable[0] = true;
        foreach (char c in pattern)
        {
            next.Clear();
            bool carried = false;
            for (int i = 0; i <= name.Length; i++)
            {
                if (c is '*' or '%')
                {
                    carried = reachable[i] || (carried && (c == '*' || name[i - 1] != MailboxName.Separator));
                    next[i] = carried;
                }
                else if (i < name.Length && reachable[i] && name[i] == c)
                {
                    next[i + 1] = true;
                }
            }
            next.CopyTo(reachable);
        }
        return reachable[name.Length];
    }
}
