using System.Globalization;
using System.Text;

namespace MailAccess.Message;

/// <summary>One report on TLS, as a message. All texts are ASCII; domains are A-labels.</summary>
/// <param name="From">The contact's address, in From.</param>
/// <param name="To">The address that the domain named.</param>
/// <param name="Domain">The domain that the report is about.</param>
/// <param name="Submitter">The domain of the contact.</param>
/// <param name="ReportId">What <c>Report-ID</c> has before its <c>@</c>.</param>
/// <param name="FileName">The report's file name, RFC 8460 §5.1.</param>
/// <param name="Report">JSON, compressed by gzip.</param>
/// <param name="MessageId">With its angle brackets.</param>
/// <param name="Date">When it is made.</param>
public sealed record TlsReport(
    string From, string To, string Domain, string Submitter, string ReportId, string FileName, ReadOnlyMemory<byte> Report, string MessageId, DateTimeOffset Date)
{
    private const int LineOctets = 57;

    /// <summary>
    /// The message with CRLF line ends: multipart/report of a text for people and application/tlsrpt+gzip, RFC 8460 §5.3. It asks for
    /// delivery in spite of TLS that fails (§3: "MUST deliver reports despite any TLS-related failures"), in the words of RFC 8689 §3.
    /// </summary>
    public byte[] Compose()
    {
        string boundary = "=_tlsrpt_" + new string([.. ReportId.Where(char.IsAsciiLetterOrDigit).Take(40)]);
        StringBuilder text = new();
        text.Append(HeaderText.Field("From", $"<{From}>"))
            .Append(HeaderText.Field("To", $"<{To}>"))
            .Append(HeaderText.Field("Subject", $"Report Domain: {Domain} Submitter: {Submitter} Report-ID: <{ReportId}@{Submitter}>"))
            .Append(HeaderText.Field("Date", MessageDate.Format(Date)))
            .Append(HeaderText.Field("Message-ID", MessageId))
            .Append(HeaderText.Field("TLS-Report-Domain", Domain))
            .Append(HeaderText.Field("TLS-Report-Submitter", Submitter))
            .Append("TLS-Required: No\r\n")
            .Append("Auto-Submitted: auto-generated\r\n") // RFC 3834 §5
            .Append("MIME-Version: 1.0\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"{boundary}\"\r\n\r\n")
            .Append(CultureInfo.InvariantCulture, $"--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n")
            .Append(CultureInfo.InvariantCulture, $"This is an aggregate report on TLS from {HeaderText.Sanitize(Submitter)} about {HeaderText.Sanitize(Domain)}.\r\n")
            .Append(CultureInfo.InvariantCulture, $"\r\n--{boundary}\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Disposition: attachment;\r\n filename=\"{HeaderText.Sanitize(FileName)}\"\r\n\r\n");
        for (int at = 0; at < Report.Length; at += LineOctets)
        {
            text.Append(Convert.ToBase64String(Report.Span.Slice(at, Math.Min(LineOctets, Report.Length - at)))).Append("\r\n");
        }
        return Encoding.ASCII.GetBytes(text.Append(CultureInfo.InvariantCulture, $"--{boundary}--\r\n").ToString());
    }
}
