using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>CREATE — RFC 3501 §6.3.3, RFC 9051 §6.3.4; with a special use, RFC 6154 §3.</summary>
internal static class CreateCommand
{
    public static readonly ImapCommand Definition = new("CREATE", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // create = "CREATE" SP mailbox [create-params]     RFC 3501 §9, RFC 4466 §2.2
        List<SpecialUse> uses = [];
        if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> encoded)
              && (arguments.Next != (byte)' ' || TryParameters(arguments, session.Services, uses)) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        // A separator at the end declares that there will be names below; the name is without it (§6.3.3).
        ReadOnlySpan<byte> plain = encoded.Span is [.. var front, (byte)MailboxName.Separator] ? front : encoded.Span;
        if (!arguments.TryDecodeMailbox(plain, out MailboxName? name, out string supplied))
        {
            return ImapErrors.InvalidName;
        }
        // \All and \Flagged would have to show messages of other mailboxes; here a mailbox has one purpose. RFC 6154 §2, §3.
        if (uses.Count > 1 || uses.Exists(u => u is SpecialUse.None or SpecialUse.All or SpecialUse.Flagged))
        {
            return ImapCompletion.No("USEATTR", "a mailbox can be one of \\Archive, \\Drafts, \\Junk, \\Sent, \\Trash");
        }
        if (name.IsInbox && uses.Count > 0)
        {
            return ImapCompletion.No("USEATTR", "INBOX has its own purpose");
        }
        StoreResult<Done> created = await session.Account!.CreateAsync(name, uses.FirstOrDefault(), CancellationToken.None);
        if (!created.TryGet(out _))
        {
            return ImapErrors.ToCompletion(created.Error);
        }
        await ListCommand.WriteNormalizedAsync(session, name, supplied);
        return ImapCompletion.Ok(await IdentityAsync(session, name), "created");
    }

    /// <summary>MAILBOXID in the OK of CREATE, RFC 8474 §4.1; null where another session has just removed it again.</summary>
    private static async ValueTask<string?> IdentityAsync(ImapSession session, MailboxName name)
    {
        if (session.Services.IsDisabled("OBJECTID"))
        {
            return null;
        }
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return null;
        }
        await using (mailbox)
        {
            return $"MAILBOXID ({ObjectId.OfMailbox(mailbox.MailboxId)})";
        }
    }

    /// <summary>create-params = SP "(" create-param *( SP create-param) ")" — RFC 4466 §2.2; the one known is USE, RFC 6154 §6.</summary>
    private static bool TryParameters(ImapArguments arguments, ImapServices services, List<SpecialUse> uses)
    {
        if (!(arguments.TrySpace() && arguments.TryChar((byte)'(', "a parenthesis")
              && !services.IsDisabled("CREATE-SPECIAL-USE") && arguments.TryWord("USE "u8) && arguments.TryChar((byte)'(', "a list of uses")))
        {
            return arguments.Missing("(USE (…))");
        }
        if (!arguments.TryWord(")"u8))
        {
            do
            {
                // use-attr = "\All" / … / use-attr-ext; one that is not known is none that a mailbox here can have.
                if (!(arguments.TryChar((byte)'\\', "a special use") && arguments.TryAtom(out ReadOnlyMemory<byte> attribute)))
                {
                    return arguments.Missing("a special use");
                }
                SpecialUse use = Enum.GetValues<SpecialUse>().FirstOrDefault(u => System.Text.Ascii.EqualsIgnoreCase(attribute.Span, u.ToString()));
                if (!uses.Contains(use))
                {
                    uses.Add(use);
                }
            }
            while (arguments.Next == (byte)' ' && arguments.TrySpace());
            if (!arguments.TryChar((byte)')', "a special use or )"))
            {
                return false;
            }
        }
        return arguments.TryChar((byte)')', "the end of the parameters");
    }
}
