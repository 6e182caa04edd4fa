using System.Text;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>Flags as a client names them: the system flags we keep, and keywords.</summary>
internal sealed record FlagList(SystemFlags Flags, IReadOnlyList<string> Keywords)
{
    /// <summary>No flag.</summary>
    public static readonly FlagList Empty = new(SystemFlags.None, []);

    /// <summary>The keywords' bits in a mailbox, as far as it has them.</summary>
    public ulong KeywordsIn(KeywordTable table)
    {
        ulong keywords = 0;
        foreach (string keyword in Keywords)
        {
            keywords |= table.TryGetMask(keyword, out ulong mask) ? mask : 0;
        }
        return keywords;
    }

    /// <summary>flag-list = "(" [flag *(SP flag)] ")" — RFC 3501 §9.</summary>
    public static bool TryParse(ImapArguments arguments, out FlagList list)
    {
        list = Empty;
        if (!arguments.TryChar((byte)'(', "a flag list"))
        {
            return false;
        }
        if (arguments.TryWord(")"u8))
        {
            return true;
        }
        return TryParseBare(arguments, out list) && arguments.TryChar((byte)')', "a flag or )");
    }

    /// <summary>flag *(SP flag), as STORE allows without parentheses — RFC 3501 §9, store-att-flags.</summary>
    public static bool TryParseBare(ImapArguments arguments, out FlagList list)
    {
        SystemFlags flags = SystemFlags.None;
        List<string> keywords = [];
        list = Empty;
        do
        {
            if (!TryParseFlag(arguments, ref flags, keywords))
            {
                return false;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        list = new FlagList(flags, keywords);
        return true;
    }

    private static bool TryParseFlag(ImapArguments arguments, ref SystemFlags flags, List<string> keywords)
    {
        bool isSystem = arguments.TryWord("\\"u8);
        if (!arguments.TryAtom(out ReadOnlyMemory<byte> atom))
        {
            return arguments.Missing("a flag");
        }
        if (isSystem)
        {
            // \Recent cannot be changed by a client, and flags that PERMANENTFLAGS does not name may be ignored:
            // a copied message is worth more than its unknown flag (RFC 3501 §2.3.2, §7.1 PERMANENTFLAGS).
            flags |= SystemFlagNames.Find(atom.Span);
            return true;
        }
        string keyword = Encoding.ASCII.GetString(atom.Span);
        if (keyword.Length > arguments.Limits.KeywordOctetsMax)
        {
            return arguments.Missing("a shorter keyword");
        }
        if (!keywords.Contains(keyword, StringComparer.OrdinalIgnoreCase))
        {
            keywords.Add(keyword);
        }
        return keywords.Count <= KeywordTable.KeywordsMax || arguments.Missing("fewer keywords");
    }
}

/// <summary>The wire's names of <see cref="SystemFlags"/>.</summary>
internal static class SystemFlagNames
{
    /// <summary>All of them, as FLAGS and PERMANENTFLAGS list them.</summary>
    public static ReadOnlySpan<byte> All => "\\Answered \\Flagged \\Deleted \\Seen \\Draft"u8;

    /// <summary>The flag with this name (without backslash), or none.</summary>
    public static SystemFlags Find(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "Seen"u8) ? SystemFlags.Seen
        : Ascii.EqualsIgnoreCase(name, "Answered"u8) ? SystemFlags.Answered
        : Ascii.EqualsIgnoreCase(name, "Flagged"u8) ? SystemFlags.Flagged
        : Ascii.EqualsIgnoreCase(name, "Deleted"u8) ? SystemFlags.Deleted
        : Ascii.EqualsIgnoreCase(name, "Draft"u8) ? SystemFlags.Draft
        : SystemFlags.None;
}
