using MailAccess.Store.Quota;

namespace MailAccess.Store.Mbox;

/// <summary>A way in which mail programs agree who may change a file.</summary>
public enum SpoolLockKind
{
    /// <summary>A file of the same name with <c>.lock</c> behind it.</summary>
    DotLock,
    /// <summary>A lock by <c>fcntl</c>.</summary>
    Fcntl,
    /// <summary>A lock by <c>flock</c>.</summary>
    Flock,
}

/// <summary>Where the mail lies, and how it is shared.</summary>
public sealed record MboxStoreOptions
{
    /// <summary>The store's own folder: indexes, journals of changes, staging. Not for mail.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The spool file of an account's INBOX; null: there is no such account.</summary>
    public required Func<string, string?> InboxOf { get; init; }

    /// <summary>The folder below which the account's other mailboxes lie; null: there is no such account.</summary>
    public required Func<string, string?> FolderRootOf { get; init; }

    /// <summary>Stands in lock files.</summary>
    public required string HostName { get; init; }

    /// <summary>All of these are taken, in this order. The same order for all programs avoids that they wait for each other.</summary>
    public IReadOnlyList<SpoolLockKind> LockOrder { get; init; } = [SpoolLockKind.DotLock, SpoolLockKind.Fcntl];

    /// <summary>Each mailbox has a filter for searches beside its index.</summary>
    public bool HasSearchFilters { get; init; } = true;

    /// <summary>What accounts may hold; null: as much as there is room for.</summary>
    public IQuotaPolicy? Quota { get; init; }

    /// <summary>Sizes, counts and durations.</summary>
    public StoreLimits Limits { get; init; } = new();

    /// <summary>Those that only mbox files need.</summary>
    public MboxLimits MboxLimits { get; init; } = new();
}

/// <summary>Sizes and durations of sharing mbox files.</summary>
public sealed record MboxLimits
{
    /// <summary>
    /// How long another program's lock is waited for; then the answer is <see cref="StoreError.Busy"/>. It comes before clients give up
    /// (mbsync after 20 seconds): one that did not hear it would upload again what has been stored.
    /// </summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often it is tried meanwhile.</summary>
    public TimeSpan LockRetryInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A dot-lock that nobody touched for so long is taken for a leftover.</summary>
    public TimeSpan LockStaleAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Octets behind a header that has no room for new flags, up to which they are moved in the background; more wait for the mailbox's closing.</summary>
    public long BackgroundRewriteOctetsMax { get; init; } = 16L << 20;

    /// <summary>Copies of one command that together exceed this are staged in a file.</summary>
    public int CopyMemoryOctetsMax { get; init; } = 8 << 20;
}
