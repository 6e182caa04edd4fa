using System.Text;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Store.Quota;

namespace MailAccess.Queue;

/// <summary>Puts messages into mailboxes.</summary>
internal sealed class LocalDelivery(IMailStore store, QueueOptions options)
{
    public static readonly SmtpReply Delivered = new(250, new(2, 0, 0), "delivered to mailbox");
    public static readonly SmtpReply Loop = new(554, new(5, 4, 6), "the message was delivered to this address before: a loop");

    private const int ChunkOctets = 64 * 1024;

    private SmtpReply ToReply(StoreError error) =>
        error == StoreError.OverQuota && options.FullMailboxIsPermanent ? SmtpReplies.MailboxFullForGood : StoreReplies.ToReply(error);

    /// <summary>
    /// What is put before a message at its final delivery. RFC 5321 §4.4: Return-Path, once, at the top; Delivered-To, each
    /// time, so that a message that comes back is known again.
    /// </summary>
    public static byte[] TraceFields(MailPath reversePath, MailPath recipient) =>
        Encoding.UTF8.GetBytes($"Return-Path: <{reversePath}>\r\nDelivered-To: {recipient}\r\n");

    /// <summary>Into INBOX; durable when the reply is positive. The message is complete, trace fields included.</summary>
    public async Task<SmtpReply> AppendAsync(string accountName, IStagedMessage message)
    {
        // Not cancellable: when we stop half-way, nobody could tell whether it is there.
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(accountName, CancellationToken.None);
        if (!opened.TryGet(out IMailAccount? account))
        {
            return ToReply(opened.Error);
        }
        await using IMailAccount owned = account;
        StoreResult<IMailbox> inbox = await account.OpenAsync(MailboxName.Inbox, CancellationToken.None);
        if (!inbox.TryGet(out IMailbox? mailbox))
        {
            return ToReply(inbox.Error);
        }
        await using IMailbox ownedMailbox = mailbox;
        StoreResult<AppendOutcome> appended = await mailbox.AppendAsync([new MessageToAppend { Message = message }], CancellationToken.None);
        return appended.TryGet(out _) ? Delivered : ToReply(appended.Error);
    }

    /// <summary>Not one more message fits into INBOX. What cannot be found out is found out at the delivery.</summary>
    public async ValueTask<bool> IsFullAsync(string accountName, CancellationToken cancellationToken)
    {
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(accountName, cancellationToken);
        if (!opened.TryGet(out IMailAccount? account))
        {
            return false;
        }
        await using IMailAccount owned = account;
        StoreResult<IReadOnlyList<QuotaRoot>> found = await account.GetQuotaAsync(MailboxName.Inbox, cancellationToken);
        return found.TryGet(out IReadOnlyList<QuotaRoot>? roots) && roots.Any(r => r.IsFull);
    }

    /// <summary>The same for content without trace fields.</summary>
    public async Task<SmtpReply> DeliverAsync(
        MailPath reversePath, MailPath recipient, string accountName, IMessageContent content, CancellationToken cancellationToken)
    {
        byte[] trace = TraceFields(reversePath, recipient);
        StoreResult<IStagedMessage> stage = await store.StageAsync(content.Octets + trace.Length, cancellationToken);
        if (!stage.TryGet(out IStagedMessage? staged))
        {
            return ToReply(stage.Error);
        }
        await using IStagedMessage owned = staged;
        HeaderScan scan = new(options.Limits.DeliveredToMax);
        StoreError error = (await staged.WriteAsync(trace, cancellationToken)).Error;
        byte[] chunk = new byte[(int)Math.Clamp(content.Octets, 1, ChunkOctets)];
        for (long offset = 0; error == StoreError.None;)
        {
            int length = await content.ReadAsync(offset, chunk, cancellationToken);
            if (length == 0)
            {
                break;
            }
            offset += length;
            scan.Feed(chunk.AsSpan(0, length));
            error = (await staged.WriteAsync(chunk.AsMemory(0, length), cancellationToken)).Error;
        }
        error = error == StoreError.None ? (await staged.CompleteAsync(cancellationToken)).Error : error;
        if (error != StoreError.None)
        {
            return ToReply(error);
        }
        return scan.WasDeliveredTo(recipient.ToString()) ? Loop : await AppendAsync(accountName, staged);
    }
}

/// <summary>Reasons of the store as replies: the one mapping.</summary>
internal static class StoreReplies
{
    public static SmtpReply ToReply(StoreError error) => error switch
    {
        StoreError.NotFound => new SmtpReply(550, new(5, 1, 1), "no such mailbox"),
        StoreError.OverQuota => SmtpReplies.MailboxFull,
        StoreError.TooBig => new SmtpReply(552, new(5, 3, 4), "message too big for the mailbox"),
        StoreError.InvalidName or StoreError.NotPermitted or StoreError.HasChildren => new SmtpReply(550, new(5, 2, 0), "the mailbox cannot take mail"),
        StoreError.LimitReached => new SmtpReply(452, new(4, 2, 0), "the mailbox is at a limit"),
        StoreError.Busy => new SmtpReply(450, new(4, 2, 0), "the mailbox is in use"),
        StoreError.AlreadyExists or StoreError.Expunged or StoreError.NoPermission or StoreError.Unavailable => new SmtpReply(451, new(4, 3, 0), "the mailbox is not available now"),
        _ => throw new System.Diagnostics.UnreachableException($"not an error: {error}"),
    };
}
