using MailAccess.Store;

namespace MailAccess.Pop3.Commands;

/// <summary>RETR — RFC 1939 §5.</summary>
internal static class RetrCommand
{
    public static readonly Pop3Command Definition = new("RETR", Pop3States.Transaction, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        Maildrop maildrop = session.Maildrop!;
        if (!arguments.TryReadMessageNumber(out MessageNumber number) || !arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: RETR msg");
        }
        if (!maildrop.TryGet(number, out MessageRecord record))
        {
            return Pop3Errors.NoSuchMessage;
        }
        Pop3Reply reply = await session.OpenMessageAsync(number, top: null, $"{record.Octets} octets");
        if (reply.IsOk)
        {
            maildrop.MarkRetrieved(number);
        }
        return reply;
    }
}
