using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mailaccess-store-").FullName;

    public MaildirStoreOptions Options(StoreLimits? limits = null) => new()
    {
        DataFolder = System.IO.Path.Combine(Path, "data"),
        RootOf = name => System.IO.Path.Combine(Path, "mail", name),
        HostName = "host.test",
        Limits = limits ?? new StoreLimits { JournalSegmentOctets = 1 << 20, WorkerThreads = 4 },
    };

    public string Root(string account) => System.IO.Path.Combine(Path, "mail", account);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

public sealed class MaildirMailboxTests : MailboxContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

public sealed class MaildirMailStoreTests : MailStoreContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
