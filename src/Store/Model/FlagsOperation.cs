namespace MailAccess.Store.Model;

/// <summary>Changes flags and keywords of many messages as one commit. RFC 9051 §6.4.6, RFC 7162 §3.1.3.</summary>
internal static class FlagsOperation
{
    public static async ValueTask<StoreResult<FlagsOutcome>> RunAsync(
        MailboxModel model, UidSet uids, FlagOperation operation, SystemFlags flags, IReadOnlyList<string> keywords, ModSeq? unchangedSince,
        FlagScope scope)
    {
        // 0 refuses messages that have what is changed, RFC 7162 §3.1.3: system flags all have, set or not; a keyword only those with it.
        bool refusesPresent = unchangedSince == default(ModSeq) && operation != FlagOperation.Replace && flags == SystemFlags.None && keywords.Count > 0;
        flags &= scope.Flags;
        keywords = scope.HasKeywords ? keywords : [];
        CommitTicket? ticket;
        FlagsOutcome outcome;
        lock (model.Gate)
        {
            if (model.IsGone)
            {
                return StoreError.NotFound;
            }
            if (!TryMasks(model.Head.Keywords, operation, keywords, out KeywordTable table, out ulong mask))
            {
                return StoreError.LimitReached;
            }
            Func<MessageRecord, bool> isRefused = refusesPresent ? r => (r.Keywords & mask) != 0 : r => r.ModSeq > unchangedSince;
            outcome = Compute(model, uids, Combine(operation, flags, mask, scope), table, isRefused, out MailboxChange? change);
            // A change that another session has just submitted is not ours to promise before it is durable.
            ticket = model.LastTicket;
            if (change is not null)
            {
                ticket = new CommitTicket(change);
                model.Advance(change, ticket);
                model.Submit(ticket);
            }
        }
        model.AfterSubmit();
        StoreError error = ticket is null ? StoreError.None : await ticket.Settled;
        return error == StoreError.None ? outcome : error;
    }

    private static bool TryMasks(KeywordTable known, FlagOperation operation, IReadOnlyList<string> keywords, out KeywordTable table, out ulong mask)
    {
        table = known;
        mask = 0;
        if (operation != FlagOperation.Remove)
        {
            bool fits = known.TryWith(keywords, out KeywordTable? longer, out mask);
            table = longer ?? known;
            return fits;
        }
        foreach (string keyword in keywords) // What no message has need not become known to be removed.
        {
            mask |= known.TryGetMask(keyword, out ulong bit) ? bit : 0;
        }
        return true;
    }

    private static Func<MessageRecord, (SystemFlags Flags, ulong Keywords)> Combine(
        FlagOperation operation, SystemFlags flags, ulong mask, FlagScope scope) =>
        operation switch
        {
            FlagOperation.Replace => r => ((r.Flags & ~scope.Flags) | flags, scope.HasKeywords ? mask : r.Keywords),
            FlagOperation.Add => r => (r.Flags | flags, r.Keywords | mask),
            FlagOperation.Remove => r => (r.Flags & ~flags, r.Keywords & ~mask),
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };

    private static FlagsOutcome Compute(
        MailboxModel model,
        UidSet uids,
        Func<MessageRecord, (SystemFlags Flags, ulong Keywords)> combine,
        KeywordTable table,
        Func<MessageRecord, bool> isRefused,
        out MailboxChange? change)
    {
        MailboxSnapshot before = model.Head;
        var builder = new SnapshotBuilder(before) { HighestModSeq = new ModSeq(before.HighestModSeq.Value + 1), Keywords = table };
        List<MessageRecord> upserts = [];
        List<Uid> stored = [];
        List<Uid> modified = [];
        foreach (int index in before.IndicesOf(uids))
        {
            MessageRecord record = before[index];
            if (isRefused(record))
            {
                modified.Add(record.Uid);
                continue;
            }
            stored.Add(record.Uid);
            (SystemFlags flags, ulong keywords) = combine(record);
            if (flags != record.Flags || keywords != record.Keywords)
            {
                record = record with { Flags = flags, Keywords = keywords, ModSeq = builder.HighestModSeq };
                builder.Update(index, record);
                upserts.Add(record);
            }
        }
        change = upserts.Count == 0 ? null : new MailboxChange(model, before, builder.Build()) { Upserts = upserts };
        return new FlagsOutcome(UidSet.FromUids(stored), UidSet.FromUids(modified));
    }
}
