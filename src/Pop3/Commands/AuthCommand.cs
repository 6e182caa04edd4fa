using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth;

namespace MailAccess.Pop3.Commands;

/// <summary>AUTH — RFC 5034 §4.</summary>
internal static class AuthCommand
{
    public static readonly Pop3Command Definition = new("AUTH", Pop3States.Authorization, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.TryReadWord(out ReadOnlyMemory<byte> mechanism))
        {
            return Pop3Reply.Error("usage: AUTH mechanism [initial-response]");
        }
        string name = Encoding.Latin1.GetString(mechanism.Span);
        ReadOnlyMemory<byte> initial = arguments.ReadRest();
        using ISaslExchange? exchange = session.Authenticator.Begin(name, session.AuthenticationContext);
        if (exchange is null)
        {
            return Pop3Errors.ToReply(session.Authenticator.WhyNotOffered(name, session.AuthenticationContext));
        }
        byte[]? message = null;
        if (!initial.IsEmpty && SaslCodec.DecodeInitial(initial.Span, out message) != SaslLineKind.Message)
        {
            return Pop3Errors.MalformedResponse;
        }
        return await RunAsync(session, exchange, message);
    }

    private static async ValueTask<Pop3Reply> RunAsync(Pop3Session session, ISaslExchange exchange, byte[]? message)
    {
        while (true)
        {
            SaslStep step = await exchange.RespondAsync(message is null ? default(ReadOnlyMemory<byte>?) : message, CancellationToken.None);
            CryptographicOperations.ZeroMemory(message);
            if (step.Challenge is not { } challenge)
            {
                return await session.FinishLoginAsync(step);
            }
            (message, Pop3Reply? over) = await session.AskAsync(challenge);
            if (over is not null)
            {
                return over;
            }
        }
    }
}
