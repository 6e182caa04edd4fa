using System.Collections.Concurrent;
using MailAccess.Server.Configuration;
using MailAccess.Store;

namespace MailAccess.Server.Hosting;

/// <summary>
/// Gives an account that has nothing but its INBOX the folders that mail programs look for, marked for their use (RFC 6154).
/// </summary>
/// <remarks>An account with any other mailbox is left as it is: what somebody deleted does not come back.</remarks>
internal sealed class SpecialFolders(IMailStore store, bool enabled) : IMailStore
{
    private static readonly (string Name, SpecialUse Use)[] Folders =
    [
        ("Drafts", SpecialUse.Drafts), ("Sent", SpecialUse.Sent), ("Archive", SpecialUse.Archive), ("Junk", SpecialUse.Junk), ("Trash", SpecialUse.Trash),
    ];

    private readonly ConcurrentDictionary<string, Lazy<Task>> _looked = new(StringComparer.Ordinal);

    public async ValueTask<StoreResult<IMailAccount>> OpenAccountAsync(string accountName, CancellationToken cancellationToken)
    {
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(accountName, cancellationToken);
        if (enabled && accountName != SharingConfiguration.SystemAccount && opened.TryGet(out IMailAccount? account) && !IsDone(accountName))
        {
            await _looked.GetOrAdd(accountName, _ => new Lazy<Task>(() => FillAsync(account))).Value;
        }
        return opened;
    }

    public ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        store.StageAsync(octetsExpected, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private bool IsDone(string accountName) => _looked.TryGetValue(accountName, out Lazy<Task>? task) && task is { IsValueCreated: true, Value.IsCompleted: true };

    private static async Task FillAsync(IMailAccount account)
    {
        StoreResult<IReadOnlyList<MailboxListing>> listed = await account.ListAsync(CancellationToken.None);
        if (!listed.TryGet(out IReadOnlyList<MailboxListing>? mailboxes) || mailboxes.Any(m => !m.Name.IsInbox))
        {
            return;
        }
        foreach ((string name, SpecialUse use) in Folders)
        {
            if (MailboxName.TryParse(name, out MailboxName? mailbox))
            {
                await account.CreateAsync(mailbox, use, CancellationToken.None); // What fails (a full disk) is not needed to read mail.
                await account.SetSubscribedAsync(mailbox, true, CancellationToken.None);
            }
        }
    }
}
