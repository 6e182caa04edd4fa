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
        ("queue", "Received") or ("submission", "RecipientRejected") => "smtpd",
        ("queue", "MessageId") or ("queue", "Refused") => "cleanup",
        ("queue", "Recipient") => message.Contains(", relay=local,", StringComparison.Ordinal) ? "local" : "smtp",
        ("queue", "Notified") => "bounce",
        ("queue", _) => "qmgr",
        _ => category,
    };
}
