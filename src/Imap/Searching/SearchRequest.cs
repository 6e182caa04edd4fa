using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching.Contexts;
using MailAccess.Imap.Sorting;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>What SEARCH and SORT have in common once they are parsed: find, put in order, keep for later, tell.</summary>
/// <param name="Key">What to find.</param>
/// <param name="Options">What to tell of it; null: all, the old way.</param>
/// <param name="Numbering">How it is told.</param>
internal sealed record SearchRequest(SearchKey Key, SearchReturn? Options, Numbering Numbering)
{
    /// <summary>A reused tag of UPDATE. RFC 5267 §4.3.</summary>
    public static readonly ImapCompletion TagInUse = ImapCompletion.Bad("the tag is in use: its updates would not be told apart");

    /// <summary>ESEARCH: answers name the mailbox, and where nothing is found there is none. RFC 7377 §2.1.</summary>
    public bool NamesMailbox { get; init; }

    /// <summary>Other mailboxes are searched by the same command.</summary>
    public bool IsOneOfMany { get; init; }

    /// <summary>SORT's; null: the mailbox's order.</summary>
    public SortProgram? Order { get; init; }

    private bool AsksRelevancy => (Options is { } options && options.Has(ReturnItems.Relevancy)) || Order is { NeedsRelevancy: true };

    private bool Saves => Options is { Saves: true };

