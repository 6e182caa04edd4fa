using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>CREATE — RFC 3501 §6.3.3.</summary>
internal static class CreateCommand
{
    public static readonly ImapCommand Definition = new("CREATE", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // create = "CREATE" SP mailbox     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> encoded) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        // A separator at the end declares that there will be names below; the name is without it (§6.3.3).
        ReadOnlySpan<byte> plain = encoded.Span is [.. var front, (byte)MailboxName.Separator] ? front : encoded.Span;
        if (!ModifiedUtf7.TryDecode(plain, out string? text) || !MailboxName.TryParse(text, out MailboxName? name))
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Done> created = await session.Account!.CreateAsync(name, SpecialUse.None, CancellationToken.None);
        return created.TryGet(out _) ? ImapCompletion.Ok(await IdentityAsync(session, name), "created") : ImapErrors.ToCompletion(created.Error);
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
}
