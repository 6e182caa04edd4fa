using MailAccess.Auth;
using MailAccess.Imap.Commands;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Urls;

/// <summary>Why a URL gives nothing.</summary>
public enum UrlRefusal
{
    /// <summary>It does.</summary>
    None,
    /// <summary>It is no URL of a message or part of one.</summary>
    Malformed,
    /// <summary>It is one of another server.</summary>
    OtherServer,
    /// <summary>It does not authorize this user, or not any more, or never did. Nothing is said of what it names.</summary>
    NotAuthorized,
    /// <summary>What it names is not there, or its owner may not read it.</summary>
    NotFound,
    /// <summary>Temporary.</summary>
    Unavailable,
}

/// <summary>Who wants what a URL names.</summary>
/// <param name="Account">The account that has logged in.</param>
/// <param name="IsSubmission">To send it: a <c>submit+</c> URL is for him. Else he fetches it by IMAP, and <c>user+</c> is.</param>
internal readonly record struct UrlReader(string Account, bool IsSubmission);

/// <summary>Checks authorized URLs and opens what they name with the rights of their owners. RFC 4467 §6, §7. Thread-safe.</summary>
internal sealed class UrlFetcher(AccessMailStore store, UrlOptions options, ImapLimits limits, TimeProvider clock)
{
    /// <summary>The server's names.</summary>
    public IReadOnlyList<string> HostNames => options.HostNames;

    /// <summary>The extension is switched off for this account: it authorizes nothing.</summary>
    public static bool IsOffFor(Account account) =>
        account.DisabledImapCapabilities.Contains(UrlCommands.Capability, StringComparer.OrdinalIgnoreCase);

    /// <summary>The URL is one of this server.</summary>
    public bool IsOwn(AbsoluteUrl url) => options.HostNames.Contains(url.Host, StringComparer.OrdinalIgnoreCase);

    /// <summary>The user's name in the URL stands for this account. May throw <see cref="IOException"/>.</summary>
    public async ValueTask<bool> IsAsync(string? user, string account) =>
        user is not null && await options.FindAccount(user, CancellationToken.None) is { } found && found.Name == account;

    /// <summary>What the URL names, the caller's; or why not. With <paramref name="takesPlain"/> also his own URLs that nothing authorizes.</summary>
    public async ValueTask<(OpenedUrl? Opened, UrlRefusal Refusal)> OpenAsync(ReadOnlyMemory<byte> text, UrlReader reader, bool takesPlain)
    {
        if (!AbsoluteUrl.TryParse(text, limits, out AbsoluteUrl? url) || (url.Access is null) != (url.Verifier is null) || (url.Access is null && !takesPlain))
        {
            return (null, UrlRefusal.Malformed);
        }
        if (!IsOwn(url))
        {
            return (null, UrlRefusal.OtherServer);
        }
        try
        {
            return await OpenAsync(url, reader);
        }
        catch (IOException)
        {
            return (null, UrlRefusal.Unavailable); // The account source, or the store's files: nothing here speaks to the client.
        }
    }

    private async ValueTask<(OpenedUrl? Opened, UrlRefusal Refusal)> OpenAsync(AbsoluteUrl url, UrlReader reader)
    {
        if (url.Access is null)
        {
            // Without a user it is the reader's too: he who resolves it has logged in. RFC 4468 §3.3.
            return url.User is null || await IsAsync(url.User, reader.Account)
                ? await OpenAsync(url, reader.Account) : (null, UrlRefusal.NotAuthorized);
        }
        if (!string.Equals(url.Verifier!.Mechanism, UrlToken.Mechanism, StringComparison.OrdinalIgnoreCase)
            || url.Expires < clock.GetUtcNow() || !await MayUseAsync(url.Access, reader))
        {
            return (null, UrlRefusal.NotAuthorized);
        }
        Account? owner = url.User is null ? null : await options.FindAccount(url.User, CancellationToken.None);
        if (owner is null || IsOffFor(owner))
        {
            UrlToken.Pretend(url.Verifier.Token, url.Rump.Span);
            return (null, UrlRefusal.NotAuthorized);
        }
        return await OpenAsync(url, owner.Name);
    }

    /// <summary>RFC 4467 §3. Who submits answers for the user that is named; others are told so by the submission server, which must ask for him.</summary>
    private async ValueTask<bool> MayUseAsync(UrlAccess access, UrlReader reader) => access.Kind switch
    {
        UrlAccessKind.Submit => reader.IsSubmission
            ? await IsAsync(access.User, reader.Account) : options.Submitters.Contains(reader.Account, StringComparer.Ordinal),
        UrlAccessKind.User => !reader.IsSubmission && await IsAsync(access.User, reader.Account),
        UrlAccessKind.AuthenticatedUser or UrlAccessKind.Anonymous => true, // Everybody here has logged in with a name.
        _ => throw new ArgumentOutOfRangeException(nameof(access)),
    };

    private async ValueTask<(OpenedUrl? Opened, UrlRefusal Refusal)> OpenAsync(AbsoluteUrl url, string owner)
    {
        StoreResult<IMailAccount> found = await store.OpenAccountAsync(owner, CancellationToken.None);
        if (!found.TryGet(out IMailAccount? account))
        {
            return (null, ToRefusal(found.Error));
        }
        OpenedUrl opened = new(url.Message, account);
        UrlRefusal refusal = await FillAsync(opened, url);
        if (refusal == UrlRefusal.None)
        {
            return (opened, refusal);
        }
        await opened.DisposeAsync();
        return (null, refusal);
    }

    private async ValueTask<UrlRefusal> FillAsync(OpenedUrl opened, AbsoluteUrl url)
    {
        StoreResult<IMailbox> found = await opened.Account.OpenAsync(url.Message.Mailbox!, CancellationToken.None);
        if (!found.TryGet(out IMailbox? mailbox))
        {
            if (url.Verifier is null || ToRefusal(found.Error) == UrlRefusal.Unavailable)
            {
                return ToRefusal(found.Error);
            }
            UrlToken.Pretend(url.Verifier.Token, url.Rump.Span);
            return UrlRefusal.NotAuthorized;
        }
        opened.Mailbox = mailbox;
        if (url.Verifier is { } verifier)
        {
            StoreResult<ReadOnlyMemory<byte>> signed =
                await ((IUserAccount)opened.Account).SignAsync(mailbox, url.Rump, makesKey: false, CancellationToken.None);
            if (!signed.TryGet(out ReadOnlyMemory<byte> signature))
            {
                return ToRefusal(signed.Error);
            }
            if (!UrlToken.Matches(verifier.Token, signature.Span))
            {
                return UrlRefusal.NotAuthorized;
            }
        }
        (opened.Content, StoreError error) = await UrlContent.OpenAsync(mailbox, url.Message, limits);
        return ToRefusal(error);
    }

    private static UrlRefusal ToRefusal(StoreError error) => error switch
    {
        StoreError.None => UrlRefusal.None,
        StoreError.Busy or StoreError.Unavailable => UrlRefusal.Unavailable,
        _ => UrlRefusal.NotFound,
    };
}

/// <summary>What a URL names, open for reading. Owns everything that it holds.</summary>
internal sealed class OpenedUrl(ImapUrl url, IMailAccount account) : IAsyncDisposable
{
    public ImapUrl Url => url;

    public IMailAccount Account => account;

    public IMailbox? Mailbox { get; set; }

    public UrlContent? Content { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (Content is not null)
        {
            await Content.DisposeAsync();
        }
        if (Mailbox is not null)
        {
            await Mailbox.DisposeAsync();
        }
        await account.DisposeAsync();
    }
}
