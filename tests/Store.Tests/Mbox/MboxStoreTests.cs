using MailAccess.Message.Searching;
using MailAccess.Store.Mbox;
using MailAccess.Store.Model;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>A folder with spools and folder trees that goes with the test.</summary>
public sealed class SpoolFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mailaccess-mbox-").FullName;

    public MboxStoreOptions Options(StoreLimits? limits = null, MboxLimits? mboxLimits = null)
    {
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "spool"));
        return new MboxStoreOptions
        {
            DataFolder = System.IO.Path.Combine(Path, "data"),
            InboxOf = Inbox,
            FolderRootOf = name => System.IO.Path.Combine(Path, "mail", name),
            HostName = "host.test",
            Limits = limits ?? new StoreLimits { WorkerThreads = 4 },
            MboxLimits = mboxLimits ?? new MboxLimits(),
        };
    }

    public string Inbox(string account) => System.IO.Path.Combine(Path, "spool", account);

    public string Box(string account, string name) => System.IO.Path.Combine(Path, "mail", account, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

public sealed class MboxMailboxTests : MailboxContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}

public sealed class MboxSearchTests : SearchContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    [Fact]
    public async Task Housekeeping_makes_the_filter_and_a_search_reads_only_what_may_have_the_text()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 200);
        MailboxModel model = ((MailboxHandle)mailbox).Model;
        Assert.True(model.WantsSearchFilter);
        await ((MboxStore)Store).HousekeepAsync();
        Assert.False(model.WantsSearchFilter);
        Assert.Equal(200, model.SearchFilter!.Extent.Messages);
        List<int> remaining = model.SearchFilter.Filter(mailbox.Snapshot, [.. Enumerable.Range(0, 200)], [TextTerm.Body("body 177")]);
        Assert.Contains(176, remaining);
        Assert.InRange(remaining.Count, 1, 100);
        Assert.Equal(["177"], await SearchAsync(mailbox, UidSet.All, TextTerm.Body("body 177")));
    }

    [Fact]
    public async Task What_another_program_changes_while_we_search_is_found_where_it_is_now()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 100);
        string spool = await File.ReadAllTextAsync(_folder.Inbox("alice"), None);
        int second = spool.IndexOf("\nFrom ", StringComparison.Ordinal) + 1;
        await File.WriteAllTextAsync(_folder.Inbox("alice"), spool[second..], None); // The first is gone, all others moved.
        Assert.Equal(["2:100"], await SearchAsync(mailbox, UidSet.All, TextTerm.Body("body")));
    }

    protected override IDisposable Folder => _folder;
}

public sealed class MboxMailStoreTests : MailStoreContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}
