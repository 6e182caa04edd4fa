using MailAccess.Auth;

namespace MailAccess.Submission;

/// <summary>Messages, and parts of such, that lie on this server already and are named by URL: what BURL sends. RFC 4468. Thread-safe.</summary>
public interface IMessageUrls
{
    /// <summary>The arguments of the EHLO keyword for this account, as RFC 4468 §3.3 has them; null: it cannot use BURL.</summary>
    string? OfferTo(Account account);

    /// <summary>
    /// What a URL names, as far as this account may send it; the caller's. Never asks another server: RFC 4468 §8. Throws
    /// <see cref="IOException"/>: temporary.
    /// </summary>
    ValueTask<MessageUrlResult> OpenAsync(ReadOnlyMemory<byte> url, Account account, CancellationToken cancellationToken);
}

/// <summary>Content that a URL names; read from the start to the end.</summary>
public interface IUrlContent : IAsyncDisposable
{
    /// <summary>How many.</summary>
    long Octets { get; }

    /// <summary>The octets from the offset on, some at least; 0: they are not there any more. Throws <see cref="IOException"/>.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken);
}

/// <summary>Why a URL gives nothing. RFC 4468 §6.</summary>
public enum MessageUrlProblem
{
    /// <summary>It does.</summary>
    None,
    /// <summary>It is no URL of a message or of a part of one.</summary>
    Malformed,
    /// <summary>It is one of another server.</summary>
    OtherServer,
    /// <summary>It does not authorize this account, or not any more.</summary>
    NotAuthorized,
    /// <summary>What it names is not there.</summary>
    NotAvailable,
    /// <summary>It may work later.</summary>
    Temporary,
}

/// <summary>Exactly one of the two is set.</summary>
public readonly record struct MessageUrlResult(IUrlContent? Content, MessageUrlProblem Problem);
