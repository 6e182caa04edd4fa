using MailAccess.Store;

namespace MailAccess.Pop3.Commands;

/// <summary>UIDL — RFC 1939 §7.</summary>
internal static class UidlCommand
{
    public static readonly Pop3Command Definition = new("UIDL", Pop3States.Transaction, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        Maildrop maildrop = session.Maildrop!;
        bool isWhole = arguments.AtEnd;
        MessageNumber number = default;
        if (!isWhole && (!arguments.TryReadMessageNumber(out number) || !arguments.AtEnd))
        {
            return Pop3Reply.Error("usage: UIDL [msg]");
        }
        if (!isWhole && !maildrop.TryGet(number, out _))
        {
            return Pop3Errors.NoSuchMessage;
        }
        StoreError error = await maildrop.PrepareUniqueIdsAsync(session.Options.UniqueIds);
        if (error != StoreError.None)
        {
            return Pop3Errors.ToReply(error);
        }
        return isWhole
            ? Pop3Reply.Multiline("unique-ids follow", new ListBody(maildrop.Numbers.Select(n => $"{n} {maildrop.UniqueIdOf(n)}")))
            : Pop3Reply.Ok($"{number} {maildrop.UniqueIdOf(number)}");
    }
}
