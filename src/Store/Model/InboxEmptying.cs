namespace MailAccess.Store.Model;

/// <summary>RENAME of INBOX: its messages move to a new mailbox, INBOX and what is below it stay. RFC 9051 §6.3.6.</summary>
internal static class InboxEmptying
{
    /// <param name="account">Whose.</param>
    /// <param name="to">The new mailbox.</param>
    /// <param name="feed">Told as of a renaming: RFC 5465 §5.4.</param>
    /// <param name="create">Makes it and what is missing above it, and tells nobody.</param>
    /// <param name="cancellationToken">Until it is made.</param>
    public static async ValueTask<StoreResult<Done>> RunAsync(
        IMailAccount account, MailboxName to, AccountFeed feed, Func<ValueTask<StoreResult<List<MailboxName>>>> create, CancellationToken cancellationToken)
    {
        StoreResult<List<MailboxName>> created = await create();
        if (!created.TryGet(out List<MailboxName>? names))
        {
            return created.Error;
        }
        StoreResult<Done> moved = await MoveAsync(account, to, cancellationToken);
        feed.PublishCreated(names.Where(n => n != to), asked: to);
        feed.Publish(moved.Error == StoreError.None ? new AccountChange.Renamed(MailboxName.Inbox, to) : new AccountChange.Created(to));
        return moved;
    }

    private static async ValueTask<StoreResult<Done>> MoveAsync(IMailAccount account, MailboxName to, CancellationToken cancellationToken)
    {
        StoreResult<IMailbox> source = await account.OpenAsync(MailboxName.Inbox, cancellationToken);
        if (!source.TryGet(out IMailbox? inbox))
        {
            return source.Error;
        }
        await using (inbox)
        {
            StoreResult<IMailbox> opened = await account.OpenAsync(to, cancellationToken);
            if (!opened.TryGet(out IMailbox? destination))
            {
                return opened.Error;
            }
            await using (destination)
            {
                StoreResult<CopyOutcome> moved = await inbox.MoveAsync(UidSet.All, destination, cancellationToken);
                return moved.Error == StoreError.None ? default(Done) : moved.Error;
            }
        }
    }
}
