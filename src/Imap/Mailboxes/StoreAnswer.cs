using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>
/// FETCH with the flags as they are after a STORE. With .SILENT, only where they are not what the client must think they are, because
/// somebody else has changed them too (RFC 3501 §6.4.6); their mod-sequence also then, to clients that know it (RFC 7162 §3.1.3).
/// </summary>
/// <param name="session">Whose client is answered.</param>
/// <param name="selected">Its mailbox.</param>
/// <param name="request">What was asked.</param>
/// <param name="before">The mailbox right before it was done.</param>
/// <param name="modified">The messages refused by UNCHANGEDSINCE.</param>
/// <param name="numbering">Of the command.</param>
internal sealed class StoreAnswer(
    ImapSession session, SelectedMailbox selected, StoreRequest request, MailboxSnapshot before, UidSet modified, Numbering numbering)
{
    private readonly MailboxSnapshot _view = selected.View;
    private readonly MailboxSnapshot _latest = selected.Mailbox.Snapshot;
    private readonly ChangeItems _items = session.Enabled.ItemsBesideFlags() | session.Enabled.ItemsByNumbering(numbering);

    /// <summary>From the last message to the first. RFC 9738 §3.1.</summary>
    public bool IsDescending { get; init; }

    /// <summary>Some messages are no more.</summary>
    public bool AnyGone { get; private set; }

    /// <summary>The refused ones for MODIFIED: by sequence number or UID, as the command has it.</summary>
    public string Modified => numbering == Numbering.Uid
        ? modified.ToString()
        : UidSet.FromUids(_view.IndicesOf(modified).Select(i => new Uid((uint)i + 1))).ToString();

    public async ValueTask WriteAsync(IndexRanges targets)
    {
        ImapWriter writer = session.Writer;
        selected.WriteNewKeywords(writer, _latest.Keywords);
        ulong keywords = request.Flags.KeywordsIn(_latest.Keywords);
        foreach (int index in IsDescending ? targets.Indices.Reverse() : targets.Indices)
        {
            Write(writer, index, keywords);
            if (writer.IsFull)
            {
                await writer.FlushAsync();
            }
        }
        selected.RememberTold(targets.ToUids(_view), _latest);
    }

    private void Write(ImapWriter writer, int index, ulong keywords)
    {
        ref readonly MessageRecord known = ref _view[index];
        int now = ReferenceEquals(_view, _latest) ? index : _latest.IndexOf(known.Uid);
        if (now < 0)
        {
            AnyGone = true;
            return;
        }
        ref readonly MessageRecord record = ref _latest[now];
        bool isExpected = request.IsSilent && !modified.Contains(record.Uid) && IsAsKnown(known)
            && record.Flags == Combine(request.Operation, known.Flags, request.Flags.Flags)
            && record.Keywords == Combine(request.Operation, known.Keywords, keywords);
        // A conditional STORE is answered for each message, RFC 7162 §3.1.3; a silent one where there is something to say.
        bool hasModSeq = (_items & ChangeItems.ModSeq) != 0 && (request.UnchangedSince is not null || record.ModSeq != known.ModSeq);
        if (!isExpected || hasModSeq)
        {
            selected.WriteChange(writer, index, record, _latest.Keywords, _items | (isExpected ? ChangeItems.None : ChangeItems.Flags));
        }
    }

    /// <summary>
    /// The client has heard of nothing later than the view has: while the view is held back, FETCH and STORE may have told it flags that
    /// are no more.
    /// </summary>
    private bool IsAsKnown(in MessageRecord known) =>
        ReferenceEquals(_view, before) || (before.IndexOf(known.Uid) is var index and >= 0 && before[index].ModSeq == known.ModSeq);

    private static SystemFlags Combine(FlagOperation operation, SystemFlags had, SystemFlags given) =>
        (SystemFlags)Combine(operation, (ulong)had, (ulong)given);

    private static ulong Combine(FlagOperation operation, ulong had, ulong given) => operation switch
    {
        FlagOperation.Add => had | given,
        FlagOperation.Remove => had & ~given,
        _ => given,
    };
}
