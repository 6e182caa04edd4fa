namespace MailAccess.Imap.Grammar;

/// <summary>What stands behind the mailbox in SELECT and EXAMINE. RFC 4466 §6, RFC 7162 §3.1.8, §3.2.5.</summary>
internal sealed record SelectParameters
{
    /// <summary>CONDSTORE: the client knows mod-sequences.</summary>
    public bool IsCondStore { get; private set; }

    /// <summary>QRESYNC: what the client remembers of the mailbox; or null.</summary>
    public QResyncRequest? QResync { get; private set; }

    /// <summary>select-params = SP "(" select-param *(SP select-param) ")" — RFC 4466 §6; or nothing.</summary>
    public static bool TryParse(ImapArguments arguments, ImapServices services, ImapExtensions enabled, out SelectParameters parameters)
    {
        parameters = new SelectParameters();
        if (arguments.Next != (byte)' ' || services.IsDisabled("CONDSTORE"))
        {
            return true; // What stands there all the same is one thing too many.
        }
        if (!(arguments.TrySpace() && arguments.TryChar((byte)'(', "a list of parameters")))
        {
            return false;
        }
        do
        {
            if (!parameters.TryParameter(arguments, !services.IsDisabled("QRESYNC"), enabled))
            {
                return false;
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "a parameter or )");
    }

    /// <summary>select-param =/ condstore-param / "QRESYNC" SP "(" … ")" — RFC 7162 §7. Each once.</summary>
    private bool TryParameter(ImapArguments arguments, bool hasQResync, ImapExtensions enabled)
    {
        if (!IsCondStore && arguments.TryWord("CONDSTORE"u8))
        {
            IsCondStore = true;
            return true;
        }
        if (QResync is not null || !hasQResync || !arguments.TryWord("QRESYNC"u8))
        {
            return arguments.Missing(hasQResync ? "CONDSTORE or QRESYNC, each once" : "CONDSTORE, once");
        }
        if ((enabled & ImapExtensions.QResync) == 0)
        {
            return arguments.Missing("ENABLE QRESYNC before this parameter"); // RFC 7162 §3.2.3.
        }
        bool parsed = QResyncRequest.TryParse(arguments, out QResyncRequest request);
        QResync = request;
        return parsed;
    }
}
