namespace MailAccess.Queue;

/// <summary>Why a policy could not be fetched, in the kinds of RFC 8460 §4.3.2.2.</summary>
public enum FetchFlaw
{
    /// <summary>It was fetched.</summary>
    None,
    /// <summary>The host could not be reached, or answered something else.</summary>
    Unreachable,
    /// <summary>Its certificate is not valid for it.</summary>
    Certificate,
    /// <summary>What it gave is no policy.</summary>
    Invalid,
}

/// <summary>What a fetch came to: the policy's text, or why there is none.</summary>
/// <param name="Text">Set where fetched.</param>
/// <param name="Flaw">What went wrong.</param>
/// <param name="Reason">The same for people.</param>
public readonly record struct FetchResult(string? Text, FetchFlaw Flaw = FetchFlaw.None, string? Reason = null);

/// <summary>Fetches the texts of MTA-STS policies, and hands in reports. Throws for cancellation only.</summary>
public interface IPolicyFetcher
{
    /// <summary>The policy of a domain from its own host, <c>mta-sts.</c> in front of it. RFC 8461 §3.3.</summary>
    Task<FetchResult> FetchAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Posts a report (<c>application/tlsrpt+gzip</c>); null: it was taken, else why not. RFC 8460 §5.4.</summary>
    Task<string?> PostReportAsync(Uri address, ReadOnlyMemory<byte> report, CancellationToken cancellationToken);
}
