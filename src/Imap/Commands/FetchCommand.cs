using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>FETCH and UID FETCH — RFC 3501 §6.4.5, §6.4.8; CHANGEDSINCE and VANISHED of RFC 7162 §3.1.4.1, §3.2.6; PARTIAL of RFC 9394 §3.3.</summary>
internal static class FetchCommand
{
    public static readonly ImapCommand Definition = new("FETCH", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID FETCH", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        // fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
        // RFC 3501 §9, RFC 4466 §6
        if (!(arguments.TrySpace() && arguments.TrySequenceSet(out SequenceSet set) && arguments.TrySpace()
              && FetchPlan.TryParse(arguments, session.Enabled.ItemsByNumbering(numbering), session.Services.IsDisabled, out FetchPlan plan)
              && FetchModifiers.TryParse(arguments, numbering, session.Services, session.Enabled, out FetchModifiers modifiers) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        SelectedMailbox selected = session.Selected!;
        if (!selected.TryResolve(set, numbering, out IndexRanges targets))
        {
            return ImapErrors.BadSequence;
        }
        if (modifiers.Partial is { } partial)
        {
            if (partial.Span > session.Services.MessagesMax)
            {
                return MessageLimit.Refuse(session.Services.MessagesMax); // Whatever there is of it: RFC 9738 §3.1.
            }
            (int start, int count) = partial.Of(targets.Count); // First these, of them what has changed: RFC 9394 §3.4.
            targets = targets.Slice(start, count);
        }
        if (modifiers.ChangedSince is { } since)
        {
            plan = plan.WithModSeq();
            targets = ChangedMessages.Since(selected.View, selected.Mailbox.Snapshot, targets, since);
        }
        if ((plan.ChangeItems & ChangeItems.ModSeq) != 0)
        {
            session.Enable(ImapExtensions.CondStore);
        }
        if (modifiers is { HasVanished: true, ChangedSince: { } after })
        {
            // Before any FETCH, RFC 7162 §3.2.6.
            UidSet vanished = await ChangedMessages.VanishedSinceAsync(
                selected.Mailbox, selected.View, after, set.ToUids(selected.View), knownUpTo: null);
            await VanishedResponse.WriteAsync(session.Writer, VanishedKind.Earlier, vanished);
        }
        selected.WriteNewKeywords(session.Writer, selected.Mailbox.Snapshot.Keywords);
        (targets, Uid? lowest) = MessageLimit.Cut(session.Services, selected.View, targets);
        FetchRun run = new(session, selected, plan) { IsDescending = lowest is not null };
        await run.RunAsync(targets);
        return MessageLimit.Complete(session, Complete(run, numbering), lowest);
    }

    private static ImapCompletion Complete(FetchRun run, Numbering numbering) => run.Error switch
    {
        StoreError.None or StoreError.Expunged when run.Refusal.IsGiven => run.Refusal,
        StoreError.None => ImapCompletion.Ok(Downgraded(run.Downgraded), "fetched"),
        // RFC 2180 §4.1: what is there has been given, and EXPUNGE will tell the rest.
        StoreError.Expunged when numbering == Numbering.Sequence => ImapCompletion.Ok("EXPUNGEISSUED", "some messages were gone"),
        StoreError.Expunged => ImapCompletion.Ok(Downgraded(run.Downgraded), "fetched"),
        StoreError error => ImapErrors.ToCompletion(error),
    };

    /// <summary>resp-text-code =/ "DOWNGRADED" SP uid-set — RFC 6858 §3; null for none.</summary>
    private static string? Downgraded(UidSet uids) => uids.IsEmpty ? null : $"DOWNGRADED {uids}";
}
