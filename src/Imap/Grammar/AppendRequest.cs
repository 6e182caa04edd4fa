using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// append = "APPEND" SP mailbox 1*append-message — RFC 4466 §3; here one message, and of it all but the literal.
/// </summary>
/// <param name="Mailbox">Null: grammatical, but no possible name.</param>
/// <param name="Flags">Of the new message.</param>
/// <param name="InternalDate">Null: now.</param>
internal sealed record AppendRequest(MailboxName? Mailbox, FlagList Flags, DateTimeOffset? InternalDate)
{
    /// <summary>The message comes as a literal8, RFC 3516 §4.4: it may hold any octet.</summary>
    public bool IsBinary { get; private init; }

    /// <summary>Whether a command up to a literal's brace is an APPEND whose next element must be its message.</summary>
    public static bool EndsInMessage(ReadOnlyMemory<byte> command, ImapServices services)
    {
        ImapArguments arguments = new(command, services.Limits);
        return arguments.TryTag(out _) && arguments.TryWord(" APPEND"u8) && TryParse(arguments, services, out _);
    }

    /// <summary>From the space behind the verb to the space before the literal, where the command as framed ends.</summary>
    public static bool TryParse(ImapArguments arguments, ImapServices services, out AppendRequest request)
    {
        request = null!;
        return arguments.TrySpace() && arguments.TryMailbox(out MailboxName? mailbox) && TryParseMessage(arguments, mailbox, services, out request);
    }

    /// <summary>append-message = [SP flag-list] [SP date-time] SP (literal / literal8) — RFC 4466 §3; up to the literal's brace.</summary>
    public static bool TryParseMessage(ImapArguments arguments, MailboxName? mailbox, ImapServices services, out AppendRequest request)
    {
        request = null!;
        FlagList flags = FlagList.Empty;
        DateTimeOffset? date = null;
        if (!arguments.TrySpace())
        {
            return false;
        }
        if (arguments.Next == (byte)'(' && !(FlagList.TryParse(arguments, out flags) && arguments.TrySpace()))
        {
            return false;
        }
        if (arguments.Next == (byte)'"')
        {
            if (!(arguments.TryDateTime(out DateTimeOffset given) && arguments.TrySpace()))
            {
                return false;
            }
            date = given;
        }
        // literal8 = "~{" number ["+"] "}" CRLF *OCTET     RFC 4466 §3
        bool isBinary = !services.IsDisabled("BINARY") && arguments.TryWord("~"u8);
        request = new AppendRequest(mailbox, flags, date) { IsBinary = isBinary };
        return arguments.AtEnd;
    }
}
