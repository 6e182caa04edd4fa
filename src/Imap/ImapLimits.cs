using MailAccess.Store;

namespace MailAccess.Imap;

/// <summary>Every bound of an IMAP session. Two levels where a client can lose work: a reply, and beyond it a hang-up.</summary>
public sealed record ImapLimits
{
    /// <summary>One line of a command without its CRLF; RFC 7162 §4 asks for at least 8192 octets.</summary>
    public int LineOctetsMax { get; init; } = 64 * 1024;

    /// <summary>A whole command, lines and literals together, without the message of APPEND. After login.</summary>
    public int CommandOctetsMax { get; init; } = 1024 * 1024;

    /// <summary>The same before login, when anybody may ask.</summary>
    public int CommandOctetsBeforeLoginMax { get; init; } = 80 * 1024;

    /// <summary>One literal before login: names, passwords.</summary>
    public int LiteralOctetsBeforeLoginMax { get; init; } = 8 * 1024;

    /// <summary>One literal that is not synchronizing, where LITERAL- is announced: before login, and where LITERAL+ is switched off. RFC 7888 §5.</summary>
    public int NonSynchronizingOctetsMax { get; init; } = 4096;

    /// <summary>The message of APPEND; the store may allow less.</summary>
    public long AppendOctetsMax { get; init; } = 100L * 1024 * 1024;

    /// <summary>A message may take so long, and the time its size takes at <see cref="AppendOctetsPerSecondMin"/>.</summary>
    public TimeSpan AppendTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Who is slower than this on the whole is hung up on.</summary>
    public int AppendOctetsPerSecondMin { get; init; } = 1024;

    /// <summary>
    /// A non-synchronizing literal that is refused is read and dropped up to this size; beyond it the connection ends.
    /// RFC 7888 §4.
    /// </summary>
    public long DroppedLiteralOctetsMax { get; init; } = 4L * 1024 * 1024;

    /// <summary>Literals in one command.</summary>
    public int LiteralsMax { get; init; } = 256;

    /// <summary>Ranges in one sequence set: as many as fit a line.</summary>
    public int SequenceRangesMax { get; init; } = 32 * 1024;

    /// <summary>Octets of a keyword.</summary>
    public int KeywordOctetsMax { get; init; } = 100;

    /// <summary>Nesting of SEARCH keys: parentheses, NOT and OR.</summary>
    public int SearchDepthMax { get; init; } = 32;

    /// <summary>Keys in one SEARCH.</summary>
    public int SearchKeysMax { get; init; } = 1000;

    /// <summary>Data items of one FETCH.</summary>
    public int FetchItemsMax { get; init; } = 100;

    /// <summary>Octets of one header that HEADER.FIELDS looks through.</summary>
    public int HeaderOctetsMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>All headers of a message together that are looked at to show it to a client without UTF8=ACCEPT; those behind are shown as they are.</summary>
    public int DowngradedHeaderOctetsMax { get; init; } = 512 * 1024;

    /// <summary>Field names of one HEADER.FIELDS.</summary>
    public int HeaderNamesMax { get; init; } = 200;

    /// <summary>Numbers in a section, as in <c>BODY[1.2.3]</c>.</summary>
    public int SectionDepthMax { get; init; } = 100;

    /// <summary>Octets of a LIST pattern with its reference.</summary>
    public int ListPatternOctetsMax { get; init; } = 1024;

    /// <summary>Patterns of one extended LIST. RFC 5258 §3.</summary>
    public int ListPatternsMax { get; init; } = 100;

    /// <summary>Annotations that one LIST asks for of each mailbox. RFC 9590.</summary>
    public int ListedEntriesMax { get; init; } = 100;

    /// <summary>Messages that one command works on, MESSAGELIMIT: RFC 9738, which advises against less than 1000. 0: there is no such limit.</summary>
    public int MessagesPerCommandMax { get; init; }

    /// <summary>Messages that one COPY or APPEND takes, SAVELIMIT, where there is no limit for all commands. 0: there is none.</summary>
    public int SavesPerCommandMax { get; init; }

