using System.Globalization;
using MailAccess.Auth;
using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Pop3.Tests;

/// <summary>A POP3 server on a store in memory, with alice and carol; the directives of this project's transcripts.</summary>
internal sealed class ServerFixture : IAccountDirectory, ILogger, IDisposable
{
    private readonly List<string> _log = [];
    private readonly Pop3Limits _limits;
    private Authenticator _authenticator;
    private Pop3Options _options;
    private bool _accountsFail;

    public ServerFixture(Pop3Limits? limits = null, Pop3Options? options = null)
    {
        Store = new FaultyStore(new MemoryMailStore(Clock, firstUidValidity: 7));
        _limits = limits ?? new Pop3Limits();
        _authenticator = new Authenticator(this, new AuthOptions { Mechanisms = SaslMechanisms.All, Limits = AuthLimits.WithoutDelays }, Clock, this);
        _options = options ?? new Pop3Options();
        Factory = CreateFactory();
    }

    public ManualTimeProvider Clock { get; } = new();

    public FaultyStore Store { get; }

    public Pop3SessionFactory Factory { get; private set; }

    public LogLevel HighestLogged { get; private set; }

    public string Logged => string.Join('\n', _log);

    public async Task PlayAsync(Transcript transcript, int octetsPerRead)
    {
        await using TranscriptRunner runner = new(Clock, c => Factory.RunAsync(c)) { OctetsPerRead = octetsPerRead };
        runner.Directives["message"] = text => AppendAsync("alice", TranscriptText.Unescape(text));
        runner.Directives["folder"] = text => CreateFolderAsync(text.Split(' ', 2));
        runner.Directives["noselect"] = RemoveFolderAsync;
        runner.Directives["inbox"] = CheckInboxAsync;
        runner.Directives["options"] = words => Do(() =>
        {
            _options = OptionsOf(words.Split(' '));
            Factory = CreateFactory();
        });
        runner.Directives["store-fails"] = operation => Do(() => Store.Failing.Add(operation));
        runner.Directives["read-only"] = _ => Do(() => Store.Failing.Add("right"));
        runner.Directives["accounts-fail"] = _ => Do(() => _accountsFail = true);
        runner.Directives["failures-max"] = number => Do(() => Use(new Authenticator(this, ThrottledAfter(int.Parse(number, CultureInfo.InvariantCulture)), Clock, this)));
        runner.Directives["mechanisms"] = names => Do(() => Use(RealAuthenticator.Create(names, Clock, this)));
        await runner.RunAsync(transcript);
    }

    public async Task AppendAsync(string account, ReadOnlyMemory<byte> octets) => await AppendAsync(await OpenInboxAsync(account), octets);

    private async Task AppendAsync(IMailbox opened, ReadOnlyMemory<byte> octets)
    {
        await using IMailbox mailbox = opened;
        Assert.True((await Store.StageAsync(0, default)).TryGet(out IStagedMessage? staged));
        await using (staged)
        {
            await staged.WriteAsync(octets, default);
            await staged.CompleteAsync(default);
            Assert.Equal(StoreError.None, (await mailbox.AppendAsync([new MessageToAppend { Message = staged }], default)).Error);
        }
    }

    public async Task<IMailbox> OpenInboxAsync(string account)
    {
        Assert.True((await Store.OpenAccountAsync(account, default)).TryGet(out IMailAccount? opened));
        Assert.True((await opened.OpenAsync(MailboxName.Inbox, default)).TryGet(out IMailbox? inbox));
        return inbox;
    }

    public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
    {
        if (_accountsFail)
        {
            throw new IOException("accounts are away");
        }
        string? password = loginName switch { "alice" or "bob" or "bob+exact" => "demo", "carol" => " two words ", _ => null };
        return new(password is null ? null : new StoredAccount(new Account { Name = loginName, Addresses = [] }, new StoredCredential("PLAIN", password)));
    }

    public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) => new((Account?)null);

    public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) => new([]);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_log)
        {
            HighestLogged = logLevel > HighestLogged ? logLevel : HighestLogged;
            _log.Add(formatter(state, exception) + exception);
        }
    }

    public void Dispose() => _authenticator.Dispose();

    /// <summary><c>@failures-max 1</c>: after so many of an address nothing of it is checked; before that nothing waits.</summary>
    private static AuthOptions ThrottledAfter(int failures) => new()
    {
        Mechanisms = SaslMechanisms.All,
        Limits = new AuthLimits
        {
            FailureFloor = TimeSpan.Zero,
            AddressLane = new AuthLimits().AddressLane with { FreeFailures = failures, RefuseAt = failures },
        },
    };

    /// <summary><c>@inbox 2 messages 1 seen</c>, of alice.</summary>
    private async Task CheckInboxAsync(string text)
    {
        await using IMailbox inbox = await OpenInboxAsync("alice");
        MailboxSnapshot snapshot = inbox.Snapshot;
        Assert.Equal(text, string.Create(CultureInfo.InvariantCulture, $"{snapshot.Count} messages {snapshot.Count - snapshot.UnseenCount} seen"));
    }

    /// <summary><c>@folder Sent_Mail Subject: x\r\n</c> (_ for a blank): makes a mailbox of alice, with a message if there is text for one.</summary>
    private async Task CreateFolderAsync(string[] words)
    {
        Assert.True((await Store.OpenAccountAsync("alice", default)).TryGet(out IMailAccount? account));
        Assert.True(MailboxName.TryParse(words[0].Replace('_', ' '), out MailboxName? name));
        await account.CreateAsync(name, SpecialUse.None, default); // Or it is there.
        if (words.Length > 1)
        {
            Assert.True((await account.OpenAsync(name, default)).TryGet(out IMailbox? mailbox));
            await AppendAsync(mailbox, TranscriptText.Unescape(words[1]));
        }
    }

    /// <summary><c>@noselect Lists</c>: of a mailbox that has others below it the name is left.</summary>
    private async Task RemoveFolderAsync(string name)
    {
        Assert.True((await Store.OpenAccountAsync("alice", default)).TryGet(out IMailAccount? account));
        Assert.True(MailboxName.TryParse(name, out MailboxName? parsed));
        Assert.Equal(StoreError.None, (await account.DeleteAsync(parsed, default)).Error);
    }

    /// <summary><c>@options folders=+ deleted=$POP3Deleted delay=60 expire=30 refuse-utf8 apop</c>, before anybody connects.</summary>
    private static Pop3Options OptionsOf(string[] words)
    {
        string? Value(string name) => words.FirstOrDefault(w => w.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
        return new Pop3Options
        {
            DeletedKeyword = Value("deleted"),
            LoginDelay = TimeSpan.FromSeconds(int.Parse(Value("delay") ?? "0", CultureInfo.InvariantCulture)),
            ExpireDays = Value("expire") is { } days ? int.Parse(days, CultureInfo.InvariantCulture) : null,
            FolderDelimiter = Value("folders")?[0],
            RefusesUtf8Headers = words.Contains("refuse-utf8"),
            OffersApop = words.Contains("apop"),
        };
    }

    /// <summary>Before anybody connects.</summary>
    private void Use(Authenticator authenticator)
    {
        _authenticator.Dispose();
        _authenticator = authenticator;
        Factory = CreateFactory();
    }

    private Pop3SessionFactory CreateFactory() => new(_authenticator, Store, _options, _limits, Clock, this);

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
