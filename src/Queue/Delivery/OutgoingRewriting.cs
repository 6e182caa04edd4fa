using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>A transaction as it leaves, or why it has to wait. Exactly one of the two is set.</summary>
internal readonly record struct OutgoingTransaction(Transaction? Transaction, SmtpReply? Failure);

/// <summary>Gives the addresses of our own mail the form that is known outside: in the envelope, and in the header of the content as it is read.</summary>
internal static class OutgoingRewriting
{
    private const int PieceOctets = 16 * 1024;

    private static readonly SmtpReply Failed = new(451, new(4, 3, 0), "addresses cannot be rewritten now");

    /// <summary>
    /// The header is read once to know what changes, so that the octets announced are those that come. Throws what opening and reading the content throw.
    /// </summary>
    /// <returns>The same transaction where nothing changes; the spooled message is never changed.</returns>
    public static async Task<OutgoingTransaction> PrepareAsync(Transaction transaction, MessageRewriting rewriting, CancellationToken cancellationToken)
    {
        SpoolMessage message = transaction.Message;
        if (!rewriting.ChangesOutgoing || !MessageRewriting.IsOurs(message.Origin))
        {
            return new OutgoingTransaction(transaction, null);
        }
        AddressRewriting sender = await rewriting.Outgoing.RewriteAsync(message.ReversePath, AddressClasses.EnvelopeSender, null, cancellationToken);
        SpoolRecipient[] recipients = [.. message.Recipients];
        string? error = sender.Error;
        foreach (int index in transaction.Recipients)
        {
            EnvelopeRecipient recipient = recipients[index].Recipient;
            AddressRewriting changed = await rewriting.Outgoing.RewriteAsync(recipient.Path, AddressClasses.EnvelopeRecipient, null, cancellationToken);
            error ??= changed.Error;
            recipients[index] = recipients[index] with { Recipient = recipient with { Path = changed.Path } };
        }
        HeaderAddressRewriter header = await ReadHeaderAsync(transaction, rewriting, cancellationToken);
        if ((error ?? header.Error) is { } reason)
        {
            rewriting.Report(reason);
            return new OutgoingTransaction(null, Failed);
        }
        return new OutgoingTransaction(
            transaction with
            {
                Message = message with
                {
                    ReversePath = sender.Path,
                    Recipients = recipients,
                    Octets = message.Octets + header.Edits.Sum(e => (long)e.Replacement.Length - e.Removed),
                    SmtpUtf8 = message.SmtpUtf8 || header.BringsUtf8,
                    Traits = header.BringsUtf8 ? message.Traits | ContentTraits.EightBit | ContentTraits.HeaderUtf8 : message.Traits,
                },
                OpenContentAsync = header.Edits.Count == 0
                    ? transaction.OpenContentAsync
                    : async token => new EditedContent(await transaction.OpenContentAsync(token), header.Edits),
            },
            null);
    }

    private static async Task<HeaderAddressRewriter> ReadHeaderAsync(Transaction transaction, MessageRewriting rewriting, CancellationToken cancellationToken)
    {
        HeaderAddressRewriter header = rewriting.RewriteOutgoingHeader();
        await using IMessageContent content = await transaction.OpenContentAsync(cancellationToken);
        byte[] piece = new byte[PieceOctets];
        for (long offset = 0; !header.IsOver;)
        {
            int octets = await content.ReadAsync(offset, piece, cancellationToken);
            if (octets == 0)
            {
                await header.FinishAsync(cancellationToken);
                break;
            }
            offset += octets;
            await header.FeedAsync(piece.AsMemory(0, octets), cancellationToken);
        }
        return header;
    }
}
