using MailAccess.Server.Hosting;
using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Hosting;

public sealed class SpecialFoldersTests
{
    private readonly MemoryMailStore _store = new(new ManualTimeProvider());

    [Fact]
    public async Task A_new_account_gets_the_folders_that_mail_programs_look_for()
    {
        IReadOnlyList<MailboxListing> mailboxes = await ListAsync(new SpecialFolders(_store, enabled: true));
        Assert.Equal(["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"], mailboxes.Select(m => m.Name.Value));
        Assert.Equal(SpecialUse.Sent, mailboxes.Single(m => m.Name.Value == "Sent").SpecialUse);
        Assert.All(mailboxes.Skip(1), m => Assert.True(m.IsSubscribed));
    }

    [Fact]
    public async Task Five_connections_at_once_make_them_once()
    {
        SpecialFolders folders = new(_store, enabled: true);
        IReadOnlyList<MailboxListing>[] seen = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ListAsync(folders)));
        Assert.All(seen, s => Assert.Equal(6, s.Count));
    }

    [Fact]
    public async Task An_account_with_a_folder_of_its_own_is_left_as_it_is()
    {
        (await _store.OpenAccountAsync("ann", CancellationToken.None)).TryGet(out IMailAccount? account);
        Assert.True(MailboxName.TryParse("Mine", out MailboxName? mine));
        await account!.CreateAsync(mine!, SpecialUse.None, CancellationToken.None);
        Assert.Equal(["INBOX", "Mine"], (await ListAsync(new SpecialFolders(_store, enabled: true))).Select(m => m.Name.Value));
    }

    [Fact]
    public async Task Switched_off_it_makes_none() =>
        Assert.Single(await ListAsync(new SpecialFolders(_store, enabled: false)));

    private static async Task<IReadOnlyList<MailboxListing>> ListAsync(SpecialFolders store)
    {
        Assert.True((await store.OpenAccountAsync("ann", CancellationToken.None)).TryGet(out IMailAccount? account));
        Assert.True((await account.ListAsync(CancellationToken.None)).TryGet(out IReadOnlyList<MailboxListing>? mailboxes));
        return mailboxes;
    }
}
