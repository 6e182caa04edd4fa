namespace MailAccess.Store.Model;

/// <summary>RENAME of INBOX: its messages move to a new mailbox, INBOX and what is below it stay. RFC 9051 §6.3.6.</summary>
internal static class InboxEmptying
{
    public static async ValueTask<StoreResult<Done>> RunAsync(IMailAccount account, MailboxName to, CancellationToken cancellationToken)
    {
        StoreResult<Done> created = await account.CreateAsync(to, SpecialUse.None, cancellationToken);
        if (created.Error != StoreError.None)
        {
            return created;
        }
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
