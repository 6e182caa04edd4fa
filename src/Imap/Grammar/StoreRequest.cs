using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>How STORE changes flags.</summary>
/// <param name="Operation">FLAGS, +FLAGS, -FLAGS.</param>
/// <param name="Flags">The given ones.</param>
/// <param name="IsSilent">The client reckons the result itself.</param>
/// <param name="UnchangedSince">Only messages with a mod-sequence that is not higher; null: all.</param>
internal sealed record StoreRequest(FlagOperation Operation, FlagList Flags, bool IsSilent, ModSeq? UnchangedSince)
{
    /// <summary>
    /// store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags — RFC 4466 §6, RFC 3501 §9; from behind the set on.
    /// </summary>
    public static bool TryParse(ImapArguments arguments, ImapServices services, out StoreRequest request)
    {
        request = null!;
        ModSeq? unchangedSince = null;
        if (!services.IsDisabled("CONDSTORE") && arguments.TryWord(" ("u8))
        {
            // store-modifier =/ "UNCHANGEDSINCE" SP mod-sequence-valzer, once — RFC 7162 §7.
            if (!((arguments.TryWord("UNCHANGEDSINCE"u8) || arguments.Missing("UNCHANGEDSINCE")) && arguments.TrySpace()
                  && arguments.TryModSeq(out ModSeq limit) && arguments.TryChar((byte)')', ") behind one UNCHANGEDSINCE")))
            {
                return false;
            }
            unchangedSince = limit;
        }
        return arguments.TrySpace() && TryParseChange(arguments, unchangedSince, out request);
    }

    /// <summary>store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) — RFC 3501 §9.</summary>
    private static bool TryParseChange(ImapArguments arguments, ModSeq? unchangedSince, out StoreRequest request)
    {
        request = null!;
        FlagOperation operation = arguments.TryWord("+"u8) ? FlagOperation.Add
            : arguments.TryWord("-"u8) ? FlagOperation.Remove
            : FlagOperation.Replace;
        if (!arguments.TryWord("FLAGS"u8))
        {
            return arguments.Missing("FLAGS, +FLAGS or -FLAGS");
        }
        bool isSilent = arguments.TryWord(".SILENT"u8);
        if (!arguments.TrySpace()
            || !(arguments.Next == (byte)'(' ? FlagList.TryParse(arguments, out FlagList flags)
                : FlagList.TryParseBare(arguments, out flags)))
        {
            return false;
        }
        request = new StoreRequest(operation, flags, isSilent, unchangedSince);
        return true;
    }
}
