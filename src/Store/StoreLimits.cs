namespace MailAccess.Store;

/// <summary>Every size, count and duration of the store.</summary>
public sealed record StoreLimits
{
    /// <summary>Largest message. RFC 1870 lets a server say so in EHLO.</summary>
    public long MessageOctetsMax { get; init; } = 1L << 30;

    /// <summary>An arriving message up to this size stays in memory, a larger one goes to a file.</summary>
    public int StagedMemoryOctetsMax { get; init; } = 256 * 1024;

    /// <summary>A message up to this size is opened by reading it whole; a larger one is read in pieces.</summary>
    public int ReadWholeOctetsMax { get; init; } = 256 * 1024;

    /// <summary>A message up to this size becomes durable in the journal, a larger one by a sync of its file.</summary>
    public int JournalContentOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Messages of one commit that together exceed this are synced as files instead.</summary>
    public int JournalCommitOctetsMax { get; init; } = 8 << 20;

    /// <summary>Length of a journal segment as it is laid out beforehand.</summary>
    public int JournalSegmentOctets { get; init; } = 16 << 20;

    /// <summary>Octets written to the journal after which a checkpoint is made.</summary>
    public long JournalCheckpointOctets { get; init; } = 64L << 20;

    /// <summary>Octets of journal that wait for a checkpoint before commits are refused: the disk under the mail stands still.</summary>
    public long JournalOctetsMax { get; init; } = 1L << 30;

    /// <summary>Longest time after a commit until a checkpoint.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How soon file names follow flags.</summary>
    public TimeSpan HousekeepingInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A mailbox that nobody has open stays loaded this long.</summary>
    public TimeSpan MailboxIdleTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Octets of a mailbox's log after which a new index is written; never less than the index itself.</summary>
    public long LogOctetsBeforeFold { get; init; } = 1 << 20;

    /// <summary>Folders, two for each open mailbox, that the kernel is asked to watch (inotify); never more than half of what it allows a
    /// user. Mailboxes beyond are polled while somebody listens to them.</summary>
    public int FolderWatchesMax { get; init; } = 65_536;

    /// <summary>Threads for what may block on a disk.</summary>
    public int WorkerThreads { get; init; } = 16;

    /// <summary>Their stacks.</summary>
    public int WorkerStackOctets { get; init; } = 256 * 1024;

    /// <summary>Work that may wait for them.</summary>
    public int WorkerJobsMax { get; init; } = 100_000;
}
