using MailAccess.Store.Quota;

namespace MailAccess.Store.Model;

/// <summary>Whether the originals stay.</summary>
internal enum CopyKind
{
    /// <summary>COPY</summary>
    Copy,
    /// <summary>MOVE</summary>
    Move,
}

/// <summary>Copies or moves messages to a mailbox as one commit of both. RFC 9051 §6.4.7 and §6.4.8.</summary>
internal static class CopyOperation
{
    private const int AttemptsMax = 8;

    public static async ValueTask<StoreResult<CopyOutcome>> RunAsync(
        MailboxModel source, UidSet uids, MailboxModel destination, CopyKind kind, FlagScope scope, CancellationToken cancellationToken)
    {
        bool isOneDomain = ReferenceEquals(source.CommitDomain, destination.CommitDomain);
        StoreResult<CopyOutcome> outcome = StoreError.Expunged;
        // Another session may expunge a message while we prepare its copy: then we ask anew what there is.
        for (int attempt = 0; attempt < AttemptsMax && outcome.Error == StoreError.Expunged; attempt++)
        {
            StoreError unmeasured = await MeasureAsync(source, uids, cancellationToken);
            outcome = unmeasured != StoreError.None ? unmeasured
                : isOneDomain ? await TryAsync(source, uids, destination, kind, scope, cancellationToken)
                : await CopyBetweenStores.TryAsync(source, uids, destination, kind, scope, cancellationToken);
        }
        return outcome;
    }

    /// <summary>The copy's name, record and date say what only a look at the original's file tells.</summary>
    public static async ValueTask<StoreError> MeasureAsync(MailboxModel source, UidSet uids, CancellationToken cancellationToken)
    {
        lock (source.Gate)
        {
            if (!source.Head.IndicesOf(uids).Any(i => !source.Head[i].IsMeasured))
            {
                return StoreError.None;
            }
        }
        return (await source.MeasureAsync(uids, cancellationToken)).Error;
    }

    private static async ValueTask<StoreResult<CopyOutcome>> TryAsync(
        MailboxModel source, UidSet uids, MailboxModel destination, CopyKind kind, FlagScope scope, CancellationToken cancellationToken)
    {
        if (destination.IsGone)
        {
            return StoreError.NotFound;
        }
        List<MessageRecord> wanted;
        lock (source.Gate)
        {
            wanted = [.. source.Head.IndicesOf(uids).Select(i => source.Head[i])];
        }
        if (wanted.Count == 0)
        {
            return new CopyOutcome(destination.Published.UidValidity, [], []);
        }
        if (destination.Usage is { } usage)
        {
            StoreError refused = await usage.Account.AdmitAsync(usage, QuotaAmount.Of(wanted), Departing(source, wanted, kind), cancellationToken);
            if (refused != StoreError.None)
            {
                return refused;
            }
        }
        StoreResult<PreparedMessages> preparation = await source.PrepareCopyAsync(wanted, destination, cancellationToken);
        if (!preparation.TryGet(out PreparedMessages? prepared))
        {
            return preparation.Error;
        }
        // From here on the operation ends by itself: finish, then answer.
        StoreResult<CopyOutcome> outcome = Submit(source, wanted, destination, kind, scope, prepared, out CommitTicket? ticket);
        destination.AfterSubmit();
        StoreError error = ticket is null ? outcome.Error : await ticket.Settled;
        if (error != StoreError.None)
        {
            if (ticket is not { MayBeDurable: true })
            {
                await prepared.DiscardAsync();
            }
            return error;
        }
        await prepared.PlaceAsync();
        return outcome;
    }

    private static StoreResult<CopyOutcome> Submit(
        MailboxModel source, List<MessageRecord> wanted, MailboxModel destination, CopyKind kind, FlagScope scope,
        PreparedMessages prepared, out CommitTicket? ticket)
    {
        StoreResult<CopyOutcome> outcome = StoreError.NotFound;
        CommitTicket? submitted = null;
        MailboxModel.UnderGates(source, destination, () =>
        {
            if (!source.IsGone && !destination.IsGone)
            {
                outcome = Compute(source, wanted, destination, kind, scope, prepared, out submitted);
            }
        });
        ticket = submitted;
        return outcome;
    }

