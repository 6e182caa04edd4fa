using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;

namespace MailAccess.Imap.Commands;

/// <summary>ESEARCH — RFC 7377: one search in many mailboxes; which one is selected does not change.</summary>
internal static class EsearchCommand
{
    public static readonly ImapCommand Definition =
        new("ESEARCH", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Capability = "MULTISEARCH" };

    private static ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // esearch = "ESEARCH" [SP esearch-source-opts] [search-return-opts] SP search-program     RFC 7377 §4, RFC 4466 §3
        Func<string, bool> isDisabled = session.Services.IsDisabled;
        if (!(TrySources(arguments, out List<MailboxFilter> sources)
              && SearchReturn.TryParse(arguments, SearchVerb.Search, isDisabled, out SearchReturn? options))
            || SearchGrammar.Parse(arguments, isDisabled, session.Enabled, out SearchKey? key) is var fault && fault == SearchFault.Syntax)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        bool isSelectedAlone = sources.TrueForAll(s => s.Kind == MailboxFilterKind.Selected);
        options ??= SearchReturn.Everything;
        if (session.Selected is null && (options.Updates || sources.Exists(s => s.Kind == MailboxFilterKind.Selected)))
        {
            return new(ImapCompletion.Bad("select a mailbox first")); // RFC 7377 §2.2.
        }
        if (options.Saves && !isSelectedAlone)
        {
            return new(ImapCompletion.Bad("a result can be saved of the selected mailbox alone"));
        }
        SearchRequest request = new(key, options, Numbering.Uid) { NamesMailbox = true };
        return isSelectedAlone ? request.ExecuteAsync(session, fault)
            : fault == SearchFault.Charset ? new(ImapErrors.BadCharset)
            : MultiSearch.RunAsync(session, request, sources);
    }

    /// <summary>
    /// esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"; there are no scope options yet. Without, the selected
    /// mailbox is meant. RFC 7377 §2.2, §4.
    /// </summary>
    private static bool TrySources(ImapArguments arguments, out List<MailboxFilter> sources)
    {
        sources = [];
        if (!arguments.TryWord(" IN ("u8))
        {
            sources.Add(new MailboxFilter(MailboxFilterKind.Selected, []));
            return true;
        }
        do
        {
            if (!MailboxFilter.TryParse(arguments, out MailboxFilter? filter))
            {
                return false;
            }
            sources.Add(filter!);
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "which mailboxes or )");
    }
}
