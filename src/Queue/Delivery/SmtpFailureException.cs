using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Where a conversation stands, as far as others act on it.</summary>
internal static class SmtpStages
{
    public const string Connecting = "connecting";
    public const string Greeting = "greeting";
    public const string Hello = "EHLO";
    public const string Handshake = "TLS handshake";
    public const string Sending = "sending the message";
}

/// <summary>The conversation is over: connection lost, time out, nonsense. With what to write down for the recipients concerned.</summary>
internal sealed class SmtpFailureException(SmtpReply reply, Exception? inner = null) : IOException(reply.Text, inner)
{
    public SmtpReply Reply { get; } = reply;

    /// <summary>Where it ended, unless by a reply.</summary>
    public string? Stage { get; init; }

    /// <summary>TLS could not be agreed on; without it there may be a way.</summary>
    public bool IsHandshake => Stage == SmtpStages.Handshake;

    /// <summary>The other side closed the connection.</summary>
    public bool IsClosed { get; init; }
}
