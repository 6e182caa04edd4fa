using MailAccess.Store.Quota;

namespace MailAccess.Store.Maildir;

/// <summary>Where the mail lies.</summary>
public sealed record MaildirStoreOptions
{
    /// <summary>The store's own folder: journal, staging, lock. Not for mail.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The Maildir of an account's INBOX; null: there is no such account.</summary>
    public required Func<string, string?> RootOf { get; init; }

    /// <summary>Stands in the names of message files.</summary>
    public required string HostName { get; init; }

    /// <summary>What accounts may hold; null: nothing is counted.</summary>
    public IQuotaPolicy? Quota { get; init; }

    /// <summary>Keeps a file beside each mailbox that says which messages a search need not read.</summary>
    public bool HasSearchFilters { get; init; } = true;

    /// <summary>Sizes, counts and durations.</summary>
    public StoreLimits Limits { get; init; } = new();
}
