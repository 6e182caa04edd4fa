using MailAccess.Store.Model;

namespace MailAccess.Store.Search;

/// <summary>What a mailbox's search filter is like.</summary>
/// <param name="Messages">Messages it knows.</param>
/// <param name="Missing">Messages it does not know (yet): a search reads them.</param>
/// <param name="Octets">Size of its file.</param>
/// <param name="IsSound">Every checksum is right.</param>
public sealed record SearchFilterState(int Messages, int Missing, long Octets, bool IsSound);

/// <summary>Work on the search filters of mailboxes that an administrator asks for.</summary>
public static class SearchFilters
{
    /// <summary>
    /// Makes what is missing, or with <paramref name="anew"/> everything; returns the messages it then knows. Searches go on meanwhile.
    /// <see cref="StoreError.NotPermitted"/>: this mailbox has no filter.
    /// </summary>
    /// <param name="mailbox">Of which mailbox.</param>
    /// <param name="anew">What there is is thrown away.</param>
    /// <param name="progress">Called with messages done and messages in all.</param>
    /// <param name="cancellationToken">Ends the work between two rounds; what was made stays.</param>
    public static async ValueTask<StoreResult<int>> MakeAsync(
        IMailbox mailbox, bool anew, Action<int, int>? progress, CancellationToken cancellationToken)
    {
        if (FilterOf(mailbox, out MailboxModel? model) is not { } filter)
        {
            return StoreError.NotPermitted;
        }
        bool isFirst = anew;
        int made = 1;
        while (made > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StoreResult<int> extended = await model!.SearchPool.RunAsync<int>(
                () =>
                {
                    if (isFirst)
                    {
                        filter.Clear();
                        isFirst = false;
                    }
                    return filter.Extend(model, model.Limits.TrigramMessagesPerRound, model.Limits.TrigramOctetsPerRound);
                },
                model.OnSearchFault, cancellationToken);
            if (!extended.TryGet(out made))
            {
                return extended.Error;
            }
            progress?.Invoke(mailbox.Snapshot.Count - filter.CountMissing(mailbox.Snapshot), mailbox.Snapshot.Count);
        }
        return filter.Extent.Messages;
    }

    /// <summary>Reads the whole filter and checks it; <see cref="StoreError.NotPermitted"/>: this mailbox has none.</summary>
    public static async ValueTask<StoreResult<SearchFilterState>> CheckAsync(IMailbox mailbox, CancellationToken cancellationToken)
    {
        if (FilterOf(mailbox, out MailboxModel? model) is not { } filter)
        {
            return StoreError.NotPermitted;
        }
        return await model!.SearchPool.RunAsync<SearchFilterState>(
            () =>
            {
                bool isSound = filter.Verify(mailbox.Snapshot);
                (int messages, long octets) = filter.Extent;
                return new SearchFilterState(messages, filter.CountMissing(mailbox.Snapshot), octets, isSound);
            },
            model.OnSearchFault, cancellationToken);
    }

    private static TrigramFilter? FilterOf(IMailbox mailbox, out MailboxModel? model)
    {
        model = (mailbox as MailboxHandle)?.Model;
        return model?.SearchFilter;
    }
}
