using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Maildir;
using MailAccess.Store.Quota;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Opens the store from its configuration.</summary>
internal static class StoreSetup
{
    public static async Task<MaildirStore?> OpenAsync(
        ServerConfiguration configuration, IAccountDirectory accounts, IQuotaPolicy quota, TimeProvider clock, ILoggerFactory loggers, List<string> errors)
    {
        MaildirStoreOptions options = new()
        {
            DataFolder = Path.Combine(configuration.DataFolder, "store"),
            HostName = configuration.HostName,
            Quota = quota,
            HasSearchFilters = configuration.HasSearchFilters,
            RootOf = name => name == SharingConfiguration.SystemAccount
                ? configuration.Sharing.Enabled ? configuration.Sharing.PublicPath : null
                : RootOf(name, configuration.Mail.PathTemplate, accounts),
        };
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(options, clock, loggers.CreateLogger("MailAccess.Store"));
        if (opened.TryGet(out MaildirStore? store))
        {
            return store;
        }
        errors.Add(opened.Error == StoreError.Busy
            ? $"another server is running on {options.DataFolder}"
            : $"the store in {options.DataFolder} cannot be opened (see the log): {opened.Error}");
        return null;
    }

    /// <summary>
    /// The store as IMAP shows it, with others' mailboxes and annotations. Deliveries and POP3 stay on the store beneath: they know no rights.
    /// </summary>
    public static AccessMailStore CreateAccess(ServerConfiguration configuration, IAccountDirectory accounts, IMailStore mail, TimeProvider clock)
    {
        SharingConfiguration sharing = configuration.Sharing;
        SharingOptions? options = !sharing.Enabled ? null : new SharingOptions
        {
            SystemAccount = SharingConfiguration.SystemAccount,
            OthersPrefix = sharing.OthersPrefix,
            PublicPrefix = sharing.PublicPrefix,
            HasPublic = sharing.HasPublic,
            PublicAdministrators = sharing.PublicAdministrators,
            GroupsOf = sharing.GroupsOf,
            Accounts = async stop => await ExpiryService.AccountsAsync(configuration, accounts, stop),
        };
        return new AccessMailStore(mail, options, configuration.Metadata, clock);
    }

    /// <summary>The Maildir of an account; null where its name cannot be part of a path.</summary>
    internal static string? RootOf(string name, string template, IAccountDirectory accounts)
    {
        int at = name.LastIndexOf('@');
        string local = at < 0 ? name : name[..at];
        string domain = at < 0 ? "" : name[(at + 1)..];
        if (!IsPathPart(name) || !IsPathPart(local) || (domain.Length > 0 && !IsPathPart(domain)))
        {
            return null;
        }
        string path = template.Replace("{user}", name, StringComparison.Ordinal).Replace("{local}", local, StringComparison.Ordinal)
            .Replace("{domain}", domain, StringComparison.Ordinal);
        if (!path.Contains("{home}", StringComparison.Ordinal))
        {
            return path;
        }
        // The passwd file is in memory: this does not wait.
        Account? account = accounts.FindByLoginAsync(name, CancellationToken.None).AsTask().GetAwaiter().GetResult()?.Account;
        return account?.Home is { Length: > 0 } home && Path.IsPathFullyQualified(home) ? path.Replace("{home}", home, StringComparison.Ordinal) : null;
    }

    private static bool IsPathPart(string text) =>
        text is not ("" or "." or "..") && !text.Any(c => c is '/' or '\0' || char.IsControl(c));
}
