using MailAccess.Imap.Mailboxes;
using MailAccess.Message.Folding;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>Which names LIST selects, beyond the patterns. RFC 5258 §3.1, RFC 6154 §2.</summary>
[Flags]
internal enum ListSelection
{
    /// <summary>Every existing name.</summary>
    None = 0,
    /// <summary>SUBSCRIBED: subscribed names, whether or not they exist.</summary>
    Subscribed = 1,
    /// <summary>REMOTE: also remote ones; there are none.</summary>
    Remote = 2,
    /// <summary>RECURSIVEMATCH: also names above selected ones.</summary>
    RecursiveMatch = 4,
    /// <summary>SPECIAL-USE: those with a purpose.</summary>
    SpecialUse = 8,
}

/// <summary>What LIST tells of each name. RFC 5258 §3.2, RFC 6154 §2, RFC 5819 §2, RFC 8440 §3, RFC 9590 §3.</summary>
[Flags]
internal enum ListReturn
{
    /// <summary>Attributes as LIST always gives them.</summary>
    None = 0,
    /// <summary>SUBSCRIBED</summary>
    Subscribed = 1,
    /// <summary>CHILDREN</summary>
    Children = 2,
    /// <summary>SPECIAL-USE</summary>
    SpecialUse = 4,
    /// <summary>STATUS (…)</summary>
    Status = 8,
    /// <summary>MYRIGHTS</summary>
    MyRights = 16,
    /// <summary>METADATA (…)</summary>
    Metadata = 32,
}

/// <summary>The arguments of LIST, plain or extended.</summary>
internal sealed class ListRequest
{
    private int _patternsSeen;

    private ListRequest()
    {
    }

    /// <summary>Extended in any of the three ways of RFC 5258 §1: then an empty pattern has no special meaning.</summary>
    public bool IsExtended { get; private set; }

    /// <summary>Selection options.</summary>
    public ListSelection Selection { get; private set; }

    /// <summary>Return options; SUBSCRIBED and SPECIAL-USE are implied where they select.</summary>
    public ListReturn Return { get; private set; }

    /// <summary>With <see cref="ListReturn.Status"/>: what.</summary>
    public StatusItems? Status { get; private set; }

    /// <summary>With <see cref="ListReturn.Metadata"/>: which annotations.</summary>
    public IReadOnlyList<string> Entries { get; private set; } = [];

    /// <summary>Canonical patterns; those that no name can match are left out.</summary>
    public List<MailboxPattern> Patterns { get; } = [];

    /// <summary>The plain command's empty pattern: asks for the separator and the root. RFC 3501 §6.3.8.</summary>
    public bool AsksForSeparator { get; private set; }

    /// <summary>
    /// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts] — RFC 5258 §6;
    /// where the extension is switched off, RFC 3501 §9.
    /// </summary>
    public static bool TryParse(ImapArguments arguments, ImapServices services, out ListRequest request)
    {
        request = new ListRequest();
        bool mayExtend = !services.IsDisabled("LIST-EXTENDED");
        if (!arguments.TrySpace())
        {
            return false;
        }
        if (mayExtend && arguments.Next == (byte)'(' && !(request.TrySelectionOptions(arguments, services) && arguments.TrySpace()))
        {
            return false;
        }
        if (!(arguments.TryAstring(out ReadOnlyMemory<byte> reference) && arguments.TrySpace() && request.TryPatterns(arguments, reference, mayExtend)))
        {
            return false;
        }
        if (mayExtend && arguments.Next == (byte)' ' && !request.TryReturnOptions(arguments, services))
        {
            return false;
        }
        request.AsksForSeparator &= !request.IsExtended;
        return arguments.AtEnd;
    }

