using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Mailbox names as Maildir++ folder names, and back: <c>a/b</c> is <c>.a.b</c>, INBOX is the root itself, what lies below
/// INBOX starts with <c>.INBOX.</c>, as Dovecot writes it.
/// </summary>
/// <remarks>
/// <para>Within a level what could be mistaken is shifted as in modified UTF-7, in both spellings: <c>.</c> (the separator on disk),
/// and a leading <c>~</c>; in UTF-8 also an <c>&amp;</c> that would look like one of these. So no name reaches outside the root, and two names never share a folder.</para>
/// <para>A folder that is spelled as no name is (two dots in a row, a control character, a wildcard, an <c>&amp;</c> without its end, octets that
/// are no UTF-8) is not hidden: each such octet is shown as the private character that <see cref="OctetText"/> gives it.</para>
/// </remarks>
internal static class FolderNames
{
    /// <summary>Longest folder name that file systems take, in octets.</summary>
    public const int FolderOctetsMax = 255;

    private const int ShiftOfPrivateLength = 8;

    private static readonly (char Plain, string Shifted)[] Utf8Shifts = [('&', "&ACY-"), ('.', "&AC4-"), ('~', "&AH4-")];

    /// <summary>The folder below the account's root; empty for INBOX.</summary>
    public static string Encode(MailboxName name, FolderSpelling spelling = FolderSpelling.ModifiedUtf7)
    {
        if (name.IsInbox)
        {
            return "";
        }
        var folder = new StringBuilder();
        foreach (string level in name.Levels)
        {
            folder.Append('.');
            if (spelling == FolderSpelling.Utf8)
            {
                EncodeUtf8(folder, level);
                continue;
            }
            int plain = 0;
            if (level[0] == '~')
            {
                ModifiedUtf7.Encode(folder, "~", _ => true);
                plain = 1;
            }
            ModifiedUtf7.Encode(folder, level.AsSpan(plain), c => c == '.');
        }
        return folder.ToString();
    }

    /// <summary>True where a file system takes the name's folder.</summary>
    public static bool Fits(MailboxName name, FolderSpelling spelling) => OctetText.Encode(Encode(name, spelling)).Length <= FolderOctetsMax;

    /// <summary>The mailbox of a folder. False for other files, and for names that cannot be shown at all: too long, too deep.</summary>
    public static bool TryDecode(string folder, [NotNullWhen(true)] out MailboxName? name) => TryDecode(folder, FolderSpelling.ModifiedUtf7, out name);

    /// <inheritdoc cref="TryDecode(string, out MailboxName?)"/>
    public static bool TryDecode(string folder, FolderSpelling spelling, [NotNullWhen(true)] out MailboxName? name)
    {
        name = null;
        if (!IsFolder(folder))
        {
            return false;
        }
        List<string> levels = [];
        foreach (string level in folder[1..].Split('.'))
        {
            if (!TryDecodeLevel(level, spelling, out string? decoded) || decoded.Contains(MailboxName.Separator, StringComparison.Ordinal))
            {
                return TryDecodeOctets(folder, out name);
            }
            levels.Add(decoded);
        }
        return (MailboxName.TryParse(string.Join(MailboxName.Separator, levels), out name) && !name.IsInbox) || TryDecodeOctets(folder, out name);
    }

    /// <summary>
    /// The mailboxes of all these folders. Where two folders say the same name (one as we spell it, one as another program does), the
    /// one keeps it, and the other is shown letter by letter.
    /// </summary>
    public static Dictionary<MailboxName, string> Map(IEnumerable<string> folders, FolderSpelling spelling)
    {
        Dictionary<MailboxName, string> mailboxes = [];
        foreach (string folder in folders.Where(IsFolder).OrderBy(f => f, StringComparer.Ordinal))
        {
            if (!TryDecode(folder, spelling, out MailboxName? name))
            {
                continue;
            }
            if (mailboxes.TryGetValue(name, out string? other))
            {
                bool isOurs = Encode(name, spelling) == folder;
                mailboxes[name] = isOurs ? folder : other;
                if (TryDecodeOctets(isOurs ? other : folder, out MailboxName? plain))
                {
                    mailboxes.TryAdd(plain, isOurs ? other : folder);
                }
                continue;
            }
            mailboxes.Add(name, folder);
        }
        return mailboxes;
    }

