using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.Directories;
using MailAccess.Auth.Tests.Kit;

namespace MailAccess.Auth.Tests.AppPasswords;

/// <summary>An authenticator with app passwords in a file, and the account alice with the main password "main".</summary>
internal sealed class AppPasswordBench : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-app-");

    public AppPasswordBench(MainPasswordRule rule = MainPasswordRule.Allowed, AuthOptions? options = null)
    {
        Bench = new LoginBench(options, appPasswords: (clock, log) => Desk = new AppPasswordDesk(FilePath, rule, new AuthLimits(), clock, log));
        Bench.Directory.Set("alice", "{PLAIN}main");
    }

    public LoginBench Bench { get; }

    public AppPasswordDesk Desk { get; private set; } = null!;

    public string FilePath => Path.Combine(_folder.FullName, "app-passwords");

    public AppPasswordEditor Editor => EditorThat(null);

    public AppPasswordEditor EditorThat(Action<FileEditStep>? reached) =>
        new(FilePath, new AuthLimits { EditorLockTimeout = TimeSpan.FromDays(1) }, Bench.Clock, reached);

    public async Task<string> AddAsync(string name = "phone", string[]? protocols = null, TimeSpan? life = null)
    {
        NewAppPassword made = await Editor.AddAsync("alice", name, protocols ?? [], life is { } time ? Bench.Clock.GetUtcNow() + time : null, default);
        Assert.Null(made.Problem);
        Bench.Clock.Advance(new AuthLimits().ReloadInterval);
        return made.Password!;
    }

    public async Task<bool> IsTakenAsync(string password, string protocol = "imap") =>
        (await Bench.LoginAsync("alice", password, LoginBench.OverTls with { Protocol = protocol })).Account is not null;

    public async Task<bool> IsTakenByScramAsync(string password)
    {
        using ISaslExchange exchange = Bench.Begin(SaslMechanisms.ScramSha256);
        ScramClient client = new(System.Security.Cryptography.HashAlgorithmName.SHA256, "alice", password);
        SaslStep step = await LoginBench.SayAsync(exchange, client.First("abc"));
        step = await LoginBench.SayAsync(exchange, client.Final(LoginBench.Text(step)));
        return step.Challenge is not null;
    }

    public async ValueTask DisposeAsync()
    {
        Bench.Dispose();
        await Desk.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
