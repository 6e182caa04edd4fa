using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>Changes flags, as UNCHANGEDSINCE allows. RFC 7162 §3.1.3, §3.1.12.</summary>
internal static class ConditionalStore
{
    public static async ValueTask<StoreResult<FlagsOutcome>> RunAsync(SelectedMailbox selected, UidSet uids, StoreRequest request)
    {
        StoreResult<FlagsOutcome> first = await ChangeAsync(selected, uids, request, request.UnchangedSince);
        if (!first.TryGet(out FlagsOutcome? outcome) || outcome.Modified.IsEmpty)
        {
            return first;
        }
        MailboxSnapshot latest = selected.Mailbox.Snapshot;
        UidSet again = UidSet.FromUids(latest.IndicesOf(outcome.Modified)
            .Where(i => OnlyOtherFlagsChanged(selected.View, latest, latest[i], request)).Select(i => latest[i].Uid));
        if (again.IsEmpty)
        {
            return first;
        }
        // What is changed once more after we have looked is refused after all.
        StoreResult<FlagsOutcome> second = await ChangeAsync(selected, again, request, latest.HighestModSeq);
        if (!second.TryGet(out FlagsOutcome? rest))
        {
            return second;
        }
        return new FlagsOutcome(
            UidSet.FromRanges(outcome.Stored.Concat(rest.Stored)),
            UidSet.FromUids(latest.IndicesOf(outcome.Modified).Select(i => latest[i].Uid).Where(u => !rest.Stored.Contains(u))));
    }

    private static ValueTask<StoreResult<FlagsOutcome>> ChangeAsync(SelectedMailbox selected, UidSet uids, StoreRequest request, ModSeq? unchangedSince) =>
        selected.Mailbox.ChangeFlagsAsync(
            uids, request.Operation, request.Flags.Flags, request.Flags.Keywords, unchangedSince, CancellationToken.None);

    /// <summary>
    /// A message has one mod-sequence for all its flags; but as what the client knew of it at the given one is still in the view,
    /// it can be seen that none of those that it changes was changed by others: RFC 7162 §3.1.12 asks not to refuse it then.
    /// </summary>
    private static bool OnlyOtherFlagsChanged(MailboxSnapshot view, MailboxSnapshot latest, in MessageRecord record, StoreRequest request)
    {
        int index = view.IndexOf(record.Uid);
        if (request.Operation == FlagOperation.Replace || index < 0 || view[index].ModSeq > request.UnchangedSince || request.UnchangedSince > view.HighestModSeq)
        {
            return false;
        }
        ulong keywords = request.Flags.KeywordsIn(latest.Keywords);
        return ((view[index].Flags ^ record.Flags) & request.Flags.Flags) == 0 && ((view[index].Keywords ^ record.Keywords) & keywords) == 0;
    }
}
