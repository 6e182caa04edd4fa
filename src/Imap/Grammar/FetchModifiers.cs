using System.Text;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>What stands behind the data items of FETCH. RFC 4466 §2.4, RFC 7162 §3.1.4.1, §3.2.6, RFC 9394 §3.3.</summary>
internal sealed record FetchModifiers
{
    /// <summary>CHANGEDSINCE: only messages with a higher mod-sequence.</summary>
    public ModSeq? ChangedSince { get; private set; }

    /// <summary>PARTIAL: only so many of the messages that are named. RFC 9394 §3.3.</summary>
    public PartialRange? Partial { get; private set; }

    /// <summary>VANISHED: also what went since then.</summary>
    public bool HasVanished { get; private set; }

    /// <summary>fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")" — RFC 4466 §6; or nothing.</summary>
    public static bool TryParse(
        ImapArguments arguments, Numbering numbering, ImapServices services, ImapExtensions enabled, out FetchModifiers modifiers)
    {
        modifiers = new FetchModifiers();
        if (arguments.Next != (byte)' ' || (services.IsDisabled("CONDSTORE") && services.IsDisabled("PARTIAL")))
        {
            return true; // What stands there all the same is one thing too many.
        }
        if (!(arguments.TrySpace() && arguments.TryChar((byte)'(', "a list of modifiers")))
        {
            return false;
        }
        do
        {
            if (!modifiers.TryModifier(arguments, numbering, services, enabled))
            {
                return false;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        if (modifiers is { HasVanished: true, ChangedSince: null })
        {
            return arguments.Missing("CHANGEDSINCE beside VANISHED"); // RFC 7162 §3.2.6.
        }
        return arguments.TryChar((byte)')', "a modifier or )");
    }

    /// <summary>fetch-modifier =/ chgsince-fetch-mod / rexpunges-fetch-mod / modifier-partial — RFC 7162 §7, RFC 9394 §4. Each once.</summary>
    private bool TryModifier(ImapArguments arguments, Numbering numbering, ImapServices services, ImapExtensions enabled)
    {
        if (!arguments.TryAtom(out ReadOnlyMemory<byte> atom))
        {
            return Missing(arguments, services);
        }
        switch (Encoding.ASCII.GetString(atom.Span).ToUpperInvariant())
        {
            case "CHANGEDSINCE" when ChangedSince is null && !services.IsDisabled("CONDSTORE"):
                // mod-sequence-value is not 0, but phones say that when they have none: every message has changed since then.
                if (!(arguments.TrySpace() && arguments.TryModSeq(out ModSeq since)))
                {
                    return false;
                }
                ChangedSince = since;
                return true;
            case "VANISHED" when !HasVanished && !services.IsDisabled("QRESYNC"):
                HasVanished = true;
                return numbering == Numbering.Uid
                    ? (enabled & ImapExtensions.QResync) != 0 || arguments.Missing("ENABLE QRESYNC before VANISHED")
                    : arguments.Missing("VANISHED only in UID FETCH");
            case "PARTIAL" when Partial is null && !services.IsDisabled("PARTIAL"):
                if (numbering != Numbering.Uid)
                {
                    return arguments.Missing("PARTIAL only in UID FETCH"); // RFC 9394 §3.3.
                }
                bool hasRange = PartialRange.TryParse(arguments, out PartialRange? range);
                Partial = range;
                return hasRange;
            default:
                return Missing(arguments, services);
        }
    }

    private static bool Missing(ImapArguments arguments, ImapServices services)
    {
        (string Name, string Extension)[] all = [("CHANGEDSINCE", "CONDSTORE"), ("VANISHED", "QRESYNC"), ("PARTIAL", "PARTIAL")];
        return arguments.Missing(string.Join(" or ", all.Where(m => !services.IsDisabled(m.Extension)).Select(m => m.Name)) + ", each once");
    }
}
