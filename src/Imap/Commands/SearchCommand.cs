using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>SEARCH and UID SEARCH — RFC 3501 §6.4.4, §6.4.8; with return options, RFC 4731, RFC 5182.</summary>
internal static class SearchCommand
{
    public static readonly ImapCommand Definition = new("SEARCH", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence));

    public static readonly ImapCommand UidDefinition = new("UID SEARCH", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        // search = "SEARCH" [search-return-opts] SP search-program     RFC 4466 §3
        if (!SearchReturn.TryParse(arguments, session.Services.IsDisabled, out SearchReturn? options))
        {
            return ImapErrors.Syntax(arguments);
        }
        SearchFault fault = SearchGrammar.Parse(arguments, session.Services.IsDisabled, out SearchKey? key);
        if (fault == SearchFault.Syntax)
        {
            return ImapErrors.Syntax(arguments);
        }
        SelectedMailbox selected = session.Selected!;
        ImapCompletion completion = fault == SearchFault.Charset ? ImapErrors.BadCharset : await SearchAsync(session, selected, options, key, numbering);
        if (options is { Saves: true } && completion.Status == ImapStatus.No)
        {
            selected.Saved = UidSet.Empty; // RFC 5182 §2.1.
        }
        return completion;
    }

    private static async ValueTask<ImapCompletion> SearchAsync(
        ImapSession session, SelectedMailbox selected, SearchReturn? options, SearchKey key, Numbering numbering)
    {
        SearchTarget target = SearchTarget.Of(selected);
        SearchRun run = new(target, new SearchPlan(key, target, session.Services.Clock.GetUtcNow()), session.Services);
        List<int> found = await FindAsync(run, options);
        if (run.Error != StoreError.None)
        {
            return ImapErrors.ToCompletion(run.Error);
        }
        if (options is { Saves: true } && !TrySave(selected, options.SavedOf(found), session.Services.Limits))
        {
            return ImapCompletion.No("NOTSAVED", "the result has too many gaps to be kept"); // RFC 5182 §2.5.
        }
        SearchAnswer answer = new(session, target.View, numbering);
        if (options is null)
        {
            await answer.WriteListAsync("SEARCH", found);
        }
        else if (!options.IsSilent)
        {
            await answer.WriteExtendedAsync(options, found);
        }
        return ImapCompletion.Ok("searched");
    }

    private static bool TrySave(SelectedMailbox selected, IEnumerable<int> found, ImapLimits limits)
    {
        UidSet saved = UidSet.FromUids(found.Select(i => selected.View[i].Uid));
        if (saved.RangeCount > limits.SavedRangesMax)
        {
            return false;
        }
        selected.Saved = saved;
        return true;
    }

    /// <summary>As much of the result as will be told.</summary>
    private static async ValueTask<List<int>> FindAsync(SearchRun run, SearchReturn? options)
    {
        if (options is null || options.FromStart == long.MaxValue)
        {
            return await run.RunAsync(SearchExtent.All, CancellationToken.None);
        }
        List<int> found = options.FromStart == 0 ? [] : await run.RunAsync(new(options.FromStart), CancellationToken.None);
        if (options.FromEnd > 0 && found.Count == options.FromStart)
        {
            int known = found.Count == 0 ? -1 : found[^1];
            List<int> last = await run.RunAsync(new(options.FromEnd, IsFromEnd: true), CancellationToken.None);
            found.AddRange(last.SkipWhile(i => i <= known));
        }
        return found;
    }
}
