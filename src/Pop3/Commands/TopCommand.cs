namespace MailAccess.Pop3.Commands;

/// <summary>TOP — RFC 1939 §7. Does not count as reading the message.</summary>
internal static class TopCommand
{
    public static readonly Pop3Command Definition = new("TOP", Pop3States.Transaction, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.TryReadMessageNumber(out MessageNumber number) || !arguments.TryReadNumber(out int lines) || !arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: TOP msg lines");
        }
        return session.Maildrop!.TryGet(number, out _)
            ? await session.OpenMessageAsync(number, new TopOfMessage(lines), "top of message follows")
            : Pop3Errors.NoSuchMessage;
    }
}