    /// <summary>Runs it in the selected mailbox.</summary>
    public async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, SearchFault fault)
    {
        SelectedMailbox selected = session.Selected!;
        (SearchKey key, ImapCompletion refusal) = await SearchFilters.ResolveAsync(session, Key);
        ImapCompletion completion = fault == SearchFault.Charset ? ImapErrors.BadCharset
            : ReusesTag(session) ? TagInUse
            : refusal.IsGiven ? refusal
            : await (this with { Key = key }).RunAsync(session, SearchTarget.Of(selected), selected);
        if (Saves && completion.Status == ImapStatus.No)
        {
            selected.Saved = UidSet.Empty; // RFC 5182 §2.1.
        }
        return completion;
    }

    /// <summary>An earlier result is kept up to date under the tag of this one, which shall be too.</summary>
    public bool ReusesTag(ImapSession session) => Options is { Updates: true } && session.Selected is { Contexts: { } contexts } && contexts.Has(session.Tag);

    /// <summary>Runs it in one mailbox.</summary>
    /// <param name="session">Who asks.</param>
    /// <param name="target">The mailbox.</param>
    /// <param name="selected">The same where it is the selected one: the result can be saved and kept up to date. Else null.</param>
    public async ValueTask<ImapCompletion> RunAsync(ImapSession session, SearchTarget target, SelectedMailbox? selected)
    {
        SearchPlan plan = new(Fuzziness.Loosen(Key), target, session.Services.Clock.GetUtcNow());
        plan.NeedsMeasure |= Order is { NeedsMeasure: true };
        if (plan.AsksModSeq)
        {
            session.Enable(ImapExtensions.CondStore);
        }
        if (plan.HasSequenceNumbers && session.IsUidOnly)
        {
            return ImapErrors.UidRequired; // RFC 9586 §3.5.
        }
        if (AsksRelevancy && !Fuzziness.IsIn(Key))
        {
            return ImapCompletion.Bad("RELEVANCY needs a FUZZY key"); // RFC 6203 §4, §6.
        }
        if ((IsOneOfMany || Order is not null) && plan.Candidates.Count > session.Services.MessagesMax)
        {
            // An order of some, or one UID for several mailboxes, says nothing: RFC 9738 §3.3.
            return MessageLimit.Refuse(session.Services.MessagesMax) with { KeepsNumbers = plan.HasSequenceNumbers };
        }
        Uid? lowest = plan.Limit(session.Services);
        ImapCompletion completion = await RunAsync(session, target, plan, selected, lowest is not null);
        completion = MessageLimit.Complete(session, completion, completion.Status == ImapStatus.Ok ? lowest : null);
        return completion with { KeepsNumbers = plan.HasSequenceNumbers };
    }

    private async ValueTask<ImapCompletion> RunAsync(ImapSession session, SearchTarget target, SearchPlan plan, SelectedMailbox? selected, bool isLimited)
    {
        SearchRun run = new(target, plan, session.Services) { Progress = session.Progress };
        (List<int> found, Dictionary<int, int>? scores, StoreError error) = await FindAsync(session, target, run);
        if (error != StoreError.None)
        {
            return ImapErrors.ToCompletion(error);
        }
        if (Saves && selected is not null && !TrySave(selected, Options!.ToldOf(found), session.Services.Limits))
        {
            return ImapCompletion.No("NOTSAVED", "the result has too many gaps to be kept"); // RFC 5182 §2.5.
        }
        ModSeq? highest = plan.AsksModSeq ? run.HighestModSeqOf(Options?.ToldOf(found) ?? found) : null;
        SearchCorrelator correlator = new(session.Tag.ToArray(), Numbering)
        {
            Mailbox = NamesMailbox ? (target.Mailbox.Name, target.View.UidValidity) : null,
        };
        SearchAnswer answer = new(session.Writer, target.View, correlator);
        if (Options is null)
        {
            if (isLimited)
            {
                found.Reverse(); // RFC 9738 §3.1: from the highest UID down.
            }
            await answer.WriteListAsync(Order is null ? "SEARCH" : "SORT", found, highest);
        }
        else if (!Options.IsSilent && (found.Count > 0 || !NamesMailbox))
        {
            await answer.WriteExtendedAsync(Options, found, highest, scores);
        }
        if (Options is { Updates: true } && selected is not null && (isLimited || !TryUpdate(session.Services, selected, target, found, correlator)))
        {
            UpdateContexts.WriteRefusal(session.Writer, session.Tag, "this cannot be kept up to date, or not beside so much else"); // RFC 5267 §4.3.1.
        }
        return ImapCompletion.Ok(Order is null ? "searched" : "sorted");
    }

    /// <summary>The result in its order, as much of it as will be told; its scores where they are asked for.</summary>
    private async ValueTask<(List<int> Found, Dictionary<int, int>? Scores, StoreError Error)> FindAsync(ImapSession session, SearchTarget target, SearchRun run)
    {
        ImapServices services = session.Services;
        List<int> found = Order is not null || Options is null || Options.FromStart == long.MaxValue
            ? await run.RunAsync(SearchExtent.All, CancellationToken.None)
            : await FindEndsAsync(run, Options);
        Dictionary<int, int>? scores = null;
        if (AsksRelevancy && run.Error == StoreError.None)
        {
            StoreResult<Dictionary<int, int>> scored = await session.Progress.WatchAsync(Fuzziness.ScoreAsync(services, target, Key, found));
            if (!scored.TryGet(out scores))
            {
                return ([], null, scored.Error);
            }
        }
        if (Order is null || found.Count < 2 || run.Error != StoreError.None)
        {
            return (found, scores, run.Error);
        }
        StoreResult<List<int>> sorted = await session.Progress.WatchAsync(Order.SortAsync(services, target, found, scores));
        return sorted.TryGet(out List<int>? ordered) ? (ordered, scores, StoreError.None) : ([], null, sorted.Error);
    }

    private static async ValueTask<List<int>> FindEndsAsync(SearchRun run, SearchReturn options)
    {
        List<int> found = options.FromStart == 0 ? [] : await run.RunAsync(new(options.FromStart), CancellationToken.None);
        if (options.FromEnd > 0 && found.Count == options.FromStart)
        {
            int known = found.Count == 0 ? -1 : found[^1];
            List<int> last = await run.RunAsync(new(options.FromEnd, IsFromEnd: true), CancellationToken.None);
            found.AddRange(last.SkipWhile(i => i <= known));
        }
        return found;
    }

    private bool TryUpdate(ImapServices services, SelectedMailbox selected, SearchTarget target, List<int> found, SearchCorrelator correlator)
    {
        selected.Contexts ??= new UpdateContexts(services);
        return Order is not { NeedsRelevancy: true } // One message's score says nothing of where it stands among those that were told.
            && selected.Contexts.TryAdd(new UpdateContext(services, this, target, found, correlator));
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
}
