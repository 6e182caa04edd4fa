using System.Text;
using MailAccess.Auth;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>LOGIN — RFC 3501 §6.2.3.</summary>
internal static class LoginCommand
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static readonly ImapCommand Definition = new("LOGIN", ImapStates.NotAuthenticated, ImapEffects.None, ExecuteAsync);

    /// <summary>The end of LOGIN and AUTHENTICATE: the account's mail is opened, and capabilities are told anew.</summary>
    public static async ValueTask<ImapCompletion> FinishAsync(ImapSession session, SaslStep step)
    {
        ImapServices services = session.Services;
        if (step.Account is not { } account)
        {
            if (step.Failure == AuthenticationFailure.None)
            {
                throw new InvalidOperationException("a password check never asks back");
            }
            services.Log.LoginFailed(session.Connection.Id, step.Failure);
            return ImapErrors.ToCompletion(step.Failure);
        }
        StoreResult<IMailAccount> opened = await services.Store.OpenAccountAsync(account.Name, CancellationToken.None);
        if (!opened.TryGet(out IMailAccount? mail))
        {
            services.Log.AccountUnavailable(session.Connection.Id, account.Name, opened.Error);
            return ImapCompletion.No("UNAVAILABLE", "the account's mail cannot be opened now; try again later");
        }
        session.LogIn(mail, account.DisabledImapCapabilities);
        services.Log.LoggedIn(session.Connection.Id, account.Name);
        // Clients rely on these instead of asking again: RFC 3501 §6.2.3, last paragraphs.
        return ImapCompletion.Ok("CAPABILITY " + session.Capabilities, "logged in");
    }

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // login = "LOGIN" SP userid SP password     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> user)
              && arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> password) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        AuthenticationContext context = ImapCapabilities.ContextOf(session.Connection);
        if (!session.Services.Authenticator.AllowsPlaintext(context))
        {
            return ImapErrors.ToCompletion(AuthenticationFailure.EncryptionRequired); // Even if the password is right: RFC 3501 §11.2.
        }
        if (!TryDecode(user.Span, out string name))
        {
            return ImapErrors.ToCompletion(AuthenticationFailure.InvalidCredentials);
        }
        return await FinishAsync(session,
            await session.Services.Authenticator.CheckPasswordAsync(name, password, context, CancellationToken.None));
    }

    private static bool TryDecode(ReadOnlySpan<byte> octets, out string text)
    {
        bool valid = System.Text.Unicode.Utf8.IsValid(octets);
        text = valid ? StrictUtf8.GetString(octets) : "";
        return valid;
    }
}