    /// <summary>How the account's folders are spelled, as far as they tell.</summary>
    public static FolderSpelling SpellingOf(IEnumerable<string> folders)
    {
        bool isUtf8 = false;
        // Octets that are no UTF-8 tell nothing.
        foreach (string folder in folders.Where(f => IsFolder(f) && !f.Contains(OctetText.Escape, StringComparison.Ordinal)))
        {
            bool isAscii = Ascii.IsValid(folder);
            if (isAscii && folder.Contains('&', StringComparison.Ordinal)
                && folder[1..].Split('.').All(l => ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(l), out _)))
            {
                return FolderSpelling.ModifiedUtf7; // Whoever writes UTF-8 has no reason for a shift.
            }
            isUtf8 |= !isAscii || folder.Contains('&', StringComparison.Ordinal);
        }
        return isUtf8 ? FolderSpelling.Utf8 : FolderSpelling.ModifiedUtf7;
    }

    /// <summary>Two leading dots are what programs remove, we among them.</summary>
    private static bool IsFolder(string folder) => folder.Length >= 2 && folder[0] == '.' && folder[1] != '.';

    private static bool TryDecodeLevel(string level, FolderSpelling spelling, [NotNullWhen(true)] out string? decoded)
    {
        if (spelling == FolderSpelling.ModifiedUtf7)
        {
            return ModifiedUtf7.TryDecodeLenient(level, out decoded);
        }
        var plain = new StringBuilder(level.Length);
        int at = 0;
        while (at < level.Length)
        {
            if (TryReadShift(level, at, out string? shifted, out int length))
            {
                plain.Append(shifted);
                at += length;
            }
            else
            {
                plain.Append(level[at++]);
            }
        }
        decoded = plain.ToString();
        return true;
    }

    /// <summary>Private characters are shifted one by one: as they are they would become octets (<see cref="OctetText"/>), and two of these a letter.</summary>
    private static void EncodeUtf8(StringBuilder folder, string level)
    {
        for (int i = 0; i < level.Length; i++)
        {
            if (level[i] == OctetText.Escape)
            {
                ModifiedUtf7.Encode(folder, level.AsSpan(i++, 2), _ => true);
                continue;
            }
            bool mustShift = level[i] == '.' || (level[i] == '~' && i == 0) || TryReadShift(level, i, out _, out _);
            folder.Append(mustShift ? Array.Find(Utf8Shifts, s => s.Plain == level[i]).Shifted : level[i].ToString());
        }
    }

    private static bool TryReadShift(string level, int at, [NotNullWhen(true)] out string? shifted, out int length)
    {
        int shift = Array.FindIndex(Utf8Shifts, s => string.CompareOrdinal(level, at, s.Shifted, 0, s.Shifted.Length) == 0);
        if (shift >= 0)
        {
            shifted = Utf8Shifts[shift].Plain.ToString();
            length = Utf8Shifts[shift].Shifted.Length;
            return true;
        }
        length = ShiftOfPrivateLength;
        shifted = null;
        return level[at] == '&' && at + length <= level.Length && level.IndexOf('-', at) == at + length - 1
            && ModifiedUtf7.TryDecodeLenient(level.Substring(at, length), out shifted) && shifted.Length == 2 && shifted[0] == OctetText.Escape;
    }

    /// <summary>Without any spelling: what a name may hold stands for itself, each octet of anything else for a private character.</summary>
    private static bool TryDecodeOctets(string folder, [NotNullWhen(true)] out MailboxName? name)
    {
        var text = new StringBuilder(folder.Length);
        bool isLevelEmpty = true;
        bool isEscaped = false;
        for (int i = 1; i < folder.Length; i++)
        {
            char c = folder[i];
            bool isSeparator = c == '.' && !isLevelEmpty && i + 1 < folder.Length;
            if (isSeparator)
            {
                text.Append(MailboxName.Separator);
                isLevelEmpty = true;
                continue;
            }
            isLevelEmpty = false;
            bool isPair = char.IsHighSurrogate(c) && i + 1 < folder.Length && char.IsLowSurrogate(folder[i + 1]);
            if (isPair)
            {
                text.Append(c).Append(folder[++i]);
            }
            else if (c is '.' or '&' or '/' || !MailboxName.Allows(c))
            {
                Escape(text, c.ToString());
                isEscaped = true;
            }
            else
            {
                text.Append(c);
            }
        }
        if (!isEscaped)
        {
            // INBOX, or a second spelling of a name: the first letter tells it apart.
            string first = Rune.GetRuneAt(text.ToString(), 0).ToString();
            var escaped = new StringBuilder();
            Escape(escaped, first);
            text.Remove(0, first.Length).Insert(0, escaped);
        }
        return MailboxName.TryParse(text.ToString(), out name) && !name.IsInbox;
    }

    private static void Escape(StringBuilder text, string letter)
    {
        foreach (byte octet in Encoding.UTF8.GetBytes(letter))
        {
            OctetText.Append(text, octet);
        }
    }
}
