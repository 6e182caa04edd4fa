using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Inspection;
using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Quota;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Opens the store from its configuration.</summary>
internal static class StoreSetup
{
    public static async Task<IIndexedStore?> OpenAsync(
        ServerConfiguration configuration, IAccountDirectory accounts, IQuotaPolicy quota, TimeProvider clock, ILoggerFactory loggers, List<string> errors)
    {
        string folder = FolderOf(configuration);
        StoreResult<IIndexedStore> opened = configuration.Mail.Format == MailFormat.Mbox
            ? AsStore(await OpenMboxAsync(configuration, accounts, quota, folder, clock, loggers))
            : AsStore(await OpenMaildirAsync(configuration, accounts, quota, folder, clock, loggers));
        if (opened.TryGet(out IIndexedStore? store))
        {
            return store;
        }
        errors.Add(opened.Error == StoreError.Busy
            ? $"another server is running on {folder}"
            : $"the store in {folder} cannot be opened (see the log): {opened.Error}");
        return null;
    }

    /// <summary>For what only concerns Maildirs; another format is an error that says so.</summary>
    public static async Task<MaildirStore?> OpenMaildirsAsync(
        ServerConfiguration configuration, IAccountDirectory accounts, IQuotaPolicy quota, TimeProvider clock, ILoggerFactory loggers, List<string> errors)
    {
        if (configuration.Mail.Format == MailFormat.Maildir)
        {
            return await OpenAsync(configuration, accounts, quota, clock, loggers, errors) as MaildirStore;
        }
        errors.Add("mail.format is \"mbox\": this command is for Maildirs");
        return null;
    }

    /// <summary>The store's own folder.</summary>
    public static string FolderOf(ServerConfiguration configuration) => Path.Combine(configuration.DataFolder, "store");

    /// <summary>For the indexes of an account's mailboxes; null where it has no mail yet.</summary>
    public static IIndexInspector? InspectorOf(string name, ServerConfiguration configuration, IAccountDirectory accounts)
    {
        if (RootOf(name, configuration, accounts) is not { } root)
        {
            return null;
        }
        if (configuration.Mail.Format == MailFormat.Maildir)
        {
            return Directory.Exists(root) ? new MaildirInspector(root) : null;
        }
        return InboxOf(name, configuration, accounts) is { } inbox && (File.Exists(inbox) || Directory.Exists(root))
            ? new MboxInspector(inbox, root, FolderOf(configuration), name) : null;
    }

    /// <summary>Also for a type that C# cannot convert to by itself: an interface.</summary>
    private static StoreResult<IIndexedStore> AsStore<T>(StoreResult<T> opened)
        where T : class, IIndexedStore =>
        opened.TryGet(out T? store) ? Of<IIndexedStore>(store) : opened.Error;

    private static StoreResult<T> Of<T>(T value) => value;

    private static Task<StoreResult<MboxStore>> OpenMboxAsync(
        ServerConfiguration configuration, IAccountDirectory accounts, IQuotaPolicy quota, string folder, TimeProvider clock, ILoggerFactory loggers) =>
        MboxStore.OpenAsync(
            new MboxStoreOptions
            {
                DataFolder = folder,
                HostName = configuration.HostName,
                InboxOf = name => InboxOf(name, configuration, accounts),
                FolderRootOf = name => RootOf(name, configuration, accounts),
                LockOrder = configuration.Mail.Locks,
                HasSearchFilters = configuration.HasSearchFilters,
                Quota = quota,
            },
            clock,
            loggers.CreateLogger("MailAccess.Store"));

    private static Task<StoreResult<MaildirStore>> OpenMaildirAsync(
        ServerConfiguration configuration, IAccountDirectory accounts, IQuotaPolicy quota, string folder, TimeProvider clock, ILoggerFactory loggers)
    {
        MaildirStoreOptions options = new()
        {
            DataFolder = folder,
            HostName = configuration.HostName,
            Quota = quota,
            HasSearchFilters = configuration.HasSearchFilters,
            RootOf = name => RootOf(name, configuration, accounts),
        };
        return MaildirStore.OpenAsync(options, clock, loggers.CreateLogger("MailAccess.Store"));
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

    /// <summary>The place of an account by the template; null where its name cannot be part of a path.</summary>
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
        // The passwd file is in memory, and of other sources the account is known that was just looked up: this hardly ever waits.
        Account? account = accounts.FindByNameAsync(name, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return account?.Home is { Length: > 0 } home && Path.IsPathFullyQualified(home) ? path.Replace("{home}", home, StringComparison.Ordinal) : null;
    }

    private static string? RootOf(string name, ServerConfiguration configuration, IAccountDirectory accounts) =>
        PublicPath(name, configuration) ?? RootOf(name, configuration.Mail.PathTemplate, accounts);

    private static string? InboxOf(string name, ServerConfiguration configuration, IAccountDirectory accounts) =>
        PublicPath(name, configuration) is { } path ? Path.Combine(path, ".inbox") : RootOf(name, configuration.Mail.InboxTemplate, accounts);

    /// <summary>Where the mail of nobody is; null for every account, and where nothing is shared.</summary>
    private static string? PublicPath(string name, ServerConfiguration configuration) =>
        name == SharingConfiguration.SystemAccount && configuration.Sharing.Enabled ? configuration.Sharing.PublicPath : null;

    private static bool IsPathPart(string text) =>
        text is not ("" or "." or "..") && !text.Any(c => c is '/' or '\0' || char.IsControl(c));
}
