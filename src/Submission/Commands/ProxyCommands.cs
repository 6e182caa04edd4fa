using MailAccess.Auth;
using MailAccess.Smtp;
using MailAccess.Submission.Policy;

namespace MailAccess.Submission.Commands;

/// <summary>XCLIENT, as Postfix describes it: a trusted proxy says whom it speaks for, and the session begins anew as if that were the client.</summary>
internal static class XclientCommand
{
    public static readonly SubmissionCommand Definition = new("XCLIENT", CommandTraits.Extended, Execute) { IsOffered = static session => session.Client.IsTrustedProxy };

    /// <summary>What EHLO says behind the keyword.</summary>
    public static IReadOnlyList<string> AttributesFor(SubmissionSession session) =>
        session.Role.OffersAuthentication && session.Options.FindAccount is not null ? ClientAttributes.OverrideWithLogin : ClientAttributes.Override;

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (!session.Client.IsTrustedProxy)
        {
            return new CommandResult(SmtpReplies.NotAProxy);
        }
        if (session.Transaction is not null)
        {
            return new CommandResult(SmtpReplies.NotDuringTransaction);
        }
        return ClientAttributes.Parse(arguments, AttributesFor(session), session.Client.Override) is { } attributes
            ? BeginAnewAsync(session, attributes)
            : new CommandResult(SmtpReplies.BadAttribute);
    }

    private static async ValueTask<CommandResult> BeginAnewAsync(SubmissionSession session, ClientAttributes attributes)
    {
        Account? account = null;
        if (attributes.Login is { } login)
        {
            try
            {
                account = await session.Options.FindAccount!(login, CancellationToken.None);
            }
            catch (IOException failure)
            {
                session.Log.AccountsFailed(session.Connection.Id, failure);
                return SmtpReplies.AuthenticationUnavailable;
            }
            if (account is null)
            {
                return SmtpReplies.InvalidCredentials;
            }
        }
        await session.EndTransactionAsync();
        session.Client.Override = attributes;
        session.Hello = null;
        session.AuthenticatedAccount = account;
        session.Log.ClientOverridden(session.Connection.Id, attributes);
        return await Doorkeeper.RefuseNamedAsync(session) is { } refusal ? new CommandResult(refusal, FollowUp.HangUp) : session.Greeting;
    }
}

/// <summary>XFORWARD, as Postfix describes it: a trusted filter says where the next message came from. For the log and for reports alone.</summary>
internal static class XforwardCommand
{
    public static readonly SubmissionCommand Definition = new("XFORWARD", CommandTraits.Extended | CommandTraits.NeedsHello, Execute) { IsOffered = static session => session.Client.IsTrustedProxy };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (!session.Client.IsTrustedProxy)
        {
            return new CommandResult(SmtpReplies.NotAProxy);
        }
        if (session.Transaction is not null)
        {
            return new CommandResult(SmtpReplies.NotDuringTransaction);
        }
        if (ClientAttributes.Parse(arguments, ClientAttributes.Forward, session.Client.Forwarded) is not { } attributes)
        {
            return new CommandResult(SmtpReplies.BadAttribute);
        }
        session.Client.Forwarded = attributes;
        session.Log.ClientForwarded(session.Connection.Id, attributes);
        return new CommandResult(SmtpReplies.Ok);
    }
}
