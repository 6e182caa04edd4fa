using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>A question to the router.</summary>
public sealed record RoutingRequest
{
    /// <summary>The forward-path.</summary>
    public required MailPath Recipient { get; init; }

    /// <summary>The sender, for choices that depend on it.</summary>
    public required MailPath ReversePath { get; init; }

    /// <summary>Mail of our own clients, or our own: its sender is one that they may use, and no stranger's invention.</summary>
    public bool IsOwnMail { get; init; }

    /// <summary>Whether the steps are wanted.</summary>
    public bool Explain { get; init; }

    /// <summary>
    /// Only whether the address is ours and stands for one mailbox, one refusal, or for several recipients: the answer to RCPT. Of several, two are
    /// enough, so that a large list is not expanded for everybody who names it.
    /// </summary>
    public bool IsForAcceptance { get; init; }
}

/// <summary>Decides where mail goes. Thread-safe; follows changes of its tables.</summary>
public interface IMailRouter
{
    /// <summary>The whole way, expansions included. Never throws but for cancellation: what cannot be told now is a temporary <see cref="Target.Failure"/>.</summary>
    ValueTask<Resolution> ResolveAsync(RoutingRequest request, CancellationToken cancellationToken);
}
