using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>STORE and UID STORE — RFC 3501 §6.4.6, §6.4.8.</summary>
internal static class StoreCommand
{
    public static readonly ImapCommand Definition = new("STORE", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence));

    public static readonly ImapCommand UidDefinition = new("UID STORE", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private readonly record struct Change(FlagOperation Operation, FlagList Flags, bool IsSilent);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        // store = "STORE" SP sequence-set SP store-att-flags     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TrySequenceSet(out SequenceSet set) && arguments.TrySpace()
              && TryParseChange(arguments, out Change change) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        SelectedMailbox selected = session.Selected!;
        if (!selected.TryResolve(set, numbering, out IndexRanges targets))
        {
            return ImapErrors.BadSequence;
        }
        if (selected.IsReadOnly)
        {
            return ImapErrors.ReadOnly;
        }
        if (targets.Count == 0)
        {
            return ImapCompletion.Ok("no such messages");
        }
        UidSet uids = targets.ToUids(selected.View);
        StoreResult<FlagsOutcome> stored = await selected.Mailbox.ChangeFlagsAsync(
            uids, change.Operation, change.Flags.Flags, change.Flags.Keywords, unchangedSince: null, CancellationToken.None);
        if (!stored.TryGet(out _))
        {
            return ImapErrors.ToCompletion(stored.Error);
        }
        bool anyGone = await AnswerAsync(session.Writer, selected, targets, uids, change, numbering);
        // RFC 2180 §4.2.1: the others were changed, and the client will be told by EXPUNGE what went.
        return anyGone && numbering == Numbering.Sequence
            ? ImapCompletion.Ok("EXPUNGEISSUED", "some messages were gone") : ImapCompletion.Ok("stored");
    }

    /// <summary>store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) — RFC 3501 §9.</summary>
    private static bool TryParseChange(ImapArguments arguments, out Change change)
    {
        change = default;
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
        change = new Change(operation, flags, isSilent);
        return true;
    }

    /// <summary>
    /// FETCH with the flags as they are now. With .SILENT, only where they are not what the client must think they are,
    /// because somebody else has changed them too (RFC 3501 §6.4.6).
    /// </summary>
    private static async ValueTask<bool> AnswerAsync(
        ImapWriter writer, SelectedMailbox selected, IndexRanges targets, UidSet uids, Change change, Numbering numbering)
    {
        MailboxSnapshot view = selected.View;
        MailboxSnapshot latest = selected.Mailbox.Snapshot;
        selected.WriteNewKeywords(writer, latest.Keywords);
        ulong keywords = 0;
        foreach (string keyword in change.Flags.Keywords)
        {
            keywords |= latest.Keywords.TryGetMask(keyword, out ulong mask) ? mask : 0;
        }
        bool anyGone = false;
        for (int range = 0; range < targets.Ranges.Length; range++)
        {
            (int first, int last) = targets.Ranges[range];
            for (int i = first; i <= last; i++)
            {
                anyGone |= !Answer(writer, selected, view, latest, i, change, keywords, numbering);
                if (writer.IsFull)
                {
                    await writer.FlushAsync();
                }
            }
        }
        selected.RememberTold(uids, latest);
        return anyGone;
    }

    /// <summary>False where the message is gone.</summary>
    private static bool Answer(
        ImapWriter writer, SelectedMailbox selected, MailboxSnapshot view, MailboxSnapshot latest,
        int index, Change change, ulong keywords, Numbering numbering)
    {
        ref readonly MessageRecord known = ref view[index];
        int now = ReferenceEquals(view, latest) ? index : latest.IndexOf(known.Uid);
        if (now < 0)
        {
            return false;
        }
        ref readonly MessageRecord record = ref latest[now];
        if (change.IsSilent && record.Flags == Combine(change.Operation, known.Flags, change.Flags.Flags)
            && record.Keywords == Combine(change.Operation, known.Keywords, keywords))
        {
            return true;
        }
        writer.Write("* "u8);
        writer.WriteNumber(index + 1);
        writer.Write(" FETCH (FLAGS "u8);
        writer.WriteFlags(record, latest.Keywords, selected.IsRecent(record.Uid));
        if (numbering == Numbering.Uid)
        {
            // UID is part of every FETCH that a UID command causes, RFC 3501 §6.4.8.
            writer.Write(" UID "u8);
            writer.WriteNumber(record.Uid.Value);
        }
        writer.Write(")\r\n"u8);
        return true;
    }

    private static SystemFlags Combine(FlagOperation operation, SystemFlags had, SystemFlags given) =>
        (SystemFlags)Combine(operation, (ulong)had, (ulong)given);

    private static ulong Combine(FlagOperation operation, ulong had, ulong given) => operation switch
    {
        FlagOperation.Add => had | given,
        FlagOperation.Remove => had & ~given,
        _ => given,
    };
}
