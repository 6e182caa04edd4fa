using System.Buffers.Binary;
using MailAccess.Store.Model;

namespace MailAccess.Store.Access;

/// <summary>The user's mailbox access keys.</summary>
internal sealed partial class AccessAccount
{
    /// <summary>Of a signed text: the mailbox's identity and its UIDVALIDITY.</summary>
    private const int EpochOctets = 16 + sizeof(uint);

    public ValueTask<StoreResult<ReadOnlyMemory<byte>>> SignAsync(
        IMailbox mailbox, ReadOnlyMemory<byte> text, bool makesKey, CancellationToken cancellationToken)
    {
        byte[] signed = new byte[EpochOctets + text.Length];
        mailbox.MailboxId.TryWriteBytes(signed);
        BinaryPrimitives.WriteUInt32BigEndian(signed.AsSpan(EpochOctets - sizeof(uint)), mailbox.Snapshot.UidValidity.Value);
        text.CopyTo(signed.AsMemory(EpochOctets));
        return WithKeysAsync<ReadOnlyMemory<byte>>(
            async (keys, files) =>
            {
                if (makesKey && !keys.Has(mailbox.MailboxId))
                {
                    if (keys.IsFull)
                    {
                        return StoreError.LimitReached;
                    }
                    keys.Renew(mailbox.MailboxId);
                    StoreResult<Done> written = await files.ReplaceAsync(null, AccessKeyFile.Name, keys.Format(), CancellationToken.None);
                    if (written.Error != StoreError.None)
                    {
                        return written.Error;
                    }
                }
                return StoreResults.Of<ReadOnlyMemory<byte>>(keys.Sign(mailbox.MailboxId, signed));
            },
            cancellationToken);
    }

    public ValueTask<StoreResult<Done>> RenewAccessKeyAsync(IMailbox? mailbox, CancellationToken cancellationToken) =>
        WithKeysAsync<Done>(
            async (keys, files) =>
            {
                if (mailbox is null)
                {
                    return await files.ReplaceAsync(null, AccessKeyFile.Name, default, CancellationToken.None);
                }
                if (keys.IsFull && !keys.Has(mailbox.MailboxId))
                {
                    return StoreError.LimitReached;
                }
                keys.Renew(mailbox.MailboxId);
                return await files.ReplaceAsync(null, AccessKeyFile.Name, keys.Format(), CancellationToken.None);
            },
            cancellationToken);

    /// <summary>The identity of a mailbox that is about to be deleted; null where this user has no keys at all, as most have none.</summary>
    private async ValueTask<Guid?> KeyHolderAsync(MailboxName name, CancellationToken cancellationToken)
    {
        StoreResult<bool> any = await WithKeysAsync<bool>((keys, _) => new(!keys.IsEmpty), cancellationToken);
        if (!any.TryGet(out bool hasKeys) || !hasKeys || !(await OpenAsync(name, cancellationToken)).TryGet(out IMailbox? mailbox))
        {
            return null;
        }
        await using (mailbox)
        {
            return mailbox.MailboxId;
        }
    }

    /// <summary>The mailbox is deleted. A key that stays behind, here or with another user, opens nothing: no mailbox gets this identity again.</summary>
    private async ValueTask DropKeyAsync(Guid mailbox) =>
        await WithKeysAsync<Done>(
            async (keys, files) => keys.Remove(mailbox)
                ? await files.ReplaceAsync(null, AccessKeyFile.Name, keys.Format(), CancellationToken.None) : default(Done),
            CancellationToken.None);

    private ValueTask<StoreResult<T>> WithKeysAsync<T>(
        Func<AccessKeyFile, ISideFiles, ValueTask<StoreResult<T>>> work, CancellationToken cancellationToken) =>
        store.LockedAsync(
            own.Name,
            async () =>
            {
                if (own is not ISideFiles files)
                {
                    return StoreError.NotPermitted;
                }
                StoreResult<ReadOnlyMemory<byte>> read = await files.ReadAsync(null, AccessKeyFile.Name, cancellationToken);
                return read.TryGet(out ReadOnlyMemory<byte> content) ? await work(AccessKeyFile.Parse(content.Span), files) : read.Error;
            },
            cancellationToken);
}
