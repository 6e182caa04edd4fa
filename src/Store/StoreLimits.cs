namespace MailAccess.Store;

/// <summary>Every size, count and duration of the store.</summary>
public sealed record StoreLimits
{
    /// <summary>The defaults.</summary>
    public static StoreLimits Default { get; } = new();

    /// <summary>Largest message. RFC 1870 lets a server say so in EHLO.</summary>
    public long MessageOctetsMax { get; init; } = 1L << 30;

    /// <summary>An arriving message up to this size stays in memory, a larger one goes to a file.</summary>
    public int StagedMemoryOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Of what is expected to be longer, nothing stays in memory.</summary>
    public long StagedExpectedOctetsMax { get; init; } = 16L << 20;

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

    /// <summary>A message up to this size is searched in memory; a larger one piece by piece.</summary>
    public int SearchWholeOctetsMax { get; init; } = 4 << 20;

    /// <summary>Messages of a search that are read in one go before others get the thread.</summary>
    public int SearchSliceMessages { get; init; } = 64;

    /// <summary>Slices that run at a time, of all searches together.</summary>
    public int SearchSlicesMax { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>So many messages may lack a signature for searches: they are read as quickly as asked about.</summary>
    public int TrigramMessagesMin { get; init; } = 64;

    /// <summary>Messages of one mailbox that get their signature for searches in one round of housekeeping.</summary>
    public int TrigramMessagesPerRound { get; init; } = 512;

    /// <summary>Octets of messages that are read for that.</summary>
    public long TrigramOctetsPerRound { get; init; } = 16 << 20;

    /// <summary>Files that all open mailboxes together keep open between two uses: descriptors.</summary>
    public int HeldFilesMax { get; init; } = 256;

    /// <summary>Octets of summaries that all mailboxes together keep in memory.</summary>
    public long SummaryMemoryOctetsMax { get; init; } = 64L << 20;

    /// <summary>Octets of a mailbox's cache that belong to no message any more before it is written anew; never less than those in use.</summary>
    public long CacheOctetsDeadMax { get; init; } = 1 << 20;

    /// <summary>The same for its heap of names.</summary>
    public long NamesOctetsDeadMax { get; init; } = 1 << 20;

    /// <summary>How often a long rebuild of an index is logged.</summary>
    public TimeSpan RebuildReportInterval { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Folders, two for each open mailbox, that the kernel is asked to watch (inotify); never more than half of what it allows a
    /// user. Mailboxes beyond are polled while somebody listens to them.</summary>
    public int FolderWatchesMax { get; init; } = 65_536;

    /// <summary>Threads for what may block on a disk.</summary>
    public int WorkerThreads { get; init; } = 16;

    /// <summary>Their stacks.</summary>
    public int WorkerStackOctets { get; init; } = 256 * 1024;

    /// <summary>How long counts of a quota are trusted without asking whether other programs have changed mailboxes; Maildir++ has the same.</summary>
    public TimeSpan QuotaCountInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The same, before somebody is refused.</summary>
    public TimeSpan QuotaRefusalCountInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Messages that an expiry removes in one commit.</summary>
    public int ExpiryMessagesPerCommit { get; init; } = 1000;

    /// <summary>Mailboxes that an expiry opens before it waits for them to be closed again.</summary>
    public int ExpiryMailboxesBetweenPauses { get; init; } = 64;

    /// <summary>Work that may wait for them.</summary>
    public int WorkerJobsMax { get; init; } = 100_000;
}
