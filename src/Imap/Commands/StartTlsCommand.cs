using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Wire;

namespace MailAccess.Imap.Commands;

/// <summary>STARTTLS — RFC 3501 §6.2.1.</summary>
internal static class StartTlsCommand
{
    public static readonly ImapCommand Definition = new("STARTTLS", ImapStates.NotAuthenticated, ImapEffects.None, ExecuteAsync)
    {
        Capability = "STARTTLS",
    };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return ImapErrors.Syntax(arguments);
        }
        if (!session.Connection.CanUpgradeToTls)
        {
            return ImapCompletion.Bad(session.Connection.Tls is null ? "no TLS here" : "TLS is active already");
        }
        if (session.Reader.HasBufferedInput)
        {
            // Commands behind STARTTLS were put there by somebody in the middle, or by a broken client.
            return ImapCompletion.HangUp(await session.SayByeAsync("nothing may be sent behind STARTTLS", SessionEnd.ProtocolViolation));
        }
        ReadOnlySpan<byte> command = session.Reader.Command.Span;
        session.Writer.Write(command[..command.IndexOf((byte)' ')]);
        session.Writer.Write(" OK begin TLS now\r\n"u8);
        await session.Writer.FlushAsync();
        return ImapCompletion.HangUp(SessionEnd.TlsFailed) with { Ends = await session.UpgradeToTlsAsync() ? null : SessionEnd.TlsFailed };
    }
}
