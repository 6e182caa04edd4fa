using System.CommandLine;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Store;
using MailAccess.Store.Inspection;

namespace MailAccess.Server.Cli;

/// <summary>The mailboxes that <c>mailaccess index</c> was asked about.</summary>
internal sealed class IndexTarget(ServerConfiguration configuration, IAccountDirectory directory, ParseResult arguments)
{
    private readonly List<(string Account, IIndexInspector Inspector)> _accounts = [];
    private MailboxName? _only;

    public ServerConfiguration Configuration => configuration;

    public IAccountDirectory Directory => directory;

    public ParseResult Arguments => arguments;

    /// <summary>Decides which accounts; what is wrong, or null.</summary>
    public async Task<string?> FindAsync(string? account, string? mailbox)
    {
        if (mailbox is not null && !MailboxName.TryParse(mailbox, out _only))
        {
            return $"{mailbox} is no mailbox name";
        }
        IReadOnlyList<Account> all = await directory.ListAsync(CancellationToken.None);
        foreach (Account one in all.Where(a => account is null || string.Equals(a.Name, account, StringComparison.OrdinalIgnoreCase)).OrderBy(a => a.Name, StringComparer.Ordinal))
        {
            if (StoreSetup.InspectorOf(one.Name, configuration, directory) is { } inspector)
            {
                _accounts.Add((one.Name, inspector));
            }
        }
        return account is not null && _accounts.Count == 0 ? $"there is no account {account}, or it has no mail yet" : null;
    }

    /// <summary>One by one, in order.</summary>
    public IEnumerable<(string Account, IIndexInspector Inspector, MailboxName Name)> Mailboxes() =>
        from account in _accounts
        from name in _only is null ? account.Inspector.Mailboxes() : [_only]
        select (account.Account, account.Inspector, name);
}
