using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth;
using MailAccess.Imap.Framing;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Wire;

namespace MailAccess.Imap.Commands;

/// <summary>AUTHENTICATE — RFC 3501 §6.2.2, with the initial response of RFC 4959.</summary>
internal static class AuthenticateCommand
{
    public static readonly ImapCommand Definition = new("AUTHENTICATE", ImapStates.NotAuthenticated, ImapEffects.None, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)     RFC 4959 §4
        if (!arguments.TrySpace() || !arguments.TryAtom(out ReadOnlyMemory<byte> mechanism))
        {
            return ImapErrors.Syntax(arguments);
        }
        byte[]? response = null;
        if (!arguments.AtEnd)
        {
            if (session.Services.IsDisabled("SASL-IR") || !arguments.TrySpace()
                || !arguments.TryAtom(out ReadOnlyMemory<byte> encoded) || !arguments.AtEnd)
            {
                return ImapErrors.Syntax(arguments);
            }
            if (encoded.Span.SequenceEqual("="u8))
            {
                response = []; // An initial response that is empty, RFC 4959 §3.
            }
            else if (!TryDecode(encoded.Span, out response))
            {
                return ImapErrors.ToCompletion(AuthenticationFailure.Malformed);
            }
        }
        AuthenticationContext context = ImapCapabilities.ContextOf(session.Connection);
        using ISaslExchange? exchange = session.Services.Authenticator.Begin(Encoding.ASCII.GetString(mechanism.Span), context);
        if (exchange is null)
        {
            return ImapErrors.ToCompletion(
                context.IsEncrypted ? AuthenticationFailure.UnknownMechanism : AuthenticationFailure.EncryptionRequired);
        }
        while (true)
        {
            // Without the cast, a null array would become an empty message.
            SaslStep step = await exchange.RespondAsync(response is null ? null : (ReadOnlyMemory<byte>?)response, CancellationToken.None);
            CryptographicOperations.ZeroMemory(response);
            if (step.Challenge is not { } challenge)
            {
                return await LoginCommand.FinishAsync(session, step);
            }
            await ChallengeAsync(session.Writer, challenge);
            ImapCompletion? end = await ReadAsync(session);
            if (end is { } given)
            {
                return given;
            }
            ReadOnlySpan<byte> line = session.Reader.Lines.Line;
            if (line.SequenceEqual("*"u8))
            {
                return ImapErrors.ToCompletion(AuthenticationFailure.Cancelled);
            }
            if (line.Length > SaslLimits.EncodedOctetsMax || !TryDecode(line, out response))
            {
                return ImapErrors.ToCompletion(AuthenticationFailure.Malformed);
            }
        }
    }

    /// <summary>continue-req = "+" SP (resp-text / base64) CRLF — RFC 3501 §9.</summary>
    private static async ValueTask ChallengeAsync(ImapWriter writer, ReadOnlyMemory<byte> challenge)
    {
        writer.Write("+ "u8);
        writer.Write(Convert.ToBase64String(challenge.Span));
        writer.Write("\r\n"u8);
        await writer.FlushAsync();
    }

    /// <summary>Waits for the client's line; a completion where none can come.</summary>
    private static async ValueTask<ImapCompletion?> ReadAsync(ImapSession session)
    {
        while (true)
        {
            switch (await session.Reader.Lines.ReadAsync())
            {
                case LineOutcome.Line:
                    return null;
                case LineOutcome.Woken:
                    if (await session.LookWhyWokenAsync() is { } end)
                    {
                        return ImapCompletion.HangUp(end);
                    }
                    break;
                case LineOutcome.EndOfStream:
                    return ImapCompletion.HangUp(SessionEnd.ClientGone);
                case LineOutcome.BareCrOrLf:
                    return ImapCompletion.HangUp(await session.SayByeAsync(CommandReader.BareLineEnd, SessionEnd.ProtocolViolation));
                default:
                    return ImapErrors.ToCompletion(AuthenticationFailure.Malformed);
            }
        }
    }

    /// <summary>base64 = *(4base64-char) [base64-terminal] — RFC 3501 §9: canonical, nothing in between.</summary>
    private static bool TryDecode(ReadOnlySpan<byte> encoded, out byte[]? decoded)
    {
        decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length)];
        if (encoded.Length % 4 != 0 || encoded.ContainsAny((byte)' ', (byte)'\t')
            || Base64.DecodeFromUtf8(encoded, decoded, out _, out int length) != OperationStatus.Done)
        {
            return false;
        }
        byte[] exact = decoded[..length];
        CryptographicOperations.ZeroMemory(decoded);
        decoded = exact;
        return true;
    }
}
