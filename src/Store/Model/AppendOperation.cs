using MailAccess.Store.Quota;

namespace MailAccess.Store.Model;

/// <summary>A message that goes in the same commit in which others come. RFC 8508.</summary>
internal readonly record struct DepartingMessage(MailboxModel Mailbox, Uid Uid);

/// <summary>Adds messages to a mailbox as one commit, in which one may go. RFC 9051 §6.3.12, RFC 3502, RFC 8508.</summary>
internal static class AppendOperation
{
    public static ValueTask<StoreResult<AppendOutcome>> RunAsync(
        MailboxModel model, IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken) =>
        RunAsync(model, messages, departing: null, cancellationToken);

    /// <summary><see cref="StoreError.Expunged"/>: the message that should go is not there, nothing was done. Its mailbox is of the same commit domain.</summary>
    public static async ValueTask<StoreResult<AppendOutcome>> RunAsync(
        MailboxModel model, IReadOnlyList<MessageToAppend> messages, DepartingMessage? departing, CancellationToken cancellationToken)
    {
        bool mustFit = !messages.All(m => m.IsExemptFromQuota);
        if (departing is { } goes && !TryFind(goes, out _))
        {
            return StoreError.Expunged;
        }
        if (model.Usage is { } usage)
        {
            var amount = new QuotaAmount(messages.Sum(m => m.Message.Octets), messages.Count);
            StoreError refused = mustFit
                ? await usage.Account.AdmitAsync(usage, amount, DepartureOf(departing), cancellationToken) : StoreError.None;
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
        StoreResult<CommitTicket> submitted = StoreError.NotFound;
        MailboxModel.UnderGates(model, departing?.Mailbox ?? model, () => submitted = Submit(model, messages, departing, prepared, mustFit));
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

    /// <summary>Under the gates.</summary>
    private static StoreResult<CommitTicket> Submit(
        MailboxModel model, IReadOnlyList<MessageToAppend> messages, DepartingMessage? departing, PreparedMessages prepared, bool mustFit)
    {
        if (model.IsGone || departing is { Mailbox.IsGone: true })
        {
            return StoreError.NotFound;
        }
        int index = -1;
        if (departing is { } goes && (index = goes.Mailbox.Head.IndexOf(goes.Uid)) < 0)
        {
            return StoreError.Expunged;
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
        if (model.Usage is { } usage && mustFit
            && (hold = usage.Account.TryHold(usage, QuotaAmount.Of(appended), DepartureOf(departing))) is null)
        {
            return StoreError.OverQuota;
        }
        bool goesHere = departing?.Mailbox == model;
        if (goesHere)
        {
            builder.Remove([index]);
        }
        var arrival = new MailboxChange(model, before, builder.Build())
        {
            Upserts = appended,
            AppendedCount = appended.Length,
            Prepared = prepared,
            Expunged = goesHere ? [before[index]] : [],
            Hold = hold,
            Departure = goesHere ? hold : null,
        };
        MailboxChange? departure = departing is { } elsewhere && !goesHere ? ExpungeOperation.ChangeOf(elsewhere.Mailbox, [index], hold) : null;
        return CommitTicket.Submit(arrival, departure);
    }

    /// <summary>What the message that goes leaves free.</summary>
    private static QuotaDeparture? DepartureOf(DepartingMessage? departing) =>
        departing is { Mailbox.Usage: { } usage } goes && TryFind(goes, out MessageRecord record)
            ? new QuotaDeparture(usage, QuotaAmount.Of([record])) : null;

    private static bool TryFind(DepartingMessage departing, out MessageRecord record)
    {
        lock (departing.Mailbox.Gate)
        {
            MailboxSnapshot head = departing.Mailbox.Head;
            int index = head.IndexOf(departing.Uid);
            record = index < 0 ? default : head[index];
            return index >= 0;
        }
    }
}
