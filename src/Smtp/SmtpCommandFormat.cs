using System.Globalization;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>
/// Writes the arguments of MAIL and RCPT, as <see cref="SmtpParser"/> reads them. For clients.
/// </summary>
/// <remarks>Every value is one the grammar let in; a record built by hand with anything else throws, before it reaches a wire.</remarks>
public static class SmtpCommandFormat
{
    /// <summary><c>FROM:&lt;…&gt; …</c> without verb; only parameters that are in the peer's <paramref name="announced"/> set.</summary>
    /// <exception cref="ArgumentException">The request's strings hold what no parser gave.</exception>
    public static string Mail(MailRequest request, SmtpExtensions announced)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"FROM:<{request.ReversePath}>");
        if (request.Size is { } size && (announced & SmtpExtensions.Size) != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" SIZE={size.Octets}");
        }
        if (request.Body == BodyType.EightBitMime && (announced & SmtpExtensions.EightBitMime) != 0)
        {
            text.Append(" BODY=8BITMIME");
        }
        if (request.Body == BodyType.BinaryMime && (announced & SmtpExtensions.BinaryMime) != 0)
        {
            text.Append(" BODY=BINARYMIME");
        }
        if (request.SmtpUtf8 && (announced & SmtpExtensions.SmtpUtf8) != 0)
        {
            text.Append(" SMTPUTF8");
        }
        if (request.Auth is { } auth && (announced & SmtpExtensions.Auth) != 0)
        {
            text.Append(" AUTH=").Append(Checked(auth));
        }
        if (request.DeliverBy is { } by && (announced & SmtpExtensions.DeliverBy) != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" BY={by}");
        }
        if (request.RequiresTls && (announced & SmtpExtensions.RequireTls) != 0)
        {
            text.Append(" REQUIRETLS");
        }
        if (request.Priority is { } priority && (announced & SmtpExtensions.MtPriority) != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" MT-PRIORITY={priority}");
        }
        if ((announced & SmtpExtensions.Dsn) != 0)
        {
            text.Append(request.Return switch { DsnReturn.Full => " RET=FULL", DsnReturn.Headers => " RET=HDRS", _ => "" });
            if (request.EnvelopeId is { } id)
            {
                text.Append(" ENVID=").Append(Checked(id));
            }
        }
        return text.ToString();
    }

    /// <summary><c>TO:&lt;…&gt; …</c> without verb; parameters only where the peer announced DSN.</summary>
    /// <exception cref="ArgumentException">The recipient's strings hold what no parser gave.</exception>
    public static string Rcpt(EnvelopeRecipient recipient, SmtpExtensions announced)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"TO:<{recipient.Path}>");
        if ((announced & SmtpExtensions.Dsn) == 0)
        {
            return text.ToString();
        }
        if (recipient.Notify != DsnNotify.Unspecified)
        {
            text.Append(" NOTIFY=").Append(Notify(recipient.Notify));
        }
        if (recipient.OriginalRecipient is { } original)
        {
            text.Append(" ORCPT=").Append(Checked(original));
        }
        return text.ToString();
    }

    private static string Notify(DsnNotify notify)
    {
        if (notify == DsnNotify.Never)
        {
            return "NEVER";
        }
        List<string> words = [];
        if ((notify & DsnNotify.Success) != 0)
        {
            words.Add("SUCCESS");
        }
        if ((notify & DsnNotify.Failure) != 0)
        {
            words.Add("FAILURE");
        }
        if ((notify & DsnNotify.Delay) != 0)
        {
            words.Add("DELAY");
        }
        return string.Join(',', words);
    }

    private static string Checked(string value) =>
        value.Length > 0 && !value.Any(c => c is <= ' ' or '=' || char.IsControl(c))
            ? value
            : throw new ArgumentException("a parameter value that no parser gave");
}
