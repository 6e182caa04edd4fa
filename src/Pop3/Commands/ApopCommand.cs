using MailAccess.Auth;

namespace MailAccess.Pop3.Commands;

/// <summary>APOP — RFC 1939 §7. Only where the greeting has announced it, and no more under TLS, where nothing said before counts.</summary>
internal static class ApopCommand
{
    public static readonly Pop3Command Definition = new("APOP", Pop3States.Authorization, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        if (session.Apop is not { } exchange)
        {
            return Pop3Errors.UnknownCommand;
        }
        ReadOnlyMemory<byte> nameAndDigest = arguments.ReadRest();
        if (nameAndDigest.Span.LastIndexOf((byte)' ') < 1)
        {
            return Pop3Reply.Error("usage: APOP name digest");
        }
        return await session.FinishLoginAsync(await exchange.RespondAsync(nameAndDigest, CancellationToken.None));
    }
}
