namespace MailAccess.Store.Model;

/// <summary>
/// Copies or moves messages to a mailbox that cannot share a commit with theirs: of another format, store or (mbox) account. By way of
/// their octets: the copies become durable first, as one commit, then the originals go, as another.
/// </summary>
/// <remarks>A crash between the two leaves a message in both, never in none. Where the originals cannot go, the copies are taken back; what was
/// expunged meanwhile stays so.</remarks>
internal static class CopyBetweenStores
{
    private const int BufferOctets = 64 * 1024;

    /// <summary><see cref="StoreError.Expunged"/>: a message went while it was copied, nothing was done.</summary>
    public static async ValueTask<StoreResult<CopyOutcome>> TryAsync(
        MailboxModel source, UidSet uids, MailboxModel destination, CopyKind kind, FlagScope scope, CancellationToken cancellationToken)
    {
        if (destination.IsGone)
        {
            return StoreError.NotFound;
        }
        MailboxSnapshot now = source.Published;
        List<MessageRecord> wanted = [.. now.IndicesOf(uids).Select(i => now[i])];
        List<MessageToAppend> copies = [];
        try
        {
            foreach (MessageRecord record in wanted)
            {
                StoreResult<IStagedMessage> staged = await StageAsync(source, record, destination, cancellationToken);
                if (!staged.TryGet(out IStagedMessage? message))
                {
                    return staged.Error;
                }
                copies.Add(new MessageToAppend
                {
                    Message = message,
                    Flags = record.Flags & scope.Flags,
                    Keywords = scope.HasKeywords ? [.. now.Keywords.NamesOf(record.Keywords)] : [],
                    InternalDate = DateTimeOffset.FromUnixTimeSeconds(record.InternalDateSeconds),
                });
            }
            return await CommitAsync(source, wanted, destination, kind, copies, cancellationToken);
        }
        finally
        {
            foreach (MessageToAppend copy in copies)
            {
                await copy.Message.DisposeAsync();
            }
        }
    }

    private static async ValueTask<StoreResult<CopyOutcome>> CommitAsync(
        MailboxModel source, List<MessageRecord> wanted, MailboxModel destination, CopyKind kind, List<MessageToAppend> copies,
        CancellationToken cancellationToken)
    {
        if (wanted.Count == 0)
        {
            return new CopyOutcome(destination.Published.UidValidity, [], []);
        }
        StoreResult<AppendOutcome> appended = await AppendOperation.RunAsync(destination, copies, cancellationToken);
        if (!appended.TryGet(out AppendOutcome? arrived))
        {
            return appended.Error;
        }
        if (kind == CopyKind.Move)
        {
            StoreResult<UidSet> removed = await ExpungeOperation.RunAsync(
                source, UidSet.FromUids(wanted.Select(r => r.Uid)), ExpungeScope.AllNamed);
            if (removed.Error != StoreError.None)
            {
                if (!source.IsGone)
                {
                    await ExpungeOperation.RunAsync(destination, UidSet.FromUids(arrived.Uids), ExpungeScope.AllNamed);
                }
                return removed.Error;
            }
        }
        return new CopyOutcome(arrived.UidValidity, [.. wanted.Select(r => r.Uid)], arrived.Uids);
    }

    private static async ValueTask<StoreResult<IStagedMessage>> StageAsync(
        MailboxModel source, MessageRecord record, MailboxModel destination, CancellationToken cancellationToken)
    {
        StoreResult<IMessageContent> opened = await source.OpenMessageAsync(record.Uid, cancellationToken);
        if (!opened.TryGet(out IMessageContent? content))
        {
            return opened.Error;
        }
        await using (content)
        {
            StoreResult<IStagedMessage> begun = await destination.StageAsync(content.Octets, cancellationToken);
            if (!begun.TryGet(out IStagedMessage? message))
            {
                return begun.Error;
            }
            StoreError error = await FillAsync(content, message, cancellationToken);
            if (error == StoreError.None)
            {
                return StoreResults.Of(message);
            }
            await message.DisposeAsync();
            return error;
        }
    }

    private static async ValueTask<StoreError> FillAsync(IMessageContent content, IStagedMessage message, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferOctets];
        int count;
        for (long at = 0; (count = await content.ReadAsync(at, buffer, cancellationToken)) > 0; at += count)
        {
            StoreResult<Done> written = await message.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            if (written.Error != StoreError.None)
            {
                return written.Error;
            }
        }
        return (await message.CompleteAsync(cancellationToken)).Error;
    }
}
