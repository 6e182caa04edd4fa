using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Imap.Sorting;

namespace MailAccess.Imap.Commands;

/// <summary>SORT and UID SORT — RFC 5256 §3; with return options, RFC 5267 §3.</summary>
internal static class SortCommand
{
    public static readonly ImapCommand Definition = new("SORT", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { Capability = "SORT", TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID SORT", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid))
    { Capability = "SORT" };

    private static ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        // extended-sort = ["UID" SP] "SORT" search-return-opts SP sort-criteria SP search-criteria     RFC 5267 §5
        Func<string, bool> isDisabled = session.Services.IsDisabled;
        if (!(SearchReturn.TryParse(arguments, SearchVerb.Sort, isDisabled, out SearchReturn? options)
              && arguments.TrySpace() && SortProgram.TryParse(arguments, isDisabled, out SortProgram order))
            || SearchGrammar.ParseCriteria(arguments, isDisabled, out SearchKey? key) is var fault && fault == SearchFault.Syntax)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        return new SearchRequest(key, options, numbering) { Order = order }.ExecuteAsync(session, fault);
    }
}