    /// <summary>Messages of a batch of UIDBATCHES; 500 must be allowed: RFC 10022.</summary>
    public int BatchMessagesMin { get; init; } = 500;

    /// <summary>Messages of one APPEND. RFC 3502.</summary>
    public int AppendMessagesMax { get; init; } = 1000;

    /// <summary>Literals and URLs of one APPEND with CATENATE. RFC 4469.</summary>
    public int CatenatePartsMax { get; init; } = 1000;

    /// <summary>Fields of ID; RFC 2971 §3.3.</summary>
    public int IdFieldsMax { get; init; } = 30;

    /// <summary>Output that may wait before a handler awaits the client.</summary>
    public int OutputOctetsMax { get; init; } = 64 * 1024;

    /// <summary>Messages that a FETCH of many opens before their turn comes.</summary>
    public ReadAheadLimits ReadAhead { get; init; } = new(Messages: 32, BatchOctetsMax: 384 * 1024, OctetsMax: 128 * 1024);

    /// <summary>Messages whose implicit <c>\Seen</c> is one commit.</summary>
    public int SeenBatchMessages { get; init; } = 1000;

    /// <summary>Ranges of UIDs in a saved search result, 8 octets each; what has more is refused by NOTSAVED. RFC 5182 §2.5.</summary>
    public int SavedRangesMax { get; init; } = 256 * 1024;

    /// <summary>Results that one session has kept up to date; more are refused by NOUPDATE. RFC 5267 §4.3.1.</summary>
    public int UpdateContextsMax { get; init; } = 8;

    /// <summary>Messages in all of them together when one is added, 4 octets each; the first may have any number.</summary>
    public long UpdateMessagesMax { get; init; } = 500_000;

    /// <summary>Mailboxes that one ESEARCH looks into; what means more is refused. RFC 7377 §2.4.</summary>
    public int SearchedMailboxesMax { get; init; } = 10_000;

    /// <summary>
    /// Mailboxes that one session watches by NOTIFY, and names in its filters; what means more is refused by NOTIFICATIONOVERFLOW. Each is open as
    /// long as it is watched, once for all sessions: its index is in memory. RFC 5465 §3.1.
    /// </summary>
    public int WatchedMailboxesMax { get; init; } = 1000;

    /// <summary>The same of all sessions together.</summary>
    public int WatchedMailboxesInAllMax { get; init; } = 100_000;

    /// <summary>
    /// Names of mailboxes, there or subscribed, whose coming and going one session follows by NOTIFY; what means more is refused by
    /// NOTIFICATIONOVERFLOW. About 150 octets each.
    /// </summary>
    public int NotifyNamesMax { get; init; } = 10_000;

    /// <summary>The same of all sessions together.</summary>
    public int NotifyNamesInAllMax { get; init; } = 1_000_000;

    /// <summary>Changes of names, subscriptions and annotations that wait for a client; with more, NOTIFY ends. RFC 5465 §5.8.</summary>
    public int NotifyChangesMax { get; init; } = 1000;

    /// <summary>Memory for what SORT and THREAD compare, of all mailboxes together; about 150 octets a message.</summary>
    public long KeysOctetsMax { get; init; } = 64L << 20;

    /// <summary>Octets of a message in which SEARCH looks for a Date field that no summary knows.</summary>
    public int SearchDateOctetsMax { get; init; } = 256 * 1024;

    /// <summary>A search runs so long before others get a turn.</summary>
    public TimeSpan SearchSlice { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Whoever waits for an answer hears at least so often that there is work on it. RFC 9585 §4 recommends 10 to 15 seconds.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>BADs in a row before the connection ends.</summary>
    public int ErrorsMax { get; init; } = 20;

    /// <summary>Failed logins before the connection ends.</summary>
    public int LoginFailuresMax { get; init; } = 5;

    /// <summary>From connection, or TLS, to login.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Autologout; RFC 3501 §5.4 forbids less than 30 minutes.
    /// Runs also during IDLE, whose clients renew it (RFC 2177 §3).
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(31);
}
