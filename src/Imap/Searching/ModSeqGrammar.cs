using System.Diagnostics.CodeAnalysis;
using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer — RFC 7162 §7; from behind the first space on.</summary>
internal static class ModSeqGrammar
{
    /// <summary>Which flag of a message is meant does not matter: it has one mod-sequence for all of them, RFC 7162 §3.1.5.</summary>
    public static bool TryKey(ImapArguments arguments, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (arguments.Next == (byte)'"' && !(TryEntry(arguments) && arguments.TrySpace() && TryType(arguments) && arguments.TrySpace()))
        {
            return false;
        }
        if (!arguments.TryModSeq(out ModSeq first))
        {
            return false;
        }
        key = new SearchKey.ChangedAt(first);
        return true;
    }

    /// <summary>entry-flag-name = DQUOTE "/flags/" attr-flag DQUOTE; attr-flag = ["\\"] atom.</summary>
    private static bool TryEntry(ImapArguments arguments)
    {
        const string Expected = "the name of a flag such as \"/flags/\\\\seen\"";
        if (!arguments.TryString(out ReadOnlyMemory<byte> name))
        {
            return false;
        }
        ImapArguments entry = new(name, arguments.Limits);
        bool isFlag = entry.TryWord("/flags/"u8) && (entry.TryWord("\\"u8) || true) && entry.TryAtom(out _) && entry.AtEnd;
        return isFlag || arguments.Missing(Expected);
    }

    /// <summary>entry-type-req = "priv" / "shared" / "all"</summary>
    private static bool TryType(ImapArguments arguments) =>
        arguments.TryWord("priv"u8) || arguments.TryWord("shared"u8) || arguments.TryWord("all"u8) || arguments.Missing("priv, shared or all");
}
