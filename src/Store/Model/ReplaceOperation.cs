namespace MailAccess.Store.Model;

/// <summary>Appends a message and removes another for it: as one commit where the mailboxes can share one, else one after the other. RFC 8508 §3.4.</summary>
/// <remarks>Where they cannot, a crash between the two leaves both, never none; where the other one cannot go, the new one is taken back.</remarks>
internal static class ReplaceOperation
{
    /// <summary><see cref="StoreError.Expunged"/>: the message that should go is not there, nothing was done.</summary>
    public static async ValueTask<StoreResult<AppendOutcome>> RunAsync(
        MailboxModel source, Uid replaced, MessageToAppend message, MailboxModel destination, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(source.CommitDomain, destination.CommitDomain))
        {
            return await BetweenStoresAsync(source, replaced, message, destination, cancellationToken);
        }
        // What it leaves free of the quota is known only when it is measured.
        StoreError unmeasured = await CopyOperation.MeasureAsync(source, UidSet.Of(replaced), cancellationToken);
        return unmeasured != StoreError.None ? unmeasured
            : await AppendOperation.RunAsync(destination, [message], new DepartingMessage(source, replaced), cancellationToken);
    }

    private static async ValueTask<StoreResult<AppendOutcome>> BetweenStoresAsync(
        MailboxModel source, Uid replaced, MessageToAppend message, MailboxModel destination, CancellationToken cancellationToken)
    {
        if (source.Published.IndexOf(replaced) < 0)
        {
            return StoreError.Expunged;
        }
        StoreResult<AppendOutcome> appended = await AppendOperation.RunAsync(destination, [message], cancellationToken);
        if (!appended.TryGet(out AppendOutcome? arrived))
        {
            return appended.Error;
        }
        StoreResult<UidSet> removed = await ExpungeOperation.RunAsync(source, UidSet.Of(replaced), ExpungeScope.AllNamed);
        if (removed.TryGet(out UidSet? gone) && !gone.IsEmpty)
        {
            return arrived;
        }
        if (!source.IsGone)
        {
            await ExpungeOperation.RunAsync(destination, UidSet.FromUids(arrived.Uids), ExpungeScope.AllNamed);
        }
        return gone is null ? removed.Error : StoreError.Expunged;
    }
}
