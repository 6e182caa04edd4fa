using System.Globalization;
using System.Text;
using MailAccess.Auth;
using MailAccess.Imap.Urls;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Store.Metadata;
using MailAccess.Store.Memory;
using MailAccess.Store.Quota;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Imap.Tests;

/// <summary>The whole engine over the in-memory store, with the directives that transcripts use.</summary>
internal sealed class ImapHost : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly MemoryMailStore _store;
    private readonly UnavailableMailboxes _unavailable;
    private readonly FixedQuota _quota = new();
    private readonly List<Slowness> _slow = [];
    private ImapSessionFactory? _factory;
    private bool _allowsPlaintext = true;
    private IMailStore? _access;
    private Authenticator? _authenticator;

    public ImapHost(int octetsPerRead)
    {
        _store = new MemoryMailStore(_clock, quota: _quota);
        _unavailable = new UnavailableMailboxes(_store);
        Runner = new TranscriptRunner(_clock, Run) { OctetsPerRead = octetsPerRead };
        Runner.Directives["mailbox"] = FillAsync;
        Runner.Directives["create"] = CreateAsync;
        Runner.Directives["message"] = AppendAsync;
        Runner.Directives["flags"] = ChangeFlagsAsync;
        Runner.Directives["expunge"] = ExpungeAsync;
        Runner.Directives["delete"] = async name => Value(await (await AccountAsync()).DeleteAsync(Name(name), default));
        Runner.Directives["unavailable"] = name =>
        {
            _unavailable.Names.Add(Name(name));
            return Task.CompletedTask;
        };
        Runner.Directives["slow"] = SlowDown;
        Runner.Directives["disable"] = rest => Configure(o => o with { DisabledCapabilities = rest.Split(' ') });
        Runner.Directives["downgrade"] = _ => Configure(o => o with { DowngradesHeaders = true });
        Runner.Directives["limit"] = rest => Configure(o => o with { Limits = SetLimit(o.Limits, rest.Split(' ')) });
        Runner.Directives["quota"] = SetQuotaAsync;
        Runner.Directives["sharing"] = _ => Share(new SharingOptions
        {
            SystemAccount = "#public",
            HasPublic = true,
            PublicAdministrators = ["alice"],
            Accounts = _ => new(["alice", "bob"]),
        });
        Runner.Directives["metadata"] = _ => Share(null);
        Runner.Directives["urls"] = AuthorizeUrlsAsync;
        Runner.Directives["mechanisms"] = names =>
        {
            _authenticator = RealAuthenticator.Create(names, _clock, Log);
            return Task.CompletedTask;
        };
        Runner.Directives["require-tls"] = _ =>
        {
            _allowsPlaintext = false;
            return Task.CompletedTask;
        };
    }

    public TranscriptRunner Runner { get; }

    public ImapOptions Options { get; private set; } = new();

    public LogRecorder Log { get; } = new();

    public IMailStore Store => _store;

    public ManualTimeProvider Clock => _clock;

    public Task<SessionEnd> Run(IConnection connection)
    {
        _factory ??= new ImapSessionFactory(_authenticator ?? (IAuthenticator)new TestAuthenticator(_allowsPlaintext), _access ?? (IMailStore)_unavailable, Options, _clock, Log);
        return _factory.RunAsync(connection);
    }

    public async ValueTask DisposeAsync()
    {
        await Runner.DisposeAsync();
        _authenticator?.Dispose();
        await _store.DisposeAsync();
    }

    /// <summary>A message of the kind that RFC 3501 §8 shows, with its number in it.</summary>
    public static string SampleMessage(int number) => string.Create(CultureInfo.InvariantCulture, $"""
        Date: Mon, 7 Feb 1994 21:52:25 -0800
        From: Fred Foobar <foobar@Blurdybloop.example>
        Subject: afternoon meeting {number}
        To: mooch@owatagu.example
        Message-Id: <B27397-0100000-{number}@Blurdybloop.example>
        X-Odd: number {number}
        MIME-Version: 1.0
        Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

        Hello Joe, do you think we can meet at 3:30 tomorrow?

        """).ReplaceLineEndings("\r\n");

    public async Task AppendAsync(string mailbox, byte[] octets, SystemFlags flags = SystemFlags.None)
    {
        await using IMailbox opened = Value(await (await AccountAsync()).OpenAsync(Name(mailbox), default));
        await using IStagedMessage message = Value(await _store.StageAsync(octets.Length, default));
        Value(await message.WriteAsync(octets, default));
        Value(await message.CompleteAsync(default));
        Value(await opened.AppendAsync([new MessageToAppend { Message = message, Flags = flags }], default));
    }

    /// <summary>Users see each other's mailboxes, as far as lists of access let them; <c>@metadata</c>: only annotations.</summary>
    private Task Share(SharingOptions? sharing)
    {
        Assert.Null(_factory);
        _access = new AccessMailStore(_store, sharing, new MetadataOptions
        {
            ServerAnnotations = new Dictionary<string, string>
            {
                ["/shared/admin"] = "mailto:postmaster@example.test",
                ["/shared/filters/values/unread"] = "UNSEEN UNDELETED",
            },
            Limits = new MetadataLimits { ValueOctetsMax = 1024, EntriesMax = 10 },
        }, _clock);
        return Task.CompletedTask;
    }

    /// <summary><c>@urls example.com</c>: URLs of this server can be authorized; bob's account is a submission server's.</summary>
    private async Task AuthorizeUrlsAsync(string host)
    {
        await Configure(o => o with
        {
            Urls = new UrlOptions
            {
                HostNames = [host, "other-name.example"],
                FindAccount = (name, _) => name == "broken" ? throw new IOException("the account source is gone") : new(TestAuthenticator.Find(name)),
                Submitters = ["bob"],
            },
        });
        if (_access is null)
        {
            await Share(null);
        }
    }

    private static MailboxName Name(string text) =>
        MailboxName.TryParse(text.Trim(), out MailboxName? name) ? name : throw new FormatException($"no mailbox name: {text}");

    private static T Value<T>(StoreResult<T> result) =>
        result.TryGet(out T? value) ? value : throw new InvalidOperationException($"the store said {result.Error}");

    private static ImapLimits SetLimit(ImapLimits limits, string[] words)
    {
        long value = long.Parse(words[1], CultureInfo.InvariantCulture);
        return words[0] switch
        {
            nameof(ImapLimits.DowngradedHeaderOctetsMax) => limits with { DowngradedHeaderOctetsMax = (int)value },
            nameof(ImapLimits.ErrorsMax) => limits with { ErrorsMax = (int)value },
            nameof(ImapLimits.AppendOctetsMax) => limits with { AppendOctetsMax = value },
            nameof(ImapLimits.CatenatePartsMax) => limits with { CatenatePartsMax = (int)value },
            nameof(ImapLimits.DroppedLiteralOctetsMax) => limits with { DroppedLiteralOctetsMax = value },
            nameof(ImapLimits.CommandOctetsMax) => limits with { CommandOctetsMax = (int)value },
            nameof(ImapLimits.LoginFailuresMax) => limits with { LoginFailuresMax = (int)value },
            nameof(ImapLimits.UpdateContextsMax) => limits with { UpdateContextsMax = (int)value },
            nameof(ImapLimits.UpdateMessagesMax) => limits with { UpdateMessagesMax = value },
            nameof(ImapLimits.MessagesPerCommandMax) => limits with { MessagesPerCommandMax = (int)value },
            nameof(ImapLimits.SavesPerCommandMax) => limits with { SavesPerCommandMax = (int)value },
            nameof(ImapLimits.BatchMessagesMin) => limits with { BatchMessagesMin = (int)value },
            nameof(ImapLimits.ListedEntriesMax) => limits with { ListedEntriesMax = (int)value },
            nameof(ImapLimits.SavedRangesMax) => limits with { SavedRangesMax = (int)value },
            nameof(ImapLimits.SearchedMailboxesMax) => limits with { SearchedMailboxesMax = (int)value },
            nameof(ImapLimits.WatchedMailboxesMax) => limits with { WatchedMailboxesMax = (int)value },
            nameof(ImapLimits.WatchedMailboxesInAllMax) => limits with { WatchedMailboxesInAllMax = (int)value },
            nameof(ImapLimits.NotifyNamesMax) => limits with { NotifyNamesMax = (int)value },
            nameof(ImapLimits.NotifyNamesInAllMax) => limits with { NotifyNamesInAllMax = (int)value },
            nameof(ImapLimits.NotifyChangesMax) => limits with { NotifyChangesMax = (int)value },
            nameof(ImapLimits.SeenBatchMessages) => limits with { SeenBatchMessages = (int)value },
            _ => throw new FormatException($"a transcript cannot set {words[0]}"),
        };
    }

    /// <summary><c>@quota 1000 3</c>: octets and messages for the account; <c>@quota 1000 - Box 2</c>: and messages for one mailbox.</summary>
    private Task SetQuotaAsync(string rest)
    {
        string[] words = rest.Split(' ');
        long?[] numbers = [.. words.Select(w => long.TryParse(w, CultureInfo.InvariantCulture, out long number) ? number : (long?)null)];
        _quota.Rules = new QuotaRules
        {
            Account = new QuotaLimit(numbers[0], numbers[1]),
            Mailboxes = words.Length < 4 || !MailboxSelector.TryParse(words[2], out MailboxSelector? selector)
                ? [] : [new MailboxQuotaRule { Mailbox = selector, Own = new QuotaLimit(null, numbers[3]) }],
        };
        return Task.CompletedTask;
    }

    /// <summary>
    /// <c>@slow SearchTextAsync 2</c>: it takes so long that the session, which waits, loses patience twice; <c>@slow GetSummaryAsync 4s</c>: four
    /// seconds pass while it works.
    /// </summary>
    private Task SlowDown(string rest)
    {
        string[] words = rest.Split(' ');
        int number = int.Parse(words[1].TrimEnd('s'), CultureInfo.InvariantCulture);
        _slow.Add(words[1].EndsWith('s')
            ? new(words[0], 0, TimeSpan.FromSeconds(number)) : new(words[0], number, Options.Limits.ProgressInterval));
        _unavailable.Disguise = inner => SlowMailbox.Around(inner, _clock, _slow);
        return Task.CompletedTask;
    }

    private Task Configure(Func<ImapOptions, ImapOptions> change)
    {
        Assert.Null(_factory); // Options are for sessions that connect later.
        Options = change(Options);
        return Task.CompletedTask;
    }

    private async Task<IMailAccount> AccountAsync() => Value(await _store.OpenAccountAsync("alice", default));

    /// <summary><c>@mailbox INBOX 3</c>: the mailbox exists and gets so many sample messages.</summary>
    private async Task FillAsync(string rest)
    {
        string[] words = rest.Split(' ');
        if (words[0] != "INBOX")
        {
            await (await AccountAsync()).CreateAsync(Name(words[0]), SpecialUse.None, default);
        }
        for (int i = 1; i <= int.Parse(words[1], CultureInfo.InvariantCulture); i++)
        {
            await AppendAsync(words[0], Encoding.ASCII.GetBytes(SampleMessage(i)));
        }
    }

    /// <summary><c>@create Sent Sent</c>: a mailbox with a special use.</summary>
    private async Task CreateAsync(string rest)
    {
        string[] words = rest.Split(' ');
        Value(await (await AccountAsync()).CreateAsync(Name(words[0]),
            words.Length > 1 ? Enum.Parse<SpecialUse>(words[1]) : SpecialUse.None, default));
    }

    /// <summary><c>@message INBOX Subject: a\r\n\r\nb</c>: one message, with escapes.</summary>
    private Task AppendAsync(string rest)
    {
        int cut = rest.IndexOf(' ', StringComparison.Ordinal);
        string text = rest[(cut + 1)..].Replace("\\r", "\r", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
        return AppendAsync(rest[..cut], Encoding.UTF8.GetBytes(text));
    }

    /// <summary><c>@flags INBOX 2 Deleted</c>: another program sets flags of the message with this UID.</summary>
    private async Task ChangeFlagsAsync(string rest)
    {
        string[] words = rest.Split(' ');
        await using IMailbox opened = Value(await (await AccountAsync()).OpenAsync(Name(words[0]), default));
        UidSet uids = UidSet.Of(new Uid(uint.Parse(words[1], CultureInfo.InvariantCulture)));
        Value(await opened.ChangeFlagsAsync(uids, FlagOperation.Replace, Enum.Parse<SystemFlags>(words[2]), [], null, default));
    }

    /// <summary><c>@expunge INBOX 2</c>: another program removes the message with this UID.</summary>
    private async Task ExpungeAsync(string rest)
    {
        string[] words = rest.Split(' ');
        await using IMailbox opened = Value(await (await AccountAsync()).OpenAsync(Name(words[0]), default));
        UidSet uids = UidSet.Of(new Uid(uint.Parse(words[1], CultureInfo.InvariantCulture)));
        Value(await opened.ExpungeAsync(uids, ExpungeScope.AllNamed, default));
    }
}

/// <summary>One rule for everybody.</summary>
internal sealed class FixedQuota : IQuotaPolicy
{
    public QuotaRules Rules { get; set; } = QuotaRules.None;

    public ValueTask<QuotaRules> RulesOfAsync(string accountName, CancellationToken cancellationToken) => new(Rules);

    public void Warn(QuotaWarning warning)
    {
    }
}
