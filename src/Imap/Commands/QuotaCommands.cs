using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Quota;

namespace MailAccess.Imap.Commands;

/// <summary>GETQUOTA, GETQUOTAROOT and SETQUOTA — RFC 9208 §4.1. Limits are the administrator's: QUOTASET is not announced.</summary>
internal static class QuotaCommands
{
    /// <summary>The unit of STORAGE. RFC 9208 §5.1.</summary>
    private const int StorageUnitOctets = 1024;

    public static readonly ImapCommand GetQuota =
        new("GETQUOTA", ImapStates.LoggedIn, ImapCommand.AllChanges, GetQuotaAsync) { Capability = "QUOTA" };

    public static readonly ImapCommand GetQuotaRoot =
        new("GETQUOTAROOT", ImapStates.LoggedIn, ImapCommand.AllChanges, GetQuotaRootAsync) { Capability = "QUOTA" };

    public static readonly ImapCommand SetQuota =
        new("SETQUOTA", ImapStates.LoggedIn, ImapCommand.AllChanges, SetQuotaAsync) { Capability = "QUOTA" };

    private static async ValueTask<ImapCompletion> GetQuotaAsync(ImapSession session, ImapArguments arguments)
    {
        // getquota = "GETQUOTA" SP quota-root-name     RFC 9208 §7
        if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> name) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        string wanted = Encoding.UTF8.GetString(name.Span);
        StoreResult<IReadOnlyList<QuotaRoot>> found = await session.Account!.GetQuotaAsync(null, CancellationToken.None);
        if (!found.TryGet(out IReadOnlyList<QuotaRoot>? roots))
        {
            return ImapErrors.ToCompletion(found.Error);
        }
        if (roots.FirstOrDefault(r => r.Name == wanted) is not { } root)
        {
            return ImapCompletion.No("NONEXISTENT", "no such quota root");
        }
        Write(session.Writer, root);
        return ImapCompletion.Ok("that is its use");
    }

    private static async ValueTask<ImapCompletion> GetQuotaRootAsync(ImapSession session, ImapArguments arguments)
    {
        // getquotaroot = "GETQUOTAROOT" SP mailbox     RFC 9208 §7
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IReadOnlyList<QuotaRoot>> found = await session.Account!.GetQuotaAsync(name, CancellationToken.None);
        if (!found.TryGet(out IReadOnlyList<QuotaRoot>? roots))
        {
            return ImapErrors.ToCompletion(found.Error);
        }
        session.Writer.Write("* QUOTAROOT "u8);
        session.Writer.WriteMailbox(name);
        foreach (QuotaRoot root in roots)
        {
            session.Writer.Write(" "u8);
            session.Writer.WriteString(Encoding.UTF8.GetBytes(root.Name));
        }
        session.Writer.Write("\r\n"u8);
        foreach (QuotaRoot root in roots)
        {
            Write(session.Writer, root);
        }
        return ImapCompletion.Ok("these are all");
    }

    private static ValueTask<ImapCompletion> SetQuotaAsync(ImapSession session, ImapArguments arguments)
    {
        // setquota = "SETQUOTA" SP quota-root-name SP setquota-list     RFC 9208 §7
        if (!(arguments.TrySpace() && arguments.TryAstring(out _) && arguments.TrySpace()
              && arguments.TryChar((byte)'(', "a list of limits") && TryResources(arguments) && arguments.AtEnd))
        {
            return new(ImapErrors.Syntax(arguments));
        }
        return new(ImapCompletion.No("NOPERM", "limits are set by the administrator"));
    }

    /// <summary>[setquota-resource *(SP setquota-resource)] ")" — RFC 9208 §7.</summary>
    private static bool TryResources(ImapArguments arguments)
    {
        if (arguments.Next != (byte)')')
        {
            do
            {
                if (!(arguments.TryAtom(out _) && arguments.TrySpace() && arguments.TryAtom(out ReadOnlyMemory<byte> limit)))
                {
                    return false;
                }
                if (limit.Span.ContainsAnyExceptInRange((byte)'0', (byte)'9') || limit.Length > 19)
                {
                    return arguments.Missing("a number");
                }
            }
            while (arguments.Next == (byte)' ' && arguments.TrySpace());
        }
        return arguments.TryChar((byte)')', "a limit or )");
    }

    /// <summary>quota-response — RFC 9208 §7. What is not limited is not named (§4.2.1).</summary>
    private static void Write(ImapWriter writer, QuotaRoot root)
    {
        writer.Write("* QUOTA "u8);
        writer.WriteString(Encoding.UTF8.GetBytes(root.Name));
        string separator = " (";
        if (root.Limit.Octets is { } octets)
        {
            WriteResource("STORAGE", InUnits(root.Used.Octets), InUnits(octets));
        }
        if (root.Limit.Messages is { } messages)
        {
            WriteResource("MESSAGE", root.Used.Messages, messages);
        }
        writer.Write(")\r\n"u8);

        void WriteResource(string name, long used, long limit)
        {
            writer.Write(separator);
            writer.Write(name);
            writer.Write(" "u8);
            writer.WriteNumber(used);
            writer.Write(" "u8);
            writer.WriteNumber(limit);
            separator = " ";
        }
    }

    private static long InUnits(long octets) => (octets / StorageUnitOctets) + (octets % StorageUnitOctets > 0 ? 1 : 0);
}
