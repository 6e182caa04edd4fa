using System.Globalization;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Logging;

/// <summary>
/// The beginning of a line as syslog writes it, with the names of programs that readers of Postfix's maillog expect, so that pflogsumm and its like count what they find:
/// <c>Nov 22 04:00:00 host mailaccess/smtp[17]: </c>
/// </summary>
internal static class MaillogLine
{
    private static readonly string Host = Environment.MachineName.Split('.')[0];

    private static readonly int Process = Environment.ProcessId;

    public static string Begin(DateTimeOffset localTime, string category, EventId id, string message)
    {
        string stamp = localTime.ToString("MMM ", CultureInfo.InvariantCulture) + localTime.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2)
            + localTime.ToString(" HH:mm:ss", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{stamp} {Host} mailaccess/{Program(category, id.Name, message)}[{Process}]: ");
    }

    private static string Program(string category, string? name, string message) => (category, name) switch
    {
        ("queue", "Received") or (_, "RecipientRejected") => "smtpd",
        ("queue", "MessageId") or ("queue", "Refused") => "cleanup",
        ("queue", "Recipient") => Agent(message),
        ("queue", "Notified") => "bounce",
        ("queue", _) => "qmgr",
        _ => category,
    };

    /// <summary>By who took the message: a host has its address in brackets, a program a name of its own.</summary>
    private static string Agent(string message)
    {
        const string Relay = ", relay=";
        int start = message.IndexOf(Relay, StringComparison.Ordinal) + Relay.Length;
        int length = message.AsSpan(start).IndexOf(',');
        return message.AsSpan(start, Math.Max(0, length)) switch
        {
            "local" => "local",
            "discard" => "discard",
            "none" => "error",
            var relay => relay.Contains('[') ? "smtp" : "pipe",
        };
    }
}
