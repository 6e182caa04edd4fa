using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailAccess.Message;

/// <summary>
/// Writes delivery status notifications: multipart/report (RFC 6522) of a text for people, message/delivery-status (RFC 3464)
/// and the original or its header. To a sender whose address is in UTF-8 in the forms of RFC 6533; to all others in 7 bits but for texts, since
/// nobody knows whether the way back knows UTF-8 (§4.5).
/// </summary>
public sealed class DsnComposer(DsnReport report)
{
    private const int CopyOctets = 32 * 1024;

    /// <summary>An address type, RFC 6533 §6.1.</summary>
    private const string Utf8Type = "utf-8";

    // Reason: the header of a message may be returned only as far as it is a header of reasonable size.
    private readonly int _headerOctetsMax = MessageLimits.Default.HeaderOctetsMax;

    /// <summary>The report's own header needs SMTPUTF8 to travel: the sender's address does.</summary>
    public bool NeedsSmtpUtf8 => !HeaderText.IsAscii(report.To);

    // RFC 6533 §4.5: "If the return-path SMTP server does not support SMTPUTF8 ... MUST be encoded".
    private bool EncodesOriginal => report.OriginalIsUtf8 && !NeedsSmtpUtf8;

    /// <summary>Writes the report with CRLF line ends. The original is read from where it stands; null where it is lost.</summary>
    public async Task WriteAsync(Stream? original, Stream output, CancellationToken cancellationToken)
    {
        await output.WriteAsync(Encoding.UTF8.GetBytes(Head() + Explanation() + Status()), cancellationToken);
        if (original is not null && report.Return != DsnReturn.Nothing)
        {
            await output.WriteAsync(Encoding.ASCII.GetBytes(OriginalHead()), cancellationToken);
            CrlfCopy copy = new(output, EncodesOriginal ? new QuotedPrintableLines() : null);
            if (report.Return == DsnReturn.Full)
            {
                await copy.AllAsync(original, CopyOctets, cancellationToken);
            }
            else
            {
                await copy.HeaderAsync(original, CopyOctets, _headerOctetsMax, cancellationToken);
            }
        }
        await output.WriteAsync(Encoding.ASCII.GetBytes($"\r\n--{Boundary}--\r\n"), cancellationToken);
    }

    private string Boundary => "=_" + new string([.. report.BoundaryToken.Where(char.IsAsciiLetterOrDigit).Take(50)]);

    private DsnAction Worst => report.Recipients.Any(r => r.Action == DsnAction.Failed) ? DsnAction.Failed
        : report.Recipients.Any(r => r.Action == DsnAction.Delayed) ? DsnAction.Delayed : DsnAction.Delivered;

    private string Head()
    {
        string host = HeaderText.IsDomain(report.ReportingMta) && HeaderText.IsAscii(report.ReportingMta) ? report.ReportingMta : "localhost";
        string subject = Worst switch
        {
            DsnAction.Failed => "Undelivered Mail Returned to Sender",
            DsnAction.Delayed => "Delayed Mail (still being tried)",
            _ => "Successful Mail Delivery Report",
        };
        subject = (report.CopiedFor is null ? "" : "Postmaster Copy: ") + subject;
        string from = report.From is null ? "MAILER-DAEMON@" + host : Address(report.From);
        string type = NeedsSmtpUtf8 ? "global-delivery-status" : "delivery-status";
        StringBuilder text = new();
        text.Append(HeaderText.Field("From", $"Mail Delivery System <{from}>"))
            .Append(HeaderText.Field("To", $"<{Address(report.To)}>"))
            .Append(HeaderText.Field("Subject", subject))
            .Append(HeaderText.Field("Date", MessageDate.Format(report.Date)))
            .Append(HeaderText.Field("Message-ID", report.MessageId))
            .Append(HeaderText.Field("Auto-Submitted", "auto-replied")); // RFC 3834 §3.1.7
        if (report.OriginalMessageId is string originalId && HeaderText.IsAscii(originalId))
        {
            text.Append(HeaderText.Field("In-Reply-To", originalId)).Append(HeaderText.Field("References", originalId));
        }
        // RFC 6522 §3: the report type is the subtype of the second part.
        text.Append("MIME-Version: 1.0\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/report; report-type={type};\r\n boundary=\"{Boundary}\"\r\n")
            .Append("Content-Transfer-Encoding: 8bit\r\n\r\n")
            .Append("This is a delivery report in MIME format.\r\n");
        return text.ToString();
    }

