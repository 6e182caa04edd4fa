using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>ID — RFC 2971 §3.1. For people who look for the cause of a problem; nothing is ever decided by it.</summary>
internal static class IdCommand
{
    private const int LoggedOctetsMax = 300;

    public static readonly ImapCommand Definition = new("ID", ImapStates.Any, ImapCommand.AllChanges, Execute) { Capability = "ID" };

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.TrySpace() || !TryParse(arguments, out string client) || !arguments.AtEnd)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        session.Services.Log.ClientId(session.Connection.Id, client);
        ImapWriter writer = session.Writer;
        writer.Write("* ID "u8);
        string separator = "(";
        foreach ((string name, string value) in session.Services.Options.IdFields)
        {
            writer.Write(separator);
            writer.WriteString(Encoding.UTF8.GetBytes(name));
            writer.Write(" "u8);
            writer.WriteString(Encoding.UTF8.GetBytes(value));
            separator = " ";
        }
        writer.Write(separator == "(" ? "NIL\r\n"u8 : ")\r\n"u8);
        return new(ImapCompletion.Ok("pleased to meet you"));
    }

    /// <summary>id_params_list = "(" #(string SPACE nstring) ")" / nil — RFC 2971 §4.</summary>
    private static bool TryParse(ImapArguments arguments, out string client)
    {
        client = "";
        if (arguments.TryWord("NIL"u8))
        {
            return true;
        }
        if (!arguments.TryChar((byte)'(', "a list or NIL"))
        {
            return false;
        }
        StringBuilder shown = new();
        for (int fields = 0; !arguments.TryWord(")"u8); fields++)
        {
            if (fields >= arguments.Limits.IdFieldsMax)
            {
                return arguments.Missing("fewer fields");
            }
            if ((fields > 0 && !arguments.TrySpace())
                || !(arguments.TryString(out ReadOnlyMemory<byte> name) && arguments.TrySpace()
                    && arguments.TryNString(out ReadOnlyMemory<byte> value, out _)))
            {
                return false;
            }
            if (shown.Length + name.Length + value.Length < LoggedOctetsMax)
            {
                shown.Append(Printable(name.Span)).Append('=').Append(Printable(value.Span)).Append(' ');
            }
        }
        client = shown.ToString();
        return true;
    }

    private static string Printable(ReadOnlySpan<byte> octets) =>
        string.Create(octets.Length, octets, static (text, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                text[i] = source[i] is >= 0x20 and <= 0x7E ? (char)source[i] : '?';
            }
        });
}
