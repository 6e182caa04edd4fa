using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Mailbox names as Maildir++ folder names, and back: <c>a/b</c> is <c>.a.b</c>, INBOX is the root itself, what lies below
/// INBOX starts with <c>.INBOX.</c>, as Dovecot writes it.
/// </summary>
/// <remarks>
/// Within a level what could be mistaken is shifted in modified UTF-7: <c>.</c> (the separator on disk), <c>/</c>, and a
/// leading <c>~</c>. So no name reaches outside the root, and two names never share a folder. Other programs may spell a name
/// otherwise (UTF-8, or plain where we shift): such a folder is found by decoding and keeps its spelling.
/// </remarks>
internal static class FolderNames
{
    /// <summary>Longest folder name that file systems take.</summary>
    public const int FolderOctetsMax = 255;

    /// <summary>The folder below the account's root; empty for INBOX.</summary>
    public static string Encode(MailboxName name)
    {
        if (name.IsInbox)
        {
            return "";
        }
        var folder = new StringBuilder();
        foreach (string level in name.Levels)
        {
            folder.Append('.');
            int plain = 0;
            if (level[0] == '~')
            {
                ModifiedUtf7.Encode(folder, "~", _ => true);
                plain = 1;
            }
            ModifiedUtf7.Encode(folder, level.AsSpan(plain), MustShift);
        }
        return folder.ToString();
    }

    /// <summary>False for what is no mailbox of ours: other files, or names that no client could say.</summary>
    public static bool TryDecode(string folder, [NotNullWhen(true)] out MailboxName? name)
    {
        name = null;
        if (folder.Length < 2 || folder[0] != '.')
        {
            return false;
        }
        List<string> levels = [];
        foreach (string level in folder[1..].Split('.'))
        {
            if (!ModifiedUtf7.TryDecode(level, out string? decoded) || decoded.Contains(MailboxName.Separator))
            {
                return false;
            }
            levels.Add(decoded);
        }
        return MailboxName.TryParse(string.Join(MailboxName.Separator, levels), out name) && !name.IsInbox;
    }

    private static bool MustShift(char c) => c is '.' or '/';
}
