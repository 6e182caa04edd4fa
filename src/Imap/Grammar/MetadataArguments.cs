using System.Text;
using MailAccess.Store;
using MailAccess.Store.Metadata;

namespace MailAccess.Imap.Grammar;

/// <summary>What GETMETADATA, SETMETADATA and LIST have in common. RFC 5464 §5, RFC 9590 §5.</summary>
internal static class MetadataArguments
{
    private static readonly MetadataLimits Names = new();

    /// <summary>A mailbox, or "" for the server.</summary>
    public static bool TryTarget(ImapArguments arguments, out MailboxName? name, out bool isServer)
    {
        int start = arguments.Position;
        isServer = arguments.TryString(out ReadOnlyMemory<byte> text) && text.IsEmpty;
        name = null;
        if (isServer)
        {
            return true;
        }
        arguments.Position = start;
        return arguments.TryMailbox(out name);
    }

    /// <summary>entry = astring, in lower case; an invalid one is BAD, §3.2.</summary>
    public static bool TryEntry(ImapArguments arguments, out string entry)
    {
        entry = "";
        if (!arguments.TryAstring(out ReadOnlyMemory<byte> octets))
        {
            return false;
        }
        entry = Encoding.Latin1.GetString(octets.Span).ToLowerInvariant();
        return AnnotationName.IsValid(entry, Names) || arguments.Missing("an entry such as /private/comment");
    }

    /// <summary>entries = entry / "(" entry *(SP entry) ")" — RFC 5464 §5; its examples have several without parentheses.</summary>
    public static bool TryEntries(ImapArguments arguments, out List<string> entries)
    {
        bool isList = arguments.Next == (byte)'(' && arguments.TryChar((byte)'(', "(");
        return TryEntryRun(arguments, out entries) && (!isList || arguments.TryChar((byte)')', "an entry or )"));
    }

    /// <summary>"(" entry *(SP entry) ")", each once, and not more than a LIST may ask for — RFC 9590 §5.</summary>
    public static bool TryEntryList(ImapArguments arguments, out List<string> entries)
    {
        entries = [];
        if (!arguments.TryChar((byte)'(', "a list of entries") || !TryEntryRun(arguments, out List<string> given))
        {
            return false;
        }
        entries = [.. given.Distinct()];
        return (entries.Count <= arguments.Limits.ListedEntriesMax || arguments.Missing("fewer entries")) && arguments.TryChar((byte)')', "an entry or )");
    }

    /// <summary>value = nstring / literal8 — §5. Null: NIL.</summary>
    public static bool TryValue(ImapArguments arguments, out ReadOnlyMemory<byte>? value)
    {
        // literal8 = "~{" number "}" CRLF *OCTET, RFC 3516 §3. One that holds NUL was refused when it came: values here are text.
        if (arguments.TryWord("~{"u8))
        {
            arguments.Position--;
        }
        bool read = arguments.TryNString(out ReadOnlyMemory<byte> octets, out bool isString);
        value = isString ? (ReadOnlyMemory<byte>?)octets.ToArray() : null; // The command's buffer goes.
        return read;
    }

    private static bool TryEntryRun(ImapArguments arguments, out List<string> entries)
    {
        entries = [];
        do
        {
            if (!TryEntry(arguments, out string entry))
            {
                return false;
            }
            entries.Add(entry);
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return true;
    }
}