    private string Explanation()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"\r\n--{Boundary}\r\nContent-Description: Notification\r\n")
            .Append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
            .Append(Paragraph($"This is the mail system at {HeaderText.Sanitize(report.ReportingMta)}."))
            .Append("\r\n")
            .Append(report.CopiedFor is { } sender ? Paragraph($"This is a copy for the postmaster. What follows was sent to <{Address(sender)}>:") + "\r\n" : "")
            .Append(Paragraph(Worst switch
            {
                DsnAction.Failed => "Your message could not be delivered to one or more recipients. It will not be tried again.",
                DsnAction.Delayed => "Your message has not been delivered yet. You need not send it again: it is still being tried.",
                _ => "Your message has been delivered, sent on to the members of a list, or handed to a system that does not report further.",
            }));
        foreach (DsnRecipient recipient in report.Recipients)
        {
            text.Append("\r\n").Append(Paragraph($"<{Address(recipient.FinalRecipient)}>: {Describe(recipient)}"));
            if (recipient.RemoteReply is string reply)
            {
                string remote = recipient.RemoteMta is null ? "The other server" : HeaderText.Sanitize(recipient.RemoteMta);
                text.Append(Paragraph($"    {remote} said: {HeaderText.Sanitize(reply)}"));
            }
            if (recipient is { Action: DsnAction.Delayed, WillRetryUntil: DateTimeOffset until })
            {
                text.Append(Paragraph($"    It will be tried until {MessageDate.Format(until)}."));
            }
        }
        return text.ToString();
    }

    /// <summary>delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields ) — RFC 3464 §2.1.</summary>
    private string Status()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"\r\n--{Boundary}\r\nContent-Description: Delivery report\r\n")
            .Append(NeedsSmtpUtf8
                ? "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                : "Content-Type: message/delivery-status\r\n\r\n");
        if (report.OriginalEnvelopeId is string id)
        {
            text.Append(HeaderText.Field("Original-Envelope-Id", AsciiOnly(DecodeXtext(id)))); // RFC 3464 §2.2.1: decoded.
        }
        text.Append(HeaderText.Field("Reporting-MTA", "dns; " + Text(report.ReportingMta)));
        if (Text(report.ReceivedFromMta) is { Length: > 0 } from)
        {
            text.Append(HeaderText.Field("Received-From-MTA", "dns; " + from));
        }
        if (report.ArrivalDate is DateTimeOffset arrival)
        {
            text.Append(HeaderText.Field("Arrival-Date", MessageDate.Format(arrival)));
        }
        if (report.DeliverByDate is DateTimeOffset deadline)
        {
            text.Append(HeaderText.Field("Deliver-By-Date", MessageDate.Format(deadline)));
        }
        if (HeaderText.Sanitize(report.FutureReleaseRequest) is { Length: > 0 } hold)
        {
            text.Append(HeaderText.Field("Future-Release-Request", hold));
        }
        foreach (DsnRecipient recipient in report.Recipients)
        {
            text.Append("\r\n");
            AppendRecipient(recipient, text);
        }
        return text.ToString();
    }

    private void AppendRecipient(DsnRecipient recipient, StringBuilder text)
    {
        if (OriginalRecipient(recipient.OriginalRecipient) is string original)
        {
            text.Append(HeaderText.Field("Original-Recipient", original));
        }
        string final = Address(recipient.FinalRecipient);
        text.Append(HeaderText.Field("Final-Recipient", Typed(HeaderText.IsAscii(final) ? "rfc822" : Utf8Type, final)))
            .Append(HeaderText.Field("Action", recipient.Action switch
            {
                DsnAction.Failed => "failed",
                DsnAction.Delayed => "delayed",
                DsnAction.Delivered => "delivered",
                DsnAction.Relayed => "relayed",
                _ => "expanded",
            }))
            .Append(HeaderText.Field("Status", StatusCode(recipient)));
        if (Text(recipient.RemoteMta) is { Length: > 0 } remote)
        {
            text.Append(HeaderText.Field("Remote-MTA", "dns; " + remote));
        }
        if (Text(recipient.RemoteReply) is { Length: > 0 } reply)
        {
            text.Append(HeaderText.Field("Diagnostic-Code", "smtp; " + reply));
        }
        if (recipient.LastAttemptDate is DateTimeOffset last)
        {
            text.Append(HeaderText.Field("Last-Attempt-Date", MessageDate.Format(last)));
        }
        if (recipient is { Action: DsnAction.Delayed, WillRetryUntil: DateTimeOffset until })
        {
            text.Append(HeaderText.Field("Will-Retry-Until", MessageDate.Format(until))); // RFC 3464 §2.3.9: for delays only.
        }
    }

    private string OriginalHead()
    {
        string type = (report.Return == DsnReturn.Full, report.OriginalIsUtf8) switch
        {
            (true, true) => "message/global", // RFC 6532 §3.7
            (true, false) => "message/rfc822",
            (false, true) => "message/global-headers", // RFC 6533 §4.2
            (false, false) => "text/rfc822-headers",
        };
        string description = Worst switch
        {
            DsnAction.Failed => "Undelivered Message",
            DsnAction.Delayed => "Delayed Message",
            _ => "Delivered Message",
        };
        description += report.Return == DsnReturn.Full ? "" : " Headers";
        return $"\r\n--{Boundary}\r\nContent-Description: {description}\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: {(EncodesOriginal ? "quoted-printable" : "8bit")}\r\n\r\n";
    }

    private static string Describe(DsnRecipient recipient) => HeaderText.Sanitize(recipient.Reason) is { Length: > 0 } reason ? reason
        : recipient.Action switch
        {
            DsnAction.Failed => "delivery failed",
            DsnAction.Delayed => "delivery is delayed",
            DsnAction.Delivered => "delivered",
            DsnAction.Relayed => "handed to a system that does not report",
            _ => "delivered to an address that sends on to others",
        };

    /// <summary>Lines of text: a field's folding without the field.</summary>
    private static string Paragraph(string text)
    {
        StringBuilder lines = new();
        int column = 0;
        foreach (string word in text.Split(' '))
        {
            bool wraps = column > 0 && column + 1 + word.Length > HeaderText.LineOctetsPreferred;
            lines.Append(wraps ? "\r\n    " : column > 0 ? " " : "");
            column = wraps ? 4 : column + 1;
            for (int i = 0; i < word.Length; i += 200)
            {
                // Octets per line stay far below 998, RFC 5322 §2.1.1.
                lines.Append(i == 0 ? "" : "\r\n").Append(word.AsSpan(i, Math.Min(200, word.Length - i)));
            }
            column += word.Length;
        }
        return lines.Append("\r\n").ToString();
    }

    /// <summary>addr-type ";" generic-address — RFC 3464 §2.3.1, from ORCPT in xtext or in utf-8-addr-xtext (RFC 6533 §3).</summary>
    private string? OriginalRecipient(string? orcpt)
    {
        int semicolon = orcpt?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        if (orcpt is null || semicolon < 1 || !orcpt[..semicolon].All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            return null;
        }
        string type = orcpt[..semicolon];
        string address = !HeaderText.IsAscii(orcpt) || type.Equals(Utf8Type, StringComparison.OrdinalIgnoreCase)
            ? Utf8AddressText.Decode(orcpt[(semicolon + 1)..])
            : DecodeXtext(orcpt[(semicolon + 1)..]);
        address = HeaderText.Sanitize(address);
        return address.Length == 0 ? null : Typed(HeaderText.IsAscii(address) ? type : Utf8Type, address);
    }

    private string Typed(string type, string address) =>
        $"{type}; {(!NeedsSmtpUtf8 && type.Equals(Utf8Type, StringComparison.OrdinalIgnoreCase) ? Utf8AddressText.ToXtext(address) : address)}";

    /// <summary>What a field of the status may say: message/delivery-status has 7 bits (RFC 3464 §2.1).</summary>
    private string Text(string? value) => NeedsSmtpUtf8 ? HeaderText.Sanitize(value) : AsciiOnly(HeaderText.Sanitize(value));

    private static string Address(string address) => new([.. HeaderText.Sanitize(address).Where(c => c is not ('<' or '>'))]);

    private static string AsciiOnly(string text) => new([.. text.Select(c => c < 0x7F ? c : '?')]);

    /// <summary>status-code = ("2" / "4" / "5") "." 1*3DIGIT "." 1*3DIGIT — RFC 3463 §2.</summary>
    private static string StatusCode(DsnRecipient recipient)
    {
        string[] fields = recipient.Status.Split('.');
        bool isCode = fields.Length == 3 && fields[0] is "2" or "4" or "5"
            && fields.All(f => f.Length is > 0 and <= 3 && f.All(char.IsAsciiDigit));
        return isCode ? recipient.Status : recipient.Action switch
        {
            DsnAction.Failed => "5.0.0",
            DsnAction.Delayed => "4.0.0",
            _ => "2.0.0",
        };
    }

    /// <summary>xtext: "+" and two hexadecimal digits are an octet. RFC 3461 §4</summary>
    private static string DecodeXtext(string text)
    {
        ArrayBufferWriter<byte> octets = new(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            byte octet = 0;
            bool isCoded = text[i] == '+' && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out octet);
            if (isCoded)
            {
                octets.Write([octet]);
                i += 2;
            }
            else
            {
                int length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                octets.Write(Encoding.UTF8.GetBytes(text.Substring(i, length)));
                i += length - 1;
            }
        }
        return Encoding.UTF8.GetString(octets.WrittenSpan);
    }
}
