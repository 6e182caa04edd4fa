namespace MailAccess.Pop3.Commands;

/// <summary>CAPA — RFC 2449 §5.</summary>
internal static class CapaCommand
{
    public static readonly Pop3Command Definition =
        new("CAPA", Pop3States.Any, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        return arguments.AtEnd
            ? Pop3Reply.Multiline("capabilities follow", new ListBody(Pop3Capabilities.For(session)))
            : Pop3Reply.Error("usage: CAPA");
    }
}
