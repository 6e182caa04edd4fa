using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Mbox;

/// <summary>
/// Mailbox names as paths below an account's folder, and back: <c>a/b</c> is the file <c>a/b</c>, each level in modified UTF-7 as UW-IMAP and
/// Dovecot write it. A mailbox that has others below it is <c>a/.messages</c>, since a folder cannot be a file.
/// </summary>
/// <remarks>Within a level a leading <c>.</c> or <c>~</c>, and the dot of a final <c>.lock</c>, are shifted: no name is hidden or a lock's.</remarks>
internal static class TreeNames
{
    /// <summary>The file in a folder that has the messages of the folder's own name.</summary>
    public const string OwnMessages = ".messages";

    private const int LevelOctetsMax = 250 - 5;

    /// <summary>The path relative to the root; null where a level is too long for a file name.</summary>
    public static string? Encode(MailboxName name)
    {
        string[] levels = [.. name.Levels.Select(EncodeLevel)];
        return Array.Exists(levels, l => Encoding.UTF8.GetByteCount(l) > LevelOctetsMax) ? null : string.Join('/', levels);
    }

    /// <summary>False for what is no mailbox of ours.</summary>
    public static bool TryDecode(string path, [NotNullWhen(true)] out MailboxName? name)
    {
        name = null;
        List<string> levels = [];
        foreach (string level in path.Split('/'))
        {
            if (level.Length == 0 || level[0] == '.' || level.EndsWith(SpoolLock.Suffix, StringComparison.Ordinal)
                || !ModifiedUtf7.TryDecodeLenient(level, out string? decoded) || decoded.Contains(MailboxName.Separator))
            {
                return false;
            }
            levels.Add(decoded);
        }
        return MailboxName.TryParse(string.Join(MailboxName.Separator, levels), out name) && !name.IsInbox;
    }

    private static string EncodeLevel(string level)
    {
        var encoded = new StringBuilder();
        int start = 0;
        if (level[0] is '.' or '~')
        {
            ModifiedUtf7.Encode(encoded, level.AsSpan(0, 1), _ => true);
            start = 1;
        }
        int lockAt = level.EndsWith(SpoolLock.Suffix, StringComparison.Ordinal) ? level.Length - SpoolLock.Suffix.Length : -1;
        if (lockAt >= start)
        {
            ModifiedUtf7.Encode(encoded, level.AsSpan(start, lockAt - start), _ => false);
            ModifiedUtf7.Encode(encoded, level.AsSpan(lockAt, 1), _ => true);
            start = lockAt + 1;
        }
        ModifiedUtf7.Encode(encoded, level.AsSpan(start), _ => false);
        return encoded.ToString();
    }
}
