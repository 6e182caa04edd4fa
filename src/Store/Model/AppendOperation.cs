using MailAccess.Store.Quota;

namespace MailAccess.Store.Model;

/// <summary>Adds messages to a mailbox as one commit. RFC 9051 §6.3.12, RFC 3502.</summary>
internal static class AppendOperation
{
    public static async ValueTask<StoreResult<AppendOutcome>> RunAsync(
        MailboxModel model, IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken)
    {
        bool mustFit = !messages.All(m => m.IsExemptFromQuota);
        if (model.Usage is { } usage)
        {
            var amount = new QuotaAmount(messages.Sum(m => m.Message.Octets), messages.Count);
            StoreError refused = mustFit ? await usage.Account.AdmitAsync(usage, amount, movedFrom: null, cancellationToken) : StoreError.None;
            if (refused != StoreError.None)
            {
                return refused;
            }
        }
        StoreResult<PreparedMessages> preparation = await model.PrepareAppendAsync(messages, cancellationToken);
        if (!preparation.TryGet(out PreparedMessages? prepared))
        {
            return preparation.Error;
        }
        // From here on the operation ends by itself: finish, then answer.
        StoreResult<CommitTicket> submitted = Submit(model, messages, prepared, mustFit);
        model.AfterSubmit();
        StoreError error = submitted.TryGet(out CommitTicket? ticket) ? await ticket.Settled : submitted.Error;
        if (error != StoreError.None)
        {
            if (ticket is not { MayBeDurable: true })
            {
                await prepared.DiscardAsync();
            }
            return error;
        }
        await prepared.PlaceAsync();
        MailboxSnapshot after = ticket!.Changes[0].After;
        return new AppendOutcome(after.UidValidity, [.. ticket.Changes[0].Upserts.Select(r => r.Uid)]);
    }

    private static StoreResult<CommitTicket> Submit(MailboxModel model, IReadOnlyList<MessageToAppend> messages, PreparedMessages prepared, bool mustFit)
    {
        lock (model.Gate)
        {
            if (model.IsGone)
            {
                return StoreError.NotFound;
            }
            MailboxSnapshot before = model.Head;
            if (before.UidNext.Value > uint.MaxValue - messages.Count)
            {
                return StoreError.LimitReached;
            }
            var builder = new SnapshotBuilder(before) { HighestModSeq = new ModSeq(before.HighestModSeq.Value + 1) };
            var appended = new MessageRecord[messages.Count];
            for (int i = 0; i < appended.Length; i++)
            {
                if (!builder.Keywords.TryWith(messages[i].Keywords, out KeywordTable? keywords, out ulong mask))
                {
                    return StoreError.LimitReached;
                }
                builder.Keywords = keywords;
                PreparedMessage message = prepared[i];
                appended[i] = new MessageRecord
                {
                    Uid = builder.UidNext,
                    Flags = messages[i].Flags,
                    Keywords = mask,
                    ModSeq = builder.HighestModSeq,
                    InternalDateSeconds = messages[i].InternalDate?.ToUnixTimeSeconds() ?? model.NowSeconds,
                    SavedDateSeconds = model.NowSeconds,
                    Octets = message.Octets,
                    Locator = message.Locator,
                    CacheLocator = message.CacheLocator,
                };
                builder.Append(appended[i]);
            }
            QuotaHold? hold = null;
            if (model.Usage is { } usage && mustFit && (hold = usage.Account.TryHold(usage, QuotaAmount.Of(appended), movedFrom: null)) is null)
            {
                return StoreError.OverQuota;
            }
            var change = new MailboxChange(model, before, builder.Build())
            {
                Upserts = appended,
                AppendedCount = appended.Length,
                Prepared = prepared,
                Hold = hold,
            };
            var ticket = new CommitTicket(change);
            model.Advance(change, ticket);
            model.Submit(ticket);
            return ticket;
        }
    }
}
