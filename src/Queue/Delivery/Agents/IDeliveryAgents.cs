using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>One copy of a message for a file, a command or a configured program, and for whom it is.</summary>
internal sealed record AgentTransaction
{
    /// <summary>The message, for its id, origin and size; immutable. Its own reverse-path and recipients are not the ones to use here.</summary>
    public required SpoolMessage Message { get; init; }

    /// <summary>A <see cref="Target.File"/>, <see cref="Target.Command"/> or <see cref="Target.Agent"/>.</summary>
    public required Target Target { get; init; }

    /// <summary>The envelope's sender for these recipients: an alias's owner, or the message's sender.</summary>
    public required MailPath ReversePath { get; init; }

    /// <summary>Final addresses with what the sender asked for. One for files and commands; for a program all that go to the same next hop, at most <see cref="QueueLimits.RecipientsPerTransactionMax"/>.</summary>
    public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init; }
}

/// <summary>Delivers to what is neither a mailbox nor a server. Thread-safe.</summary>
internal interface IDeliveryAgents
{
    /// <summary>
    /// A reply for each recipient, in their order: positive is durable and final, permanent is told to the sender, temporary is tried again.
    /// </summary>
    /// <remarks>
    /// Loops by Delivered-To have been looked for; trace fields (<see cref="LocalDelivery.TraceFields"/>) are for the agent to write where its kind has them.
    /// The content belongs to the caller and may be read many times. After a crash the same delivery is asked for again, so what can be done once must be safe to do twice.
    /// Never throws but for cancellation (shutdown's grace is over), after which nothing may be under way any more; and what cannot be told is a temporary reply.
    /// </remarks>
    Task<IReadOnlyList<SmtpReply>> DeliverAsync(AgentTransaction transaction, IMessageContent content, CancellationToken cancellationToken);

    /// <summary>What a reply makes of a recipient: with a file or a command mail ends, and so with a program that says so; others pass it on, and will tell nothing (RFC 3461 §5.2.2).</summary>
    RecipientStatus StatusOf(Target target, SmtpReply reply) => Replies.ToStatus(reply);
}