    /// <summary>Under both gates.</summary>
    private static StoreResult<CopyOutcome> Compute(
        MailboxModel source, List<MessageRecord> wanted, MailboxModel destination, CopyKind kind, FlagScope scope,
        PreparedMessages prepared, out CommitTicket? ticket)
    {
        ticket = null;
        MailboxSnapshot from = source.Head;
        List<int> indices = [.. wanted.Select(r => from.IndexOf(r.Uid))];
        if (indices.Any(i => i < 0))
        {
            return StoreError.Expunged;
        }
        MailboxSnapshot before = destination.Head;
        if (before.UidNext.Value > uint.MaxValue - indices.Count)
        {
            return StoreError.LimitReached;
        }
        var builder = new SnapshotBuilder(before) { HighestModSeq = new ModSeq(before.HighestModSeq.Value + 1) };
        var appended = new MessageRecord[indices.Count];
        var masks = new Dictionary<ulong, ulong>();
        for (int i = 0; i < appended.Length; i++)
        {
            ref readonly MessageRecord original = ref from[indices[i]];
            if (!TryTranslate(from.Keywords, scope.HasKeywords ? original.Keywords : 0, builder, masks, out ulong keywords))
            {
                return StoreError.LimitReached;
            }
            PreparedMessage copy = prepared[i];
            appended[i] = original with
            {
                Uid = builder.UidNext,
                Flags = original.Flags & scope.Flags,
                Keywords = keywords,
                ModSeq = builder.HighestModSeq,
                SavedDateSeconds = destination.NowSeconds,
                Locator = copy.Locator,
                CacheLocator = copy.CacheLocator,
            };
            builder.Append(appended[i]);
        }
        QuotaHold? hold = null;
        if (destination.Usage is { } usage && (hold = usage.Account.TryHold(usage, QuotaAmount.Of(appended), Departing(source, wanted, kind))) is null)
        {
            return StoreError.OverQuota;
        }
        bool isSame = source == destination;
        if (kind == CopyKind.Move && isSame)
        {
            builder.Remove(indices);
        }
        var arrival = new MailboxChange(destination, before, builder.Build())
        {
            Upserts = appended,
            AppendedCount = appended.Length,
            Prepared = prepared,
            Expunged = kind == CopyKind.Move && isSame ? [.. indices.Select(i => from[i])] : [],
            Hold = hold,
            Departure = kind == CopyKind.Move && isSame ? hold : null,
        };
        MailboxChange? departure = kind == CopyKind.Move && !isSame ? ExpungeOperation.ChangeOf(source, indices, hold) : null;
        ticket = CommitTicket.Submit(arrival, departure);
        return new CopyOutcome(before.UidValidity, [.. wanted.Select(r => r.Uid)], [.. appended.Select(r => r.Uid)]);
    }

    /// <summary>A move takes nothing more of a quota that it takes as much from.</summary>
    private static QuotaDeparture? Departing(MailboxModel source, List<MessageRecord> wanted, CopyKind kind) =>
        kind == CopyKind.Move && source.Usage is { } usage ? new QuotaDeparture(usage, QuotaAmount.Of(wanted)) : null;

    private static bool TryTranslate(KeywordTable from, ulong mask, SnapshotBuilder to, Dictionary<ulong, ulong> known, out ulong translated)
    {
        if (mask == 0 || known.TryGetValue(mask, out translated))
        {
            translated = mask == 0 ? 0 : known[mask];
            return true;
        }
        if (!to.Keywords.TryWith([.. from.NamesOf(mask)], out KeywordTable? table, out translated))
        {
            return false;
        }
        to.Keywords = table;
        known.Add(mask, translated);
        return true;
    }
}
