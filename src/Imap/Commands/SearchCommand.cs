using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;

namespace MailAccess.Imap.Commands;

/// <summary>SEARCH and UID SEARCH — RFC 3501 §6.4.4, §6.4.8; with return options, RFC 4731, RFC 5182; answered by ESEARCH alone, RFC 9051 §6.4.4.</summary>
internal static class SearchCommand
{
    public static readonly ImapCommand Definition = new("SEARCH", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID SEARCH", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        // search = "SEARCH" [search-return-opts] SP search-program     RFC 4466 §3
        Func<string, bool> isDisabled = session.Services.IsDisabled;
        if (!SearchReturn.TryParse(arguments, SearchVerb.Search, isDisabled, out SearchReturn? options)
            || SearchGrammar.Parse(arguments, isDisabled, session.Enabled, out SearchKey? key) is var fault && fault == SearchFault.Syntax)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        options ??= session.IsRevision2 ? SearchReturn.Everything : null;
        return new SearchRequest(key, options, numbering).ExecuteAsync(session, fault);
    }
}
