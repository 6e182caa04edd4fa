using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// A LIST pattern in Unicode: <c>*</c> matches anything, <c>%</c> anything but the separator. RFC 3501 §6.3.8.
/// </summary>
internal sealed class MailboxPattern
{
    private readonly string _pattern;

    public MailboxPattern(string pattern) => _pattern = Simplify(pattern);

    /// <summary>INBOX is matched without regard to case, also as the first level of other names (RFC 3501 §5.1).</summary>
    public bool Matches(string name)
    {
        int caseless = name == MailboxName.Inbox.Value || name.StartsWith("INBOX/", StringComparison.Ordinal)
            ? MailboxName.Inbox.Value.Length : 0;
        // One pass over the name per pattern character: no pattern makes it explode.
        Span<bool> reached = stackalloc bool[name.Length + 1];
        reached[0] = true;
        foreach (char wanted in _pattern)
        {
            if (wanted is '*' or '%')
            {
                for (int i = 0; i < name.Length; i++)
                {
                    reached[i + 1] |= reached[i] && (wanted == '*' || name[i] != MailboxName.Separator);
                }
                continue;
            }
            for (int i = name.Length; i > 0; i--)
            {
                bool same = name[i - 1] == wanted || (i <= caseless && char.ToUpperInvariant(wanted) == name[i - 1]);
                reached[i] = reached[i - 1] && same;
            }
            reached[0] = false;
        }
        return reached[name.Length];
    }

    /// <summary>Runs of wildcards are one wildcard.</summary>
    private static string Simplify(string pattern)
    {
        System.Text.StringBuilder simple = new(pattern.Length);
        foreach (char c in pattern)
        {
            bool afterWildcard = simple.Length > 0 && simple[^1] is '*' or '%';
            if (c is '*' && afterWildcard)
            {
                simple[^1] = '*';
            }
            else if (c != '%' || !afterWildcard)
            {
                simple.Append(c);
            }
        }
        return simple.ToString();
    }
}