    /// <summary>lsub = "LSUB" SP mailbox SP list-mailbox — RFC 3501 §9.</summary>
    public static bool TryParsePlain(ImapArguments arguments, out ListRequest request)
    {
        request = new ListRequest();
        return arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> reference)
            && arguments.TrySpace() && request.TryPatterns(arguments, reference, mayBeMany: false) && arguments.AtEnd;
    }

    /// <summary>A name matches where any pattern does. RFC 5258 §3.</summary>
    public bool Matches(string name) => Patterns.Exists(p => p.Matches(name));

    /// <summary>list-select-opts — RFC 5258 §6. What is not known is BAD (§3); given twice is given once.</summary>
    private bool TrySelectionOptions(ImapArguments arguments, ImapServices services)
    {
        IsExtended = true;
        bool parsed = TryOptions(arguments, "a selection option", () =>
        {
            ListSelection option = arguments.TryWord("SUBSCRIBED"u8) ? ListSelection.Subscribed
                : arguments.TryWord("REMOTE"u8) ? ListSelection.Remote
                : arguments.TryWord("RECURSIVEMATCH"u8) ? ListSelection.RecursiveMatch
                : !services.IsDisabled("SPECIAL-USE") && arguments.TryWord("SPECIAL-USE"u8) ? ListSelection.SpecialUse
                : ListSelection.None;
            Selection |= option;
            return option != ListSelection.None;
        });
        // RECURSIVEMATCH needs an option that it can recur on, §3.1.
        if (parsed && (Selection & (ListSelection.RecursiveMatch | ListSelection.Subscribed)) == ListSelection.RecursiveMatch)
        {
            return arguments.Missing("SUBSCRIBED beside RECURSIVEMATCH");
        }
        Return |= (Selection & ListSelection.Subscribed) != 0 ? ListReturn.Subscribed : ListReturn.None;
        Return |= (Selection & ListSelection.SpecialUse) != 0 ? ListReturn.SpecialUse : ListReturn.None;
        return parsed;
    }

    /// <summary>mbox-or-pat = list-mailbox / patterns — RFC 5258 §6.</summary>
    private bool TryPatterns(ImapArguments arguments, ReadOnlyMemory<byte> reference, bool mayBeMany)
    {
        if (!mayBeMany || arguments.Next != (byte)'(')
        {
            return TryPattern(arguments, reference);
        }
        IsExtended = true;
        return TryOptions(arguments, "a mailbox pattern", () => TryPattern(arguments, reference))
            && (_patternsSeen > 0 || arguments.Missing("a mailbox pattern"));
    }

    private bool TryPattern(ImapArguments arguments, ReadOnlyMemory<byte> reference)
    {
        if (!arguments.TryListMailbox(out ReadOnlyMemory<byte> wanted))
        {
            return false;
        }
        if (reference.Length + wanted.Length > arguments.Limits.ListPatternOctetsMax)
        {
            return arguments.Missing("a shorter pattern");
        }
        if (++_patternsSeen > arguments.Limits.ListPatternsMax)
        {
            return arguments.Missing("fewer patterns");
        }
        if (wanted.IsEmpty)
        {
            AsksForSeparator = true; // Extended: ignored for the purpose of matching, RFC 5258 §3.
            return true;
        }
        // The canonical form is the reference with the pattern behind it: there is one hierarchy, and no name is absolute
        // (RFC 3501 §6.3.8).
        if (arguments.TryDecodeName(reference.Span, out string? start) && arguments.TryDecodeName(wanted.Span, out string? rest))
        {
            Patterns.Add(new MailboxPattern(start + rest));
            if (arguments.Normalizer is not null)
            {
                Patterns.Add(new MailboxPattern(ComposedText.Compose(start + rest))); // RFC 9051 §5.1.
            }
        }
        return true;
    }

    /// <summary>list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")" — RFC 5258 §6.</summary>
    private bool TryReturnOptions(ImapArguments arguments, ImapServices services)
    {
        IsExtended = true;
        if (!(arguments.TrySpace() && (arguments.TryWord("RETURN"u8) || arguments.Missing("RETURN")) && arguments.TrySpace()))
        {
            return false;
        }
        return TryOptions(arguments, "a return option", () =>
        {
            ListReturn option = arguments.TryWord("SUBSCRIBED"u8) ? ListReturn.Subscribed
                : arguments.TryWord("CHILDREN"u8) ? ListReturn.Children
                : !services.IsDisabled("SPECIAL-USE") && arguments.TryWord("SPECIAL-USE"u8) ? ListReturn.SpecialUse
                : services.ListsMyRights && arguments.TryWord("MYRIGHTS"u8) ? ListReturn.MyRights
                : !services.IsDisabled("LIST-STATUS") && arguments.TryWord("STATUS"u8) ? ListReturn.Status
                : services.ListsMetadata && arguments.TryWord("METADATA"u8) ? ListReturn.Metadata
                : ListReturn.None;
            Return |= option;
            return option switch
            {
                ListReturn.None => false,
                ListReturn.Status => TryStatus(arguments, services),
                ListReturn.Metadata => TryMetadata(arguments),
                _ => true,
            };
        });
    }

    /// <summary>status-option = "STATUS" SP "(" status-att *(SP status-att) ")" — RFC 5819 §4.</summary>
    private bool TryStatus(ImapArguments arguments, ImapServices services)
    {
        if (!(arguments.TrySpace() && StatusItems.TryParse(arguments, services, out StatusItems items)))
        {
            return false;
        }
        Status = items;
        return true;
    }

    /// <summary>return-option =/ "METADATA" SP "(" entry *(SP entry) ")" — RFC 9590 §5.</summary>
    private bool TryMetadata(ImapArguments arguments)
    {
        if (!(arguments.TrySpace() && MetadataArguments.TryEntryList(arguments, out List<string> entries)))
        {
            return false;
        }
        Entries = entries;
        return true;
    }

    /// <summary>"(" [option *(SP option)] ")"</summary>
    private static bool TryOptions(ImapArguments arguments, string expected, Func<bool> tryOption)
    {
        if (!arguments.TryChar((byte)'(', "a parenthesis"))
        {
            return false;
        }
        if (arguments.TryWord(")"u8))
        {
            return true;
        }
        do
        {
            arguments.Missing(expected);
            if (!tryOption())
            {
                return false;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', $"{expected} or )");
    }
}
