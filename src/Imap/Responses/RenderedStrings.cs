using System.Diagnostics;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Message;

namespace MailAccess.Imap.Responses;

/// <summary>What was rendered for every client, an ENVELOPE or a BODYSTRUCTURE, for one that takes UTF-8 in quoted strings. RFC 6855 §3.</summary>
internal static class RenderedStrings
{
    private static ReadOnlySpan<byte> LiteralHeadEnd => "}\r\n"u8;

    /// <summary>Writes it with its literals as quoted strings, as far as they can be.</summary>
    public static void Write(ImapWriter writer, ReadOnlySpan<byte> rendered)
    {
        while (rendered.IndexOfAny((byte)'"', (byte)'{') is int special and >= 0)
        {
            writer.Write(rendered[..special]);
            rendered = rendered[special..];
            int length = rendered[0] == '"' ? QuotedLength(rendered) : WriteLiteral(writer, rendered);
            if (rendered[0] == '"')
            {
                writer.Write(rendered[..length]);
            }
            rendered = rendered[length..];
        }
        writer.Write(rendered);
    }

    private static int QuotedLength(ReadOnlySpan<byte> quoted)
    {
        int at = 1;
        while (quoted[at] != '"')
        {
            at += quoted[at] == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    /// <summary>Gives the length of the literal with its head: "{" number "}" CRLF.</summary>
    private static int WriteLiteral(ImapWriter writer, ReadOnlySpan<byte> literal)
    {
        int at = 1;
        if (!ImapNumbers.TryParse(literal, ref at, out uint octets))
        {
            throw new UnreachableException("a literal has a length");
        }
        ReadOnlySpan<byte> value = literal.Slice(at + LiteralHeadEnd.Length, (int)octets);
        int length = at + LiteralHeadEnd.Length + value.Length;
        if (Ascii.IsValid(value) || value.Length > MessageLimits.Default.QuotedOctetsMax)
        {
            writer.Write(literal[..length]); // It was no quoted string for another reason.
        }
        else
        {
            writer.WriteString(value);
        }
        return length;
    }
}
