using MailAccess.Auth;

namespace MailAccess.Pop3.Commands;

/// <summary>PASS — RFC 1939 §7. Everything behind the first space is the password.</summary>
internal static class PassCommand
{
    public static readonly Pop3Command Definition = new("PASS", Pop3States.Authorization, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        ReadOnlyMemory<byte> password = arguments.ReadRest();
        if (session.PendingUser is not { } user)
        {
            return Pop3Reply.Error("USER comes first");
        }
        if (password.IsEmpty)
        {
            return Pop3Reply.Error("usage: PASS password");
        }
        SaslStep step = await session.Authenticator.CheckPasswordAsync(
            user, password, session.AuthenticationContext, CancellationToken.None);
        return await session.FinishLoginAsync(step);
    }
}
