using MailAccess.Store.Mbox;
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

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

public sealed class MboxSearchTests : SearchContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

public sealed class MboxMailStoreTests : MailStoreContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
