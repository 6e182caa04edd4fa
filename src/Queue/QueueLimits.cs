namespace MailAccess.Queue;

/// <summary>Every size, count and duration of the queue.</summary>
public sealed record QueueLimits
{
    /// <summary>Largest message taken, in octets as stored.</summary>
    public long MessageOctetsMax { get; init; } = 50 * 1024 * 1024;

    /// <summary>Received fields before a message is taken to run in circles. RFC 5321 §6.3 asks for at least 100.</summary>
    public int HopsMax { get; init; } = 100;

    /// <summary>Delivered-To fields looked at for a loop.</summary>
    public int DeliveredToMax { get; init; } = 100;

    /// <summary>Messages whose recipients are being worked on at once; each costs a few KiB.</summary>
    public int ActiveMessagesMax { get; init; } = 2_000;

    /// <summary>Transactions waiting or under way for one destination, at most, before further messages for it wait in the spool; fewer while it has few connections.</summary>
    public int WaitingPerDestinationMax { get; init; } = 1_000;

    /// <summary>Outgoing connections in all.</summary>
    public int ConnectionsMax { get; init; } = 200;

    /// <summary>Outgoing connections to one destination, once it has shown that it bears them.</summary>
    public int ConnectionsPerDestinationMax { get; init; } = 20;

    /// <summary>Outgoing connections to a destination of which nothing is known yet.</summary>
    public int InitialConcurrency { get; init; } = 5;

    /// <summary>Deliveries into mailboxes from the spool at once.</summary>
    public int LocalDeliveriesMax { get; init; } = 16;

    /// <summary>Those into one mailbox.</summary>
    public int DeliveriesPerMailboxMax { get; init; } = 4;

    /// <summary>Deliveries to one file, and to the commands of one user, at once. Postfix: local_destination_concurrency_limit.</summary>
    public int AgentDeliveriesPerUserMax { get; init; } = 2;

    /// <summary>Recipients in one outgoing transaction; servers must take 100 (RFC 5321 §4.5.3.1.8).</summary>
    public int RecipientsPerTransactionMax { get; init; } = 100;

    /// <summary>Transactions over one connection.</summary>
    public int TransactionsPerConnectionMax { get; init; } = 1_000;

    /// <summary>Addresses tried for one delivery; at least two (RFC 5321 §5.1).</summary>
    public int AddressesTriedMax { get; init; } = 6;

    /// <summary>Mail exchangers looked at.</summary>
    public int MxHostsMax { get; init; } = 20;

    /// <summary>How long a destination or an address that could not be reached is not tried again; doubled after each further try in vain.</summary>
    public TimeSpan DeadDestinationTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>That time grows no further.</summary>
    public TimeSpan DeadDestinationTimeMax { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Addresses remembered as dead.</summary>
    public int DeadHostsMax { get; init; } = 10_000;

    /// <summary>A head start before the next address of a host is dialled too. RFC 8305 §5: 250 milliseconds.</summary>
    public TimeSpan ConnectionAttemptDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a connection without work is kept for the next message.</summary>
    public TimeSpan IdleConnectionTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For the TCP connection and a TLS handshake.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For the greeting and for EHLO. RFC 5321 §4.5.3.2.1: 5 minutes.</summary>
    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>RFC 5321 §4.5.3.2.2 and .3: 5 minutes.</summary>
    public TimeSpan MailTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>RFC 5321 §4.5.3.2.4: 2 minutes.</summary>
    public TimeSpan DataStartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For each block of data to leave. RFC 5321 §4.5.3.2.5: 3 minutes.</summary>
    public TimeSpan DataBlockTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>For the reply to the final dot. RFC 5321 §4.5.3.2.6: 10 minutes.</summary>
    public TimeSpan DataEndTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>For a polite goodbye; nobody depends on it.</summary>
    public TimeSpan QuitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Characters of a reply that are kept in the spool and in reports.</summary>
    public int ReplyTextMax { get; init; } = 1_000;

    /// <summary>Largest message returned whole in a notification; of larger ones only the header.</summary>
    public long ReturnedOctetsMax { get; init; } = 100 * 1024;

    /// <summary>Octets of a header returned.</summary>
    public int ReturnedHeaderOctetsMax { get; init; } = 64 * 1024;

    /// <summary>Domains whose MTA-STS policies are kept.</summary>
    public int StsPoliciesMax { get; init; } = 10_000;

    /// <summary>Threads for blocking file work.</summary>
    public int IoThreads { get; init; } = 8;

    /// <summary>Largest message that goes through the spool's journal; larger ones become files at once.</summary>
    public int JournaledOctetsMax { get; init; } = 128 * 1024;

    /// <summary>Octets of one segment of the journal; at least four times <see cref="JournaledOctetsMax"/> and 4 MiB.</summary>
    public int JournalSegmentOctets { get; init; } = 16 * 1024 * 1024;

    /// <summary>Full segments that are left alone, because most of what they hold will be delivered soon.</summary>
    public int JournalSegmentsKept { get; init; } = 3;

    /// <summary>Full segments before messages become files at once; so many are held in memory at most.</summary>
    public int JournalSegmentsMax { get; init; } = 6;

    /// <summary>How long removals from the spool are gathered for one sync. After power loss, what was delivered within it is delivered again.</summary>
    public TimeSpan RemovalPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after a failure of the spool, or of ourselves, a message is tried again.</summary>
    public TimeSpan FaultDelay { get; init; } = TimeSpan.FromMinutes(5);
}
