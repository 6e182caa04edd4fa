using System.Globalization;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>EHLO and HELO — RFC 5321 §4.1.1.1; LHLO — RFC 2033 §4.1. A new greeting ends a transaction, §4.1.4.</summary>
internal static class HelloCommand
{
    public static readonly SubmissionCommand Ehlo =
        new("EHLO", CommandTraits.Junk, (session, arguments) => Greet(session, arguments, HelloKind.Extended, HelloKind.Extended)) { IsOffered = static session => !session.Role.IsLmtp };

    public static readonly SubmissionCommand Helo =
        new("HELO", CommandTraits.Junk, (session, arguments) => Greet(session, arguments, HelloKind.Plain, HelloKind.Extended)) { IsOffered = static session => !session.Role.IsLmtp };

    public static readonly SubmissionCommand Lhlo =
        new("LHLO", CommandTraits.Junk, (session, arguments) => Greet(session, arguments, HelloKind.Lmtp, HelloKind.Lmtp)) { IsOffered = static session => session.Role.IsLmtp };

    private static ValueTask<CommandResult> Greet(SubmissionSession session, ReadOnlySpan<byte> arguments, HelloKind kind, HelloKind family)
    {
        if (session.Role.IsLmtp != (family == HelloKind.Lmtp))
        {
            // RFC 2033 §4.1: so that mail is not sent by a protocol whose replies mean something else.
            return new CommandResult(SmtpReplies.WrongProtocol);
        }
        SmtpSyntaxError error = SmtpParser.ParseHello(arguments, out string name);
        if (error != SmtpSyntaxError.None)
        {
            return new CommandResult(SmtpReplies.SenderSyntax(error));
        }
        return WelcomeAsync(session, new Hello(kind, session.Client.Override?.Hello ?? name) { At = session.Clock.GetUtcNow() });
    }

    private static async ValueTask<CommandResult> WelcomeAsync(SubmissionSession session, Hello hello)
    {
        session.Hello = hello;
        await session.EndTransactionAsync();
        // The client's name is not said back: nothing of a client stands in a reply.
        return new SmtpReply(250, null, hello.Kind == HelloKind.Plain ? session.Options.HostName : Capabilities(session));
    }

    private static string Capabilities(SubmissionSession session)
    {
        List<string> lines =
        [
            session.Options.HostName,
            "PIPELINING", // RFC 2920
            string.Create(CultureInfo.InvariantCulture, $"SIZE {session.Sink.MessageOctetsMax}"), // RFC 1870
            "8BITMIME", // RFC 6152
            "SMTPUTF8", // RFC 6531
            "ENHANCEDSTATUSCODES", // RFC 2034
            "DSN", // RFC 3461
            "CHUNKING", // RFC 3030 §2
            "BINARYMIME", // RFC 3030 §3
            .. BurlCommand.Keyword(session) is { } burl ? (string[])[burl] : [], // RFC 4468
            string.Create(CultureInfo.InvariantCulture, $"LIMITS RCPTMAX={session.Limits.RecipientsMax}"), // RFC 9422 §4
            "DELIVERBY", // RFC 2852; without a least time
        ];
        if (OfferedExtensions.Of(session).HasFlag(SmtpExtensions.MtPriority))
        {
            lines.Add("MT-PRIORITY MIXER"); // RFC 6710 §3; the policy's levels are among the 19 that we tell apart, appendix B.
        }
        if (OfferedExtensions.Of(session).HasFlag(SmtpExtensions.FutureRelease))
        {
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"FUTURERELEASE {session.Limits.FutureReleaseMax.TotalSeconds:0} {OfferedExtensions.LatestRelease(session):yyyy-MM-dd'T'HH:mm:ss'Z'}")); // RFC 4865 §3
        }
        if (OfferedExtensions.Of(session).HasFlag(SmtpExtensions.RequireTls))
        {
            lines.Add("REQUIRETLS"); // RFC 8689 §2
        }
        if (session.Client.IsTrustedProxy)
        {
            lines.Add($"XCLIENT {string.Join(' ', XclientCommand.AttributesFor(session))}");
            lines.Add($"XFORWARD {string.Join(' ', ClientAttributes.Forward)}");
        }
        if (session.Connection.CanUpgradeToTls)
        {
            lines.Add("STARTTLS"); // RFC 3207; never again under TLS, §4.2
        }
        IReadOnlyList<string> mechanisms = session.Mechanisms();
        if (mechanisms.Count > 0)
        {
            lines.Add($"AUTH {string.Join(' ', mechanisms)}"); // RFC 4954
        }
        lines.Add("HELP");
        return string.Join('\n', lines);
    }
}

/// <summary>How the client greeted; nothing but this decides SMTP or ESMTP in Received, RFC 5321 §4.4.</summary>
internal enum HelloKind
{
    Plain,
    Extended,
    Lmtp,
}

/// <summary>The client's greeting; the name is one printable ASCII word, and its own claim.</summary>
internal sealed record Hello(HelloKind Kind, string Name)
{
    /// <summary>When it came.</summary>
    public DateTimeOffset At { get; init; }
}
