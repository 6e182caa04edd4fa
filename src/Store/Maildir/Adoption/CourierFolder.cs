using System.Globalization;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir.Adoption;

/// <summary>
/// What Courier keeps beside the mail of a folder: <c>courierimapuiddb</c> (UIDs), <c>courierimapkeywords/</c>, and in the root
/// <c>courierpop3dsizelist</c> (UIDLs) and <c>courierimapsubscribed</c>. Read once, never written.
/// </summary>
internal static class CourierFolder
{
    public const string UidFileName = "courierimapuiddb";
    public const string SizesFileName = "courierpop3dsizelist";
    public const string SubscribedFileName = "courierimapsubscribed";
    public const string KeywordsFolderName = "courierimapkeywords";

    private const string KeywordListName = ":list";
    private const string InboxPrefix = "INBOX.";

    /// <summary>Version 1: <c>1</c> validity next, then <c>uid name</c>, as Dovecot's version 1, which was made after it. With the UIDLs and sizes of POP3 as fields.</summary>
    public static UidList? ReadUids(IFiles files, string folder)
    {
        UidList? list = files.ReadAll(Path.Combine(folder, UidFileName)) is { } content ? UidList.Parse(content) : null;
        if (list is null || list.Version != 1)
        {
            return null;
        }
        Dictionary<string, CourierPop3Entry> known = ReadSizes(files, folder);
        Dictionary<Uid, string> fields = [];
        foreach ((Uid uid, string baseName) in list.Entries)
        {
            if (known.TryGetValue(baseName, out CourierPop3Entry entry))
            {
                fields.Add(uid, string.Create(CultureInfo.InvariantCulture, $"W{entry.Octets} P{entry.Uidl}"));
            }
        }
        return list with { Fields = fields };
    }

    /// <summary>
    /// UIDLs by base names. A line: name, SP, octets with CRLF, and since version 1 SP number, since 2 <c>:</c> validity, since 3
    /// <c>:</c> whether it is UTF-8. The UIDL is UID<i>number</i>-<i>validity</i>, before that UID<i>number</i>, before that the name.
    /// </summary>
    public static Dictionary<string, CourierPop3Entry> ReadSizes(IFiles files, string folder)
    {
        Dictionary<string, CourierPop3Entry> entries = new(StringComparer.Ordinal);
        foreach (string line in Lines(files, Path.Combine(folder, SizesFileName)).Where(l => l[0] != '/'))
        {
            int last = line.LastIndexOf(' ');
            int middle = last > 0 ? line.LastIndexOf(' ', last - 1) : -1;
            string[] identity = middle < 0 ? ["0"] : line[(last + 1)..].Split(':');
            int nameEnd = middle < 0 ? last : middle;
            string octetsText = middle < 0 ? line[(last + 1)..] : line[(middle + 1)..last];
            if (nameEnd <= 0 || !long.TryParse(octetsText, NumberStyles.None, CultureInfo.InvariantCulture, out long octets)
                || !uint.TryParse(identity[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            {
                continue;
            }
            string baseName = BaseOf(line[..nameEnd]);
            bool hasValidity = identity.Length > 1 && identity[1] != "0";
            string uidl = number == 0 ? NameAsUidl(baseName) : hasValidity ? $"UID{number}-{identity[1]}" : $"UID{number}";
            entries[baseName] = new CourierPop3Entry(octets, uidl);
        }
        return entries;
    }

    /// <summary>Keywords by base names.</summary>
    /// <remarks>
    /// <c>:list</c> has the keywords, an empty line, and lines <c>name:index index…</c>. What was changed since has a file of its own,
    /// named as the message (newest) or <c>.number.name</c> (the higher number is newer), with a keyword in each line.
    /// </remarks>
    public static Dictionary<string, IReadOnlyList<string>> ReadKeywords(IFiles files, string folder)
    {
        string path = Path.Combine(folder, KeywordsFolderName);
        Dictionary<string, IReadOnlyList<string>> keywords = ReadKeywordList(files, Path.Combine(path, KeywordListName));
        Dictionary<string, long> ages = new(StringComparer.Ordinal);
        foreach (string name in (files.List(path) ?? []).Where(n => n != KeywordListName))
        {
            string message = name;
            long age = long.MaxValue;
            if (name[0] == '.')
            {
                int end = name.IndexOf('.', 1);
                if (end < 0 || !long.TryParse(name.AsSpan(1, end - 1), NumberStyles.None, CultureInfo.InvariantCulture, out age))
                {
                    continue;
                }
                message = name[(end + 1)..];
            }
            if (ages.GetValueOrDefault(message, -1) < age)
            {
                ages[message] = age;
                keywords[message] = [.. Lines(files, Path.Combine(path, name)).Where(IsKeyword)];
            }
        }
        return keywords;
    }

    /// <summary>Null where Courier kept none. Its names start with <c>INBOX.</c>, in the spelling of its folders.</summary>
    public static HashSet<MailboxName>? ReadSubscriptions(IFiles files, string root)
    {
        string path = Path.Combine(root, SubscribedFileName);
        if (!files.TryStat(path, out _))
        {
            return null;
        }
        string[] lines = Lines(files, path);
        FolderSpelling spelling = FolderNames.SpellingOf(lines.Select(l => "." + l));
        HashSet<MailboxName> names = [];
        foreach (string line in lines)
        {
            if (line == "INBOX")
            {
                names.Add(MailboxName.Inbox);
            }
            else if (line.StartsWith(InboxPrefix, StringComparison.Ordinal)
                && FolderNames.TryDecode("." + line[InboxPrefix.Length..], spelling, out MailboxName? name))
            {
                names.Add(name);
            }
        }
        return names;
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadKeywordList(IFiles files, string path)
    {
        Dictionary<string, IReadOnlyList<string>> keywords = new(StringComparer.Ordinal);
        string[] lines = OctetText.Decode(files.ReadAll(path) ?? []).Split('\n');
        string[] names = [.. lines.TakeWhile(l => l.Length > 0)];
        foreach (string line in lines.Skip(names.Length + 1))
        {
            int colon = line.LastIndexOf(':');
            if (colon > 0)
            {
                keywords[line[..colon]] =
                [
                    .. line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                        .Select(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < names.Length ? names[index] : "")
                        .Where(IsKeyword),
                ];
            }
        }
        return keywords;
    }

    /// <summary>Courier's rule for the UIDL of a message that has no number.</summary>
    private static string NameAsUidl(string baseName)
    {
        var uidl = new StringBuilder();
        foreach (byte octet in OctetText.Encode(baseName))
        {
            if (octet is < 0x21 or > 0x7E or (byte)'\'' or (byte)'"' or (byte)'+')
            {
                uidl.Append(CultureInfo.InvariantCulture, $"+{octet:X2}");
            }
            else
            {
                uidl.Append((char)octet);
            }
        }
        return uidl.ToString();
    }

    private static string BaseOf(string name) => name.IndexOf(':', StringComparison.Ordinal) is int colon and >= 0 ? name[..colon] : name;

    private static bool IsKeyword(string text) => text.Length > 0 && !text.Any(c => c <= ' ');

    private static string[] Lines(IFiles files, string path) =>
        OctetText.Decode(files.ReadAll(path) ?? []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A message in Courier's list for POP3.</summary>
internal readonly record struct CourierPop3Entry(long Octets, string Uidl);
