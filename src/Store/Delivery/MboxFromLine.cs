using MailAccess.Store.Mbox;

namespace MailAccess.Store.Delivery;

/// <summary>The line that begins a message in an mbox, and in what some programs are given.</summary>
public static class MboxFromLine
{
    /// <summary><c>From sender date</c> and LF. RFC 4155 Appendix A.</summary>
    /// <param name="sender">The envelope's sender; empty: MAILER-DAEMON. White space in it becomes <c>_</c>, or readers would not find the date.</param>
    /// <param name="date">When it was delivered; written in the local zone.</param>
    /// <param name="localZone">That zone.</param>
    public static byte[] Format(string sender, DateTimeOffset date, TimeZoneInfo localZone) =>
        FromLine.Format(sender.Length == 0 ? "MAILER-DAEMON" : string.Concat(sender.Select(c => char.IsWhiteSpace(c) ? '_' : c)), date, localZone);
}
