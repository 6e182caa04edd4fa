namespace MailAccess.Pop3.Commands;

/// <summary>UTF8 — RFC 6856 §2.1. From here on messages are given as they are.</summary>
internal static class Utf8Command
{
    public static readonly Pop3Command Definition =
        new("UTF8", Pop3States.Authorization, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: UTF8");
        }
        session.IsUtf8 = true;
        return Pop3Reply.Ok("UTF-8 mode");
    }
}
