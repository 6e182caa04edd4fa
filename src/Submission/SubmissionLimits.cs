using MailAccess.Auth;

namespace MailAccess.Submission;

/// <summary>Every number of the SMTP and LMTP servers that a client could test.</summary>
public sealed record SubmissionLimits
{
    /// <summary>A command with its CRLF; RFC 5321 §4.5.3.1.4.</summary>
    public int CommandOctetsMax { get; init; } = 512;

    /// <summary>MAIL and RCPT with the parameters of RFC 1870, 3461, 4954, 6152 and 6531: each adds to the 512, together some 1,200.</summary>
    public int ExtendedCommandOctetsMax { get; init; } = 2048;

    /// <summary>A line of an AUTH exchange; RFC 4954 §4.</summary>
    public int AuthenticationLineOctetsMax { get; init; } = SaslLimits.EncodedOctetsMax;

    /// <summary>A text line of a message. RFC 5321 §4.5.3.1.6 demands 1000; programs write whole HTML bodies in one line, so we take more.</summary>
    public int TextLineOctetsMax { get; init; } = 1 << 20;

    /// <summary>A message's header; held in memory while it arrives.</summary>
    public int HeaderOctetsMax { get; init; } = 1 << 20;

    /// <summary>Fields of a message's header.</summary>
    public int HeaderFieldsMax { get; init; } = 10_000;

    /// <summary>Recipients accepted per transaction; RFC 5321 §4.5.3.1.8 forbids less than 100.</summary>
    public int RecipientsMax { get; init; } = 1000;

    /// <summary>Received fields beyond which a message is in a loop; RFC 5321 §6.3 forbids less than 100.</summary>
    public int HopsMax { get; init; } = 100;

    /// <summary>How far ahead the release of a message may be asked for, on submission; whole seconds, at most 999,999,999. Zero: not offered. RFC 4865 §3.</summary>
    public TimeSpan FutureReleaseMax { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The highest priority of MT-PRIORITY that somebody who logged in may give a message, from 0 to 9; others none above 0. RFC 6710 §4.1.</summary>
    public int PriorityMax { get; init; } = 4;

    /// <summary>Refused commands and messages, then we hang up.</summary>
    public int ErrorsMax { get; init; } = 20;

    /// <summary>Refused recipients, then we hang up: somebody guesses addresses. A list of members may well have fifty that are gone.</summary>
    public int RefusedRecipientsMax { get; init; } = 200;

    /// <summary>Failed logins, then we hang up. Clients try several mechanisms and spellings.</summary>
    public int AuthenticationFailuresMax { get; init; } = 5;

    /// <summary>NOOP, RSET, VRFY, HELP and greetings since the last message; each beyond it counts as an error.</summary>
    public int JunkCommandsMax { get; init; } = 100;

    /// <summary>How far beyond its limit a message is read in search of its end, so that the client hears why.</summary>
    public long DrainOctetsMax { get; init; } = 1L << 30;

    /// <summary>Wait for a command; RFC 5321 §4.5.3.2.7 forbids less than 5 minutes.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>In each such span of DATA at least <see cref="DataWindowOctetsMin"/> octets must come; RFC 5321 §4.5.3.2.5 gives a block 3 minutes.</summary>
    public TimeSpan DataWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>55 octets a second: the slowest modem does ten times that.</summary>
    public int DataWindowOctetsMin { get; init; } = 16 * 1024;

    /// <summary>How long the exchange listens for clients that speak before they are greeted (RFC 5321 §4.3.1); zero: only what is there already.</summary>
    public TimeSpan EarlyTalkerDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client that has waited for its greeting need not wait again.</summary>
    public TimeSpan PatienceRemembered { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long after it connected a message waits for the name of its client in the DNS, if that is still being looked for.</summary>
    public TimeSpan ClientNameWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Networks, accounts and patient clients that are remembered; some 200 octets each.</summary>
    public int PeersMax { get; init; } = 65_536;
}
