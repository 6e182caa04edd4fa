using System.Text;

namespace MailAccess.Store.Access;

/// <summary>
/// An access control list in the file <c>dovecot-acl</c>, as Dovecot has it: lines of an identifier (in quotes where it has spaces),
/// letters, and names of rights after a colon. Shared with Dovecot.
/// </summary>
/// <remarks>Where rights are not understood, a positive entry gives none and a negative one takes all. Lines without a known identifier are passed over.</remarks>
internal static class AccessFile
{
    public const string Name = "dovecot-acl";

    private static readonly (string Prefix, SubjectKind Kind)[] Kinds =
        [("user=", SubjectKind.User), ("group=", SubjectKind.Group), ("group-override=", SubjectKind.GroupOverride)];

    private static readonly Dictionary<string, Rights> Named = new(StringComparer.Ordinal)
    {
        ["lookup"] = Rights.Lookup,
        ["read"] = Rights.Read,
        ["write"] = Rights.Write,
        ["write-seen"] = Rights.Seen,
        ["write-deleted"] = Rights.DeleteMessages,
        ["insert"] = Rights.Insert,
        ["post"] = Rights.Post,
        ["expunge"] = Rights.Expunge,
        ["create"] = Rights.Create,
        ["delete"] = Rights.DeleteMailbox,
        ["admin"] = Rights.Administer,
    };

    public static AccessList Parse(ReadOnlySpan<byte> content)
    {
        List<AccessEntry> entries = [];
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            if (TryParseLine(line.TrimEnd('\r', ' '), out AccessEntry? entry))
            {
                entries.Add(entry!);
            }
        }
        return new AccessList(entries);
    }

    public static byte[] Format(AccessList list)
    {
        StringBuilder text = new();
        foreach (AccessEntry entry in list.Entries)
        {
            string prefix = Array.Find(Kinds, k => k.Kind == entry.Subject.Kind).Prefix ?? "";
            string identifier = (entry.IsNegative ? "-" : "") + prefix + (prefix.Length > 0 ? entry.Subject.Name : entry.Subject.ToString());
            text.Append(identifier.AsSpan().IndexOfAny(" \"\\") < 0 ? identifier : Quote(identifier));
            text.Append(' ').Append(entry.Rights.ToLetters()).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Quote(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static bool TryParseLine(string line, out AccessEntry? entry)
    {
        entry = null;
        if (line.Length == 0 || line[0] == '#' || !TryIdentifier(line, out string identifier, out int at))
        {
            return false;
        }
        bool isNegative = identifier[0] == '-';
        string plain = isNegative ? identifier[1..] : identifier;
        SubjectKind? named = null;
        foreach ((string prefix, SubjectKind kind) in Kinds)
        {
            if (plain.StartsWith(prefix, StringComparison.Ordinal))
            {
                named = kind;
                plain = plain[prefix.Length..];
                break;
            }
        }
        AccessSubject? subject = named is { } about ? new AccessSubject(about, plain)
            : plain is "anyone" or "authenticated" or "owner" && AccessSubject.TryParse(plain, out AccessSubject? fixedOne) ? fixedOne : null;
        if (subject is null || (named is not null && plain.Length == 0))
        {
            return false;
        }
        if (!TryRights(line[at..].Trim(), out Rights rights))
        {
            rights = isNegative ? Rights.All : Rights.None;
        }
        entry = new AccessEntry(subject, isNegative, rights);
        return true;
    }

    private static bool TryIdentifier(string line, out string identifier, out int at)
    {
        if (line[0] != '"')
        {
            at = line.IndexOf(' ', StringComparison.Ordinal);
            at = at < 0 ? line.Length : at;
            identifier = line[..at];
            return identifier is not ("" or "-");
        }
        StringBuilder text = new();
        for (at = 1; at < line.Length && line[at] != '"'; at++)
        {
            at += line[at] == '\\' && at + 1 < line.Length ? 1 : 0;
            text.Append(line[at]);
        }
        at++;
        identifier = text.ToString();
        at = Math.Min(at, line.Length);
        return identifier is not ("" or "-");
    }

    private static bool TryRights(string text, out Rights rights)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string letters = (colon < 0 ? text : text[..colon]).Trim();
        if (!RightsText.TryParse(letters, out rights))
        {
            return false;
        }
        foreach (string name in colon < 0 ? [] : text[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            rights |= Named.GetValueOrDefault(name);
        }
        return true;
    }
}
