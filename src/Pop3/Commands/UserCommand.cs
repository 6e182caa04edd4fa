namespace MailAccess.Pop3.Commands;

/// <summary>USER — RFC 1939 §7.</summary>
internal static class UserCommand
{
    public static readonly Pop3Command Definition =
        new("USER", Pop3States.Authorization, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        if (!session.Authenticator.AllowsPlaintext(session.AuthenticationContext))
        {
            return Pop3Errors.EncryptionRequired; // Before the client sends the password that would follow.
        }
        if (!arguments.TryReadText(out string name))
        {
            return Pop3Reply.Error("usage: USER name");
        }
        session.PendingUser = name;
        return Pop3Reply.Ok("send the password"); // Also to who has no mail here: RFC 1939 §13.
    }
}
