using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>COMPRESS — RFC 4978 §3.</summary>
internal static class CompressCommand
{
    public static readonly ImapCommand Definition =
        new("COMPRESS", ImapStates.LoggedIn, ImapEffects.None, ExecuteAsync) { Capability = "COMPRESS=DEFLATE" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // compress = "COMPRESS" SP algorithm; algorithm = "DEFLATE"     RFC 4978 §5
        if (!(arguments.TrySpace() && (arguments.TryWord("DEFLATE"u8) || arguments.Missing("DEFLATE")) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (session.IsCompressed)
        {
            return ImapCompletion.Bad("COMPRESSIONACTIVE", "compressed already");
        }
        // The last line that is not compressed, §3.
        ReadOnlySpan<byte> command = session.Reader.Command.Span;
        session.Writer.Write(command[..command.IndexOf((byte)' ')]);
        session.Writer.Write(" OK compressed from here on\r\n"u8);
        await session.Writer.FlushAsync();
        session.Compress();
        return ImapCompletion.Silent;
    }
}
