namespace MailAccess.Store.Model;

/// <summary>
/// Small files that lie with a mailbox, or with the account: they are renamed with the mailbox and deleted with it. Implemented by
/// accounts of all formats.
/// </summary>
internal interface ISideFiles
{
    /// <summary>Where changes of them are told.</summary>
    AccountFeed Feed { get; }

    /// <summary>The content, empty where there is no such file. No mailbox: the account's own.</summary>
    ValueTask<StoreResult<ReadOnlyMemory<byte>>> ReadAsync(MailboxName? mailbox, string fileName, CancellationToken cancellationToken);

    /// <summary>Replaces the file as a whole, durably; empty content removes it.</summary>
    ValueTask<StoreResult<Done>> ReplaceAsync(MailboxName? mailbox, string fileName, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}
