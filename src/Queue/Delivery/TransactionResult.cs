using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What came of a transaction, and with whom.</summary>
internal sealed record TransactionResult(IReadOnlyList<RecipientOutcome> Outcomes, string Relay, string? RemoteHost)
{
    public DeliveryTiming Timing { get; init; }

    /// <summary>Nobody was reached: the same for all recipients.</summary>
    public static TransactionResult ForAll(Transaction transaction, SmtpReply reply)
    {
        RecipientStatus status = reply.IsPermanent ? RecipientStatus.Failed : RecipientStatus.Pending;
        return new TransactionResult([.. transaction.Recipients.Select(i => new RecipientOutcome(i, status, reply))], "none", null);
    }
}
