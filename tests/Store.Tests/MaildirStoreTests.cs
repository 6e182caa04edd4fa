using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    private TemporaryFolder(string path) => Path = path;

    public TemporaryFolder()
        : this(Directory.CreateTempSubdirectory("mailaccess-store-").FullName)
    {
    }

    public string Path { get; }

    /// <summary>Where the system has a place in memory for files: no sync is waited for.</summary>
    public static TemporaryFolder InMemory() => Directory.Exists(Memory)
        ? new TemporaryFolder(Directory.CreateDirectory($"{Memory}/mailaccess-store-{Guid.NewGuid():N}").FullName)
        : new TemporaryFolder();

    public MaildirStoreOptions Options(StoreLimits? limits = null) => new()
    {
        DataFolder = System.IO.Path.Combine(Path, "data"),
        RootOf = name => System.IO.Path.Combine(Path, "mail", name),
        HostName = "host.test",
        Limits = limits ?? new StoreLimits { JournalSegmentOctets = 1 << 20, WorkerThreads = 4 },
    };

    /// <summary>What lies in the other folder, times included.</summary>
    public void CopyFrom(TemporaryFolder other)
    {
        foreach (string folder in Directory.EnumerateDirectories(other.Path, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path + folder[other.Path.Length..]);
        }
        foreach (string file in Directory.EnumerateFiles(other.Path, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path + file[other.Path.Length..]);
        }
    }

    public string Root(string account) => System.IO.Path.Combine(Path, "mail", account);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

public sealed class MaildirMailboxTests : MailboxContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}

public sealed class MaildirMailStoreTests : MailStoreContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}
