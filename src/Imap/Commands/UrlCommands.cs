using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Urls;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Commands;

/// <summary>GENURLAUTH and RESETKEY — RFC 4467 §7: a user authorizes others to fetch a message, or a part of one, by its URL.</summary>
internal static class UrlCommands
{
    /// <summary>The capability.</summary>
    public const string Capability = "URLAUTH";

    /// <summary>resp-text-code =/ "URLMECH" SP "INTERNAL" *(SP mechanism ["=" base64]) — RFC 4467 §9.</summary>
    public const string Mechanisms = "URLMECH " + UrlToken.Mechanism;

    public static readonly ImapCommand GenerateDefinition =
        new("GENURLAUTH", ImapStates.LoggedIn, ImapCommand.AllChanges, GenerateAsync) { Capability = Capability };

    public static readonly ImapCommand ResetDefinition =
        new("RESETKEY", ImapStates.LoggedIn, ImapCommand.AllChanges, ResetAsync) { Capability = Capability };

    private static readonly ImapCompletion UnknownMechanism = ImapCompletion.Bad("the mechanism is " + UrlToken.Mechanism);

    private static async ValueTask<ImapCompletion> GenerateAsync(ImapSession session, ImapArguments arguments)
    {
        // genurlauth = "GENURLAUTH" 1*(SP url-rump SP mechanism)     RFC 4467 §9
        List<ReadOnlyMemory<byte>> rumps = [];
        do
        {
            if (!(arguments.TrySpace() && arguments.TryAstring(out ReadOnlyMemory<byte> rump) && arguments.TrySpace()
                  && arguments.TryAtom(out ReadOnlyMemory<byte> mechanism)))
            {
                return ImapErrors.Syntax(arguments);
            }
            if (!IsInternal(mechanism))
            {
                return UnknownMechanism;
            }
            rumps.Add(rump);
        }
        while (!arguments.AtEnd);
        List<byte[]> urls = [];
        foreach (ReadOnlyMemory<byte> rump in rumps)
        {
            (byte[]? url, ImapCompletion refusal) = await AuthorizeAsync(session, rump);
            if (url is null)
            {
                return refusal; // All or none: one tagged answer cannot say which.
            }
            urls.Add(url);
        }
        // genurlauth-data = "*" SP "GENURLAUTH" 1*(SP url-full)
        session.Writer.Write("* GENURLAUTH"u8);
        foreach (byte[] url in urls)
        {
            session.Writer.Write(" "u8);
            session.Writer.WriteString(url);
        }
        session.Writer.Write("\r\n"u8);
        return ImapCompletion.Ok("authorized");
    }

    /// <summary>The checks of RFC 4467 §7, GENURLAUTH, then the token. Exactly one of the two is given.</summary>
    private static async ValueTask<(byte[]? Url, ImapCompletion Refusal)> AuthorizeAsync(ImapSession session, ReadOnlyMemory<byte> rump)
    {
        UrlFetcher fetcher = session.Services.Urls!;
        if (!AbsoluteUrl.TryParse(rump, session.Services.Limits, out AbsoluteUrl? url) || url.Verifier is not null)
        {
            return (null, ImapCompletion.Bad("expected an absolute URL of a message or of a part of one, with ;URLAUTH= and who may use it"));
        }
        if (url.Access is null)
        {
            return (null, ImapCompletion.Bad("the URL does not say who may use it"));
        }
        if (url.User is null)
        {
            return (null, ImapCompletion.Bad("the URL does not say whose mailbox it means"));
        }
        if (!fetcher.IsOwn(url))
        {
            return (null, ImapCompletion.Bad("the URL is one of another server"));
        }
        try
        {
            if (!await fetcher.IsAsync(url.User, session.Account!.Name))
            {
                return (null, ImapCompletion.Bad("the URL is not of your own scope")); // Whether there is such a user is not told.
            }
        }
        catch (IOException)
        {
            return (null, ImapErrors.ToCompletion(StoreError.Unavailable));
        }
        StoreResult<IMailbox> opened = await session.Account.OpenAsync(url.Message.Mailbox!, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return (null, opened.Error == StoreError.NotFound ? ImapCompletion.Bad("there is no such mailbox") : ImapErrors.ToCompletion(opened.Error));
        }
        await using (mailbox)
        {
            if (!SelectedMailbox.RightsTo(mailbox).Has(Rights.Read))
            {
                return (null, ImapErrors.ToCompletion(StoreError.NoPermission));
            }
            StoreResult<ReadOnlyMemory<byte>> signed =
                await ((IUserAccount)session.Account).SignAsync(mailbox, url.Rump, makesKey: true, CancellationToken.None);
            return signed.TryGet(out ReadOnlyMemory<byte> signature)
                ? ([.. rump.Span, .. ":internal:"u8, .. Encoding.ASCII.GetBytes(UrlToken.Format(signature.Span))], default)
                : (null, ImapErrors.ToCompletion(signed.Error));
        }
    }

    private static async ValueTask<ImapCompletion> ResetAsync(ImapSession session, ImapArguments arguments)
    {
        // resetkey = "RESETKEY" [SP mailbox *(SP mechanism)]     RFC 4467 §9
        IUserAccount account = (IUserAccount)session.Account!;
        if (arguments.AtEnd)
        {
            StoreResult<Done> removed = await account.RenewAccessKeyAsync(null, CancellationToken.None);
            if (removed.Error != StoreError.None)
            {
                return ImapErrors.ToCompletion(removed.Error);
            }
            session.Services.KeyResets.Tell(session, null);
            return ImapCompletion.Ok("all keys removed");
        }
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name)))
        {
            return ImapErrors.Syntax(arguments);
        }
        while (!arguments.AtEnd)
        {
            if (!(arguments.TrySpace() && arguments.TryAtom(out ReadOnlyMemory<byte> mechanism)))
            {
                return ImapErrors.Syntax(arguments);
            }
            if (!IsInternal(mechanism))
            {
                return UnknownMechanism;
            }
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IMailbox> opened = await account.OpenAsync(name, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return ImapErrors.ToCompletion(opened.Error);
        }
        await using (mailbox)
        {
            StoreResult<Done> renewed = await account.RenewAccessKeyAsync(mailbox, CancellationToken.None);
            if (renewed.Error != StoreError.None)
            {
                return ImapErrors.ToCompletion(renewed.Error);
            }
            session.Services.KeyResets.Tell(session, mailbox.MailboxId);
            return ImapCompletion.Ok(Mechanisms, "a new key");
        }
    }

    private static bool IsInternal(ReadOnlyMemory<byte> mechanism) => Ascii.EqualsIgnoreCase(mechanism.Span, UrlToken.Mechanism);
}
