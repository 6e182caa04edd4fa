using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// append = "APPEND" SP mailbox 1*append-message — RFC 3501 §9, RFC 3502; here one message, and of it all but the literal.
/// </summary>
/// <param name="Mailbox">Null: grammatical, but no possible name.</param>
/// <param name="Flags">Of the new message.</param>
/// <param name="InternalDate">Null: now.</param>
internal sealed record AppendRequest(MailboxName? Mailbox, FlagList Flags, DateTimeOffset? InternalDate)
{
    /// <summary>Whether a command up to a literal's brace is an APPEND whose next element must be its message.</summary>
    public static bool EndsInMessage(ReadOnlyMemory<byte> command, ImapLimits limits)
    {
        ImapArguments arguments = new(command, limits);
        return arguments.TryTag(out _) && arguments.TryWord(" APPEND"u8) && TryParse(arguments, out _);
    }

    /// <summary>From the space behind the verb to the space before the literal, where the command as framed ends.</summary>
    public static bool TryParse(ImapArguments arguments, out AppendRequest request)
    {
        request = null!;
        return arguments.TrySpace() && arguments.TryMailbox(out MailboxName? mailbox) && TryParseMessage(arguments, mailbox, out request);
    }

    /// <summary>append-message = [SP flag-list] [SP date-time] SP literal — RFC 3502; up to the literal.</summary>
    public static bool TryParseMessage(ImapArguments arguments, MailboxName? mailbox, out AppendRequest request)
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
        request = new AppendRequest(mailbox, flags, date);
        return arguments.AtEnd;
    }
}
