using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;

namespace MailAccess.Submission;

/// <summary>The trace field that each server adds. RFC 5321 §4.4.</summary>
internal static class ReceivedField
{
    public static string Compose(HeaderContext context)
    {
        StringBuilder field = new("Received: from ");
        string address = Literal(context.Remote);
        // The name is the client's claim; the address is what we know.
        field.Append(SmtpParser.IsHelloNameWellFormed(context.Hello.Name)
            ? $"{context.Hello.Name} ({address})"
            : $"{address} (helo={InComment(context.Hello.Name)})");
        field.Append(CultureInfo.InvariantCulture, $"\r\n\tby {context.Options.HostName} with {With(context)} id {Atom(context.IntakeId)}");
        if (context.Tls is { } tls)
        {
            field.Append(CultureInfo.InvariantCulture, $"\r\n\t(using {InComment(tls.Protocol)} with cipher {InComment(tls.CipherSuite)})");
        }
        if (context.Transaction.Recipients is [EnvelopeRecipient only])
        {
            field.Append(CultureInfo.InvariantCulture, $"\r\n\tfor <{only.Path}>"); // With more it would tell who else: RFC 5321 §7.2.
        }
        field.Append(CultureInfo.InvariantCulture, $";\r\n\t{Date(context.Now)}\r\n");
        return field.ToString();
    }

    /// <summary>date-time — RFC 5322 §3.3.</summary>
    public static string Date(DateTimeOffset when) =>
        when.ToString("ddd, d MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture)
        + when.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    // RFC 3848, and RFC 6531 §4.3 for SMTPUTF8.
    private static string With(HeaderContext context)
    {
        if (context.Hello.Kind == HelloKind.Plain)
        {
            return "SMTP";
        }
        string basic = (context.Hello.Kind == HelloKind.Lmtp, context.Transaction.Mail.SmtpUtf8) switch
        {
            (false, false) => "ESMTP",
            (false, true) => "UTF8SMTP",
            (true, false) => "LMTP",
            (true, true) => "UTF8LMTP",
        };
        return basic + (context.Tls is null ? "" : "S") + (context.Account is null ? "" : "A");
    }

    private static string Literal(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[IPv6:{new IPAddress(plain.GetAddressBytes())}]" // Without zone.
            : $"[{plain}]";
    }

    private static string InComment(string text) =>
        string.Concat(text.Take(80).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '?'));

    /// <summary>An intake's id as it may stand in a header; ids are atoms already, and this keeps it so.</summary>
    public static string Atom(string id) =>
        string.Concat(id.Take(80).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-'));
}
