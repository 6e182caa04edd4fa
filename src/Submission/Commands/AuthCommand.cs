using System.Diagnostics;
using System.Text;
using MailAccess.Auth;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>AUTH — RFC 4954 §4.</summary>
internal static class AuthCommand
{
    public static readonly SubmissionCommand Definition =
        new("AUTH", CommandTraits.NeedsHello | CommandTraits.Authentication, Execute) { IsOffered = static session => session.AuthenticatedAccount is null && session.Mechanisms().Count > 0 };

    /// <summary>A line of an exchange that is under way: base64, or <c>*</c>.</summary>
    public static ValueTask<CommandResult> RespondAsync(SubmissionSession session, ReadOnlySpan<byte> line)
    {
        return SaslCodec.DecodeResponse(line, out byte[] response) switch
        {
            SaslLineKind.Message => StepAsync(session, response),
            SaslLineKind.Cancelled => new CommandResult(Fail(session, AuthenticationFailure.Cancelled)),
            SaslLineKind.Malformed => new CommandResult(Fail(session, AuthenticationFailure.Malformed)),
            SaslLineKind.TooLong => new CommandResult(TooLong(session)),
            SaslLineKind other => throw new UnreachableException(other.ToString()),
        };
    }

    /// <summary>A line of the exchange was beyond its limit: RFC 4954 §4.</summary>
    public static SmtpReply TooLong(SubmissionSession session)
    {
        Fail(session, AuthenticationFailure.Malformed);
        return SmtpReplies.AuthenticationLineTooLong;
    }

    /// <summary>Ends the exchange, if there is one, and says why.</summary>
    public static SmtpReply Fail(SubmissionSession session, AuthenticationFailure failure)
    {
        session.EndExchange();
        SmtpReply reply = ToReply(failure);
        session.Log.AuthenticationFailed(session.Connection.Id, session.Client.Address, failure);
        return reply;
    }

    /// <summary>Each failure as RFC 4954 §6 has it. Pure and total.</summary>
    internal static SmtpReply ToReply(AuthenticationFailure failure) => failure switch
    {
        AuthenticationFailure.InvalidCredentials => SmtpReplies.InvalidCredentials,
        AuthenticationFailure.AuthorizationDenied => SmtpReplies.InvalidCredentials,
        AuthenticationFailure.ChannelBinding => SmtpReplies.ChannelBindingFailed,
        AuthenticationFailure.UnknownMechanism => SmtpReplies.UnknownMechanism,
        AuthenticationFailure.EncryptionRequired => SmtpReplies.EncryptionRequired,
        AuthenticationFailure.Malformed => SmtpReplies.AuthenticationMalformed,
        AuthenticationFailure.Cancelled => SmtpReplies.AuthenticationCancelled,
        AuthenticationFailure.TemporarilyUnavailable => SmtpReplies.AuthenticationUnavailable,
        AuthenticationFailure.TooManyFailures => SmtpReplies.TooManyFailedLogins,
        AuthenticationFailure.None => throw new ArgumentException("nothing failed"),
        _ => throw new ArgumentOutOfRangeException(nameof(failure)),
    };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Authenticator is not { } authenticator)
        {
            return new CommandResult(SmtpReplies.NotImplemented);
        }
        if (session.AuthenticatedAccount is not null)
        {
            return new CommandResult(SmtpReplies.AlreadyAuthenticated);
        }
        if (session.Transaction is not null)
        {
            return new CommandResult(SmtpReplies.NotDuringTransaction);
        }
        // "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) [CRLF cancel-response] CRLF     RFC 4954 §8
        arguments = arguments.TrimEnd((byte)' ');
        int space = arguments.IndexOf((byte)' ');
        ReadOnlySpan<byte> name = space < 0 ? arguments : arguments[..space];
        if (!IsMechanismName(name))
        {
            return new CommandResult(name.IsEmpty ? SmtpReplies.MissingArgument : SmtpReplies.UnknownMechanism);
        }
        byte[]? initial = null;
        if (space >= 0)
        {
            SaslLineKind kind = SaslCodec.DecodeInitial(arguments[(space + 1)..], out initial);
            if (kind != SaslLineKind.Message)
            {
                return new CommandResult(
                    kind == SaslLineKind.TooLong ? TooLong(session) : Fail(session, AuthenticationFailure.Malformed));
            }
        }
        return BeginAsync(session, authenticator, Encoding.ASCII.GetString(name).ToUpperInvariant(), initial);
    }

    private static ValueTask<CommandResult> BeginAsync(
        SubmissionSession session, IAuthenticator authenticator, string mechanism, byte[]? initial)
    {
        AuthenticationContext context = session.AuthenticationContext();
        ISaslExchange? exchange = authenticator.Begin(mechanism, context);
        if (exchange is null)
        {
            return new CommandResult(Fail(session, authenticator.WhyNotOffered(mechanism, context)));
        }
        session.Exchange = exchange;
        session.SaslMechanism = mechanism;
        return StepAsync(session, initial);
    }

    private static async ValueTask<CommandResult> StepAsync(SubmissionSession session, byte[]? response)
    {
        SaslStep step;
        try
        {
            // Null (nothing was sent) and empty (nothing was in it) differ: RFC 4954 §4.
            ReadOnlyMemory<byte>? message = response is null ? default(ReadOnlyMemory<byte>?) : response;
            step = await session.Exchange!.RespondAsync(message, CancellationToken.None);
        }
        catch (IOException failure)
        {
            session.Log.AccountsFailed(session.Connection.Id, failure);
            step = SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable);
        }
        Array.Clear(response ?? []); // It may have been a password.
        if (step.Challenge is { } challenge)
        {
            return new CommandResult(new SmtpReply(334, null, Convert.ToBase64String(challenge.Span)), FollowUp.NextResponse);
        }
        if (step.Account is not { } account)
        {
            return Fail(session, step.Failure);
        }
        session.EndExchange();
        session.AuthenticatedAccount = account;
        session.Log.Authenticated(session.Connection.Id, account.Name, session.Client.Address);
        return SmtpReplies.Authenticated;
    }

    // sasl-mech = 1*20mech-char, mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE     RFC 4422 §3.1; case does not count
    private static bool IsMechanismName(ReadOnlySpan<byte> name)
    {
        foreach (byte octet in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_'))
            {
                return false;
            }
        }
        return name.Length is > 0 and <= 20;
    }
}
