using System.Text;

namespace MailAccess.Smtp;

/// <summary>
/// The arguments of commands: octets in, typed requests out. What a parse accepts, <see cref="SmtpCommandFormat"/> writes again.
/// </summary>
/// <remarks>
/// Strict, with two exceptions that cost nothing: spaces after the colon of <c>FROM:</c> and <c>TO:</c>, which printers and
/// scripts send (RFC 5321 §3.3 calls it a common error), and spaces at the end (§4.1.1 asks servers to take them).
/// </remarks>
public static class SmtpParser
{
    /// <summary>
    /// <c>FROM:</c> Reverse-path [SP Mail-parameters] — RFC 5321 §4.1.1.2, what follows the verb and its space.
    /// </summary>
    public static SmtpSyntaxError ParseMail(ReadOnlySpan<byte> arguments, SmtpExtensions announced, out MailRequest? request)
    {
        request = null;
        SmtpCursor cursor = new(arguments);
        if (!cursor.TryTakeWord("FROM:"u8))
        {
            return SmtpSyntaxError.MissingArgument;
        }
        cursor.SkipSpaces();
        // Reverse-path = Path / "<>"
        MailPath? path = MailPath.Null;
        if (!cursor.TryTakeWord("<>"u8))
        {
            SmtpSyntaxError error = MailPathGrammar.ParsePath(ref cursor, out path);
            if (error != SmtpSyntaxError.None)
            {
                return error;
            }
            if (path!.Domain.Length == 0)
            {
                return SmtpSyntaxError.MissingDomain; // <postmaster> is for recipients only, §4.1.1.3.
            }
        }
        SmtpSyntaxError parameters = MailParameters.Parse(ref cursor, path, announced, out request);
        return parameters;
    }

    /// <summary>
    /// <c>TO:</c> ( <c>&lt;Postmaster@domain&gt;</c> / <c>&lt;Postmaster&gt;</c> / Forward-path ) [SP Rcpt-parameters] —
    /// RFC 5321 §4.1.1.3.
    /// </summary>
    public static SmtpSyntaxError ParseRcpt(ReadOnlySpan<byte> arguments, SmtpExtensions announced, out EnvelopeRecipient? recipient)
    {
        recipient = null;
        SmtpCursor cursor = new(arguments);
        if (!cursor.TryTakeWord("TO:"u8))
        {
            return SmtpSyntaxError.MissingArgument;
        }
        cursor.SkipSpaces();
        if (cursor.Rest.StartsWith("<>"u8))
        {
            return SmtpSyntaxError.NullForwardPath;
        }
        SmtpSyntaxError error = MailPathGrammar.ParsePath(ref cursor, out MailPath? path);
        if (error != SmtpSyntaxError.None)
        {
            return error;
        }
        return RcptParameters.Parse(ref cursor, path!, announced, out recipient);
    }

    /// <summary>
    /// The name in EHLO, HELO or LHLO: a domain name or an address literal by RFC 5321 §4.1.1.1.
    /// </summary>
    /// <remarks>
    /// Desktop machines call themselves anything (<c>Anna_PC</c>), and §4.1.4 forbids to refuse mail because a name does not
    /// check out: any printable ASCII word is taken. Only what passes <see cref="IsDomain"/> may stand in a header.
    /// </remarks>
    public static SmtpSyntaxError ParseHello(ReadOnlySpan<byte> arguments, out string name)
    {
        name = "";
        ReadOnlySpan<byte> word = arguments.Trim((byte)' ');
        if (word.IsEmpty)
        {
            return SmtpSyntaxError.MissingArgument;
        }
        if (word.Length > MailPathGrammar.DomainOctetsMax || word.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            return SmtpSyntaxError.BadHelloName;
        }
        name = Encoding.ASCII.GetString(word);
        return SmtpSyntaxError.None;
    }

    /// <summary>A domain name or an address literal in brackets, as it may stand behind the <c>@</c> of a path.</summary>
    public static bool IsDomain(string text) => text.Length > 0 && MailPathGrammar.CheckDomain(text) == SmtpSyntaxError.None;
}
