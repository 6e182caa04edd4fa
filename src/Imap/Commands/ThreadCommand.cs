using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Imap.Sorting;
using MailAccess.Imap.Threads;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>THREAD and UID THREAD — RFC 5256 §3.</summary>
internal static class ThreadCommand
{
    public static readonly ImapCommand Definition = new("THREAD", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID THREAD", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        // thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria     RFC 5256 §5
        Func<string, bool> isDisabled = session.Services.IsDisabled;
        if (!(arguments.TrySpace() && TryParseAlgorithm(arguments, isDisabled, out ThreadAlgorithm algorithm))
            || SearchGrammar.ParseCriteria(arguments, isDisabled, out SearchKey? written) is var fault && fault == SearchFault.Syntax)
        {
            return ImapErrors.Syntax(arguments);
        }
        if (fault == SearchFault.Charset)
        {
            return ImapErrors.BadCharset;
        }
        (SearchKey key, ImapCompletion refusal) = await SearchFilters.ResolveAsync(session, written);
        if (refusal.IsGiven)
        {
            return refusal;
        }
        SearchTarget target = SearchTarget.Of(session.Selected!);
        SearchPlan plan = new(Fuzziness.Loosen(key), target, session.Services.Clock.GetUtcNow()) { NeedsMeasure = true }; // Internal dates stand in for missing sent dates.
        if (plan.HasSequenceNumbers && session.IsUidOnly)
        {
            return ImapErrors.UidRequired; // RFC 9586 §3.8.
        }
        if (plan.AsksModSeq)
        {
            session.Enable(ImapExtensions.CondStore); // Its answer has no place for it: RFC 7162 §3.1.9.
        }
        if (plan.Candidates.Count > session.Services.MessagesMax)
        {
            return MessageLimit.Refuse(session.Services.MessagesMax) with { KeepsNumbers = plan.HasSequenceNumbers }; // RFC 9738 §3.3.
        }
        StoreResult<MessageKeys> loaded = await FindAsync(session, target, plan);
        if (!loaded.TryGet(out MessageKeys? keys))
        {
            return ImapErrors.ToCompletion(loaded.Error) with { KeepsNumbers = plan.HasSequenceNumbers };
        }
        await new ThreadAnswer(session.Writer, target.View, numbering).WriteAsync(keys, MessageThreads.Build(keys, algorithm));
        return ImapCompletion.Ok("threaded") with { KeepsNumbers = plan.HasSequenceNumbers };
    }

    private static async ValueTask<StoreResult<MessageKeys>> FindAsync(ImapSession session, SearchTarget target, SearchPlan plan)
    {
        SearchRun run = new(target, plan, session.Services) { Progress = session.Progress };
        List<int> found = await run.RunAsync(SearchExtent.All, CancellationToken.None);
        return run.Error != StoreError.None ? run.Error
            : await session.Progress.WatchAsync(session.Services.Keys.LoadAsync(target, found, CancellationToken.None));
    }

    private static bool TryParseAlgorithm(ImapArguments arguments, Func<string, bool> isDisabled, out ThreadAlgorithm algorithm)
    {
        algorithm = default;
        string? word = arguments.TryAtom(out ReadOnlyMemory<byte> atom) ? Encoding.ASCII.GetString(atom.Span).ToUpperInvariant() : null;
        ThreadAlgorithm? known = word switch
        {
            "ORDEREDSUBJECT" => ThreadAlgorithm.OrderedSubject,
            "REFERENCES" => ThreadAlgorithm.References,
            "REFS" => ThreadAlgorithm.Refs,
            _ => null,
        };
        if (known is null || isDisabled("THREAD=" + word))
        {
            return arguments.Missing("a threading algorithm");
        }
        algorithm = known.Value;
        return true;
    }
}
