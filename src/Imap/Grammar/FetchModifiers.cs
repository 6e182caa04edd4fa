using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>What stands behind the data items of FETCH. RFC 4466 §2.4, RFC 7162 §3.1.4.1, §3.2.6.</summary>
internal sealed record FetchModifiers
{
    /// <summary>CHANGEDSINCE: only messages with a higher mod-sequence.</summary>
    public ModSeq? ChangedSince { get; private set; }

    /// <summary>VANISHED: also what went since then.</summary>
    public bool HasVanished { get; private set; }

    /// <summary>fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")" — RFC 4466 §6; or nothing.</summary>
    public static bool TryParse(
        ImapArguments arguments, Numbering numbering, ImapServices services, ImapExtensions enabled, out FetchModifiers modifiers)
    {
        modifiers = new FetchModifiers();
        if (arguments.Next != (byte)' ' || services.IsDisabled("CONDSTORE"))
        {
            return true; // What stands there all the same is one thing too many.
        }
        if (!(arguments.TrySpace() && arguments.TryChar((byte)'(', "a list of modifiers")))
        {
            return false;
        }
        do
        {
            if (!modifiers.TryModifier(arguments, numbering, !services.IsDisabled("QRESYNC"), enabled))
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

    /// <summary>fetch-modifier =/ chgsince-fetch-mod / rexpunges-fetch-mod — RFC 7162 §7. Each once.</summary>
    private bool TryModifier(ImapArguments arguments, Numbering numbering, bool hasQResync, ImapExtensions enabled)
    {
        if (ChangedSince is null && arguments.TryWord("CHANGEDSINCE"u8))
        {
            // mod-sequence-value is not 0, but phones say that when they have none: every message has changed since then.
            if (!(arguments.TrySpace() && arguments.TryModSeq(out ModSeq since)))
            {
                return false;
            }
            ChangedSince = since;
            return true;
        }
        if (HasVanished || !hasQResync || !arguments.TryWord("VANISHED"u8))
        {
            return arguments.Missing(hasQResync ? "CHANGEDSINCE or VANISHED, each once" : "CHANGEDSINCE, once");
        }
        HasVanished = true;
        return numbering == Numbering.Uid
            ? (enabled & ImapExtensions.QResync) != 0 || arguments.Missing("ENABLE QRESYNC before VANISHED")
            : arguments.Missing("VANISHED only in UID FETCH");
    }
}
