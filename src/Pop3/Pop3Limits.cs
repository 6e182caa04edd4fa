using MailAccess.Auth;
using MailAccess.Store;

namespace MailAccess.Pop3;

/// <summary>Every size, count and duration of POP3.</summary>
public sealed record Pop3Limits
{
    /// <summary>Octets of a command without CRLF. Clients keep to 255 with CRLF (RFC 2449 §4); long passwords get more.</summary>
    public int CommandOctetsMax { get; init; } = 512;

    /// <summary>Octets of an AUTH command, and of a line that answers a challenge: RFC 5034 §4 sets no limit to the latter.</summary>
    public int AuthLineOctetsMax { get; init; } = SaslLimits.EncodedOctetsMax + 64;

    /// <summary>Silence after which a session in the TRANSACTION state ends; RFC 1939 §3 forbids less than ten minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From the greeting to the login, all in all: who is not known gets no ten minutes for each line.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Commands in error before we hang up.</summary>
    public int ErrorsMax { get; init; } = 20;

    /// <summary>Failed logins before we hang up; a mail program tries one password three times.</summary>
    public int LoginAttemptsMax { get; init; } = 5;

    /// <summary>Octets of replies gathered for a client that sends many commands at once.</summary>
    public int OutputOctetsMax { get; init; } = 64 * 1024;

    /// <summary>What is opened ahead for a client that retrieves one message after the other. A client that stops in the middle keeps it in memory.</summary>
    public ReadAheadLimits ReadAhead { get; init; } = new(Messages: 16, BatchOctetsMax: 96 * 1024, OctetsMax: 64 * 1024);

    /// <summary>Octets of a message read at a time.</summary>
    public int ChunkOctets { get; init; } = 64 * 1024;
}
