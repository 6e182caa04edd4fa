using MailAccess.Message;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;

namespace MailAccess.Submission;

/// <summary>The trace field that each server adds. RFC 5321 §4.4.</summary>
internal static class TraceField
{
    public static byte[] Compose(HeaderContext context) => new ReceivedField
    {
        HeloName = context.Hello.Name, // The client's claim; left out where it is no name. The address is what we know.
        ClientAddress = context.Remote,
        ClientHostName = context.RemoteHostName,
        By = context.Options.HostName,
        Protocol = With(context),
        TlsVersion = context.Tls?.Protocol,
        TlsCipher = context.Tls?.CipherSuite,
        Id = context.IntakeId,
        For = context.Transaction.Recipients is [EnvelopeRecipient only] ? only.Path.ToString() : null,
        Priority = context.Transaction.Priority,
        Date = context.Now,
    }.ComposeOctets();

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
        return basic + (context.Tls is null ? "" : "S") + (context.IsAuthenticated ? "A" : "");
    }
}
