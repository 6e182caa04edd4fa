using System.Text;
using MailAccess.Store.Access;
using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Metadata;
using MailAccess.Store.Tests.Contract;
using MailAccess.Store.Tests.Mbox;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using static MailAccess.Store.Tests.Contract.StoreKit;

namespace MailAccess.Store.Tests;

public sealed class MaildirAccessStoreTests : AccessStoreContract
{
    private readonly TemporaryFolder _folder = new();

    protected override string SharesPath => Path.Combine(_folder.Root("#public"), "mailaccess.shares");

    protected override async Task<IMailStore> OpenStoreAsync() => Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override void Clean() => _folder.Dispose();

    [Fact]
    public async Task A_list_that_Dovecot_wrote_counts_as_soon_as_the_owner_looks_there()
    {
        await CreateAsync("Work");
        Must(await Bob.ListAsync(default)); // From here on it is known who shares what.
        await File.WriteAllTextAsync(Path.Combine(_folder.Root("alice"), ".Work", "dovecot-acl"), "user=bob lr\n");
        Assert.Equal(StoreError.NotFound, (await Bob.OpenAsync(Named("Other Users/alice/Work"), default)).Error);
        await using IMailbox mine = Must(await Alice.OpenAsync(Named("Work"), default));
        await using IMailbox his = Must(await Bob.OpenAsync(Named("Other Users/alice/Work"), default));
        Assert.Equal(Rights.Lookup | Rights.Read, Must(await Bob.GetMyRightsAsync(Named("Other Users/alice/Work"), default)));
    }
}

public sealed class MboxAccessStoreTests : AccessStoreContract
{
    private readonly SpoolFolder _folder = new();

    protected override string SharesPath =>
        Directory.GetFiles(Path.Combine(_folder.Path, "data"), "mailaccess.shares", SearchOption.AllDirectories).Single();

    protected override async Task<IMailStore> OpenStoreAsync() => Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override void Clean() => _folder.Dispose();
}

/// <summary>Shared mailboxes and annotations over files: what stays, what goes, and what others may learn.</summary>
public abstract partial class AccessStoreContract : IAsyncLifetime
{
    private IMailStore _files = null!;
    private AccessMailStore _store = null!;

    protected ManualTimeProvider Clock { get; } = new();

    protected abstract string SharesPath { get; }

    private protected IUserAccount Alice { get; private set; } = null!;

    private protected IUserAccount Bob { get; private set; } = null!;

    private static MailboxName Shared(string name) => Named("Other Users/alice/" + name);

    public async ValueTask InitializeAsync() => await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _files.DisposeAsync();
        Clean();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_is_shared_and_annotated_stays_through_a_restart()
    {
        await CreateAsync("Work");
        await ShareAsync("Work", "lrs");
        IMailbox work = Must(await Alice.OpenAsync(Named("Work"), default));
        ModSeq before = work.Snapshot.HighestModSeq;
        Must(await Alice.SetAnnotationsAsync(Named("Work"), [new Annotation("/shared/comment", "ours"u8.ToArray()), new Annotation("/private/comment", "mine"u8.ToArray())], default));
        Assert.True(work.Snapshot.HighestModSeq > before); // RFC 7162 §3.2.
        await work.DisposeAsync();
        await ReopenAsync();

        Assert.Contains("Other Users/alice/Work", await ListAsync(Bob));
        Assert.Equal("lrs", Must(await Bob.GetMyRightsAsync(Shared("Work"), default)).ToLetters());
        Assert.Equal(["/shared/comment ours"], await AnnotationsAsync(Bob, Shared("Work")));
        Assert.Equal(["/private/comment mine", "/shared/comment ours"], await AnnotationsAsync(Alice, Named("Work")));
    }

    [Fact]
    public async Task Lists_and_annotations_go_where_their_mailbox_goes_and_end_with_it()
    {
        await CreateAsync("Work");
        await CreateAsync("Work/Sub");
        await ShareAsync("Work", "lr");
        await ShareAsync("Work/Sub", "lr");
        Must(await Alice.SetAnnotationsAsync(Named("Work"), [new Annotation("/shared/comment", "ours"u8.ToArray())], default));
        Must(await Alice.RenameAsync(Named("Work"), Named("Office"), default));
        await ReopenAsync();

        Assert.Equal(["INBOX", "Other Users", "Other Users/alice", "Other Users/alice/Office", "Other Users/alice/Office/Sub"], await ListAsync(Bob));
        Assert.Equal(["/shared/comment ours"], await AnnotationsAsync(Alice, Named("Office")));
        Assert.Equal(StoreError.NotFound, (await Bob.OpenAsync(Shared("Work"), default)).Error);

        Must(await Alice.DeleteAsync(Named("Office/Sub"), default));
        Must(await Alice.DeleteAsync(Named("Office"), default));
        await CreateAsync("Office");
        Assert.Equal(["INBOX"], await ListAsync(Bob));
        Assert.Equal(StoreError.NotFound, (await Bob.OpenAsync(Shared("Office"), default)).Error);
        Assert.Empty(await AnnotationsAsync(Alice, Named("Office")));
    }

    [Fact]
    public async Task A_lost_list_of_who_shares_what_is_made_anew_from_all_mailboxes()
    {
        await CreateAsync("Work");
        await ShareAsync("Work", "lr");
        string shares = SharesPath;
        await CloseAsync();
        Assert.Contains("alice\tWork\tbob", await File.ReadAllTextAsync(shares), StringComparison.Ordinal);
        foreach (string content in (string[])["", "mailaccess shared mailboxes 1\nalice\tWo", "nonsense\n"])
        {
            await File.WriteAllTextAsync(shares, content);
            await OpenAsync();
            Assert.Contains("Other Users/alice/Work", await ListAsync(Bob));
            await CloseAsync();
        }
        File.Delete(shares);
        await OpenAsync();
        Assert.Contains("Other Users/alice/Work", await ListAsync(Bob));
    }

    [Fact]
    public async Task Sharing_is_refused_where_it_would_be_forgotten_and_taking_away_is_not()
    {
        await CreateAsync("Work");
        await ShareAsync("Work", "lr");
        string shares = SharesPath;
        File.Delete(shares);
        Directory.CreateDirectory(shares); // Nothing can be put in its place.
        Assert.NotEqual(StoreError.None, (await SetAsync("Work", "carol", "lr")).Error);
        Assert.DoesNotContain(Must(await Alice.GetAccessAsync(Named("Work"), default)), e => e.Identifier == "carol");
        Directory.Delete(shares);
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(StoreError.None, (await SetAsync("Work", "carol", "lr")).Error);
        Must(await Alice.DeleteAccessAsync(Named("Work"), new AccessSubject(SubjectKind.User, "bob"), false, default));
        await ReopenAsync();
        Assert.Equal(["INBOX"], await ListAsync(Bob));
    }

    [Fact]
    public async Task Who_has_no_right_to_look_learns_nothing()
    {
        await CreateAsync("Work");
        await CreateAsync("Work/Secret");
        await CreateAsync("Hidden");
        await ShareAsync("Work", "lrik");
        await using IMailbox work = Must(await Bob.OpenAsync(Shared("Work"), default));
        await using IMailbox inbox = Must(await Bob.OpenAsync(MailboxName.Inbox, default));
        foreach (string path in (string[])["alice/Hidden", "alice/Work/Secret", "alice/Nothing", "nobody/INBOX", "alice", "#public/INBOX", "bob/INBOX"])
        {
            MailboxName name = Named("Other Users/" + path);
            Assert.Equal(StoreError.NotFound, (await Bob.OpenAsync(name, default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.DeleteAsync(name, default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.GetAccessAsync(name, default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.GetMyRightsAsync(name, default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.GetRequiredRightsAsync(name, new AccessSubject(SubjectKind.Anyone, ""), default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.GetAnnotationsAsync(name, default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.SetAnnotationsAsync(name, [new Annotation("/private/comment", null)], default)).Error);
            Assert.Equal(StoreError.NotFound, (await Bob.GetQuotaAsync(name, default)).Error);
            Assert.NotEqual(StoreError.None, (await Bob.RenameAsync(name, Named("Mine"), default)).Error);
        }
        // Alike, whether the name is taken or not; and below a mailbox that he does not see he may create nothing.
        Assert.Equal(StoreError.NoPermission, (await Bob.CreateAsync(Shared("Hidden"), SpecialUse.None, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await Bob.CreateAsync(Shared("Other"), SpecialUse.None, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await Bob.CreateAsync(Shared("Work/Secret"), SpecialUse.None, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await Bob.CreateAsync(Shared("Work/Secret/Sub"), SpecialUse.None, default)).Error);
        Assert.Equal(["INBOX", "Other Users", "Other Users/alice", "Other Users/alice/Work"], await ListAsync(Bob));
        Assert.False(MailboxName.TryParse("Other Users/../alice/Work", out MailboxName? _)
            && (await Bob.OpenAsync(Named("Other Users/../alice/Work"), default)).Error == StoreError.None);
        Assert.NotEqual(StoreError.None, (await _store.OpenAccountAsync("#public", default)).Error);
    }

    [Fact]
    public async Task To_replace_a_message_is_to_delete_it_here_and_to_insert_one_there()
    {
        await CreateAsync("Work");
        await CreateAsync("Drop");
        await ShareAsync("Work", "lrt");
        await ShareAsync("Drop", "li");
        await using IMailbox mine = Must(await Alice.OpenAsync(Named("Work"), default));
        Uid uid = await AppendAsync(_store, mine, Text(1));
        await using IMailbox work = Must(await Bob.OpenAsync(Shared("Work"), default));
        await using IMailbox drop = Must(await Bob.OpenAsync(Shared("Drop"), default));
        await using IMailbox inbox = Must(await Bob.OpenAsync(MailboxName.Inbox, default));
        await using IStagedMessage staged = Must(await _store.StageAsync(0, default));
        Must(await staged.WriteAsync(Encoding.UTF8.GetBytes(Text(2)), default));
        Must(await staged.CompleteAsync(default));
        var message = new MessageToAppend { Message = staged, Flags = SystemFlags.Seen | SystemFlags.Flagged, Keywords = ["mine"] };

        Assert.Equal(StoreError.NoPermission, (await work.ReplaceAsync(uid, message, inbox, default)).Error);
        await ShareAsync("Work", "lrte");
        Assert.Equal(StoreError.NoPermission, (await work.ReplaceAsync(uid, message, work, default)).Error);
        Assert.Equal(1, work.Snapshot.Count);
        Must(await work.ReplaceAsync(uid, message, drop, default));
        Assert.Equal(0, work.Snapshot.Count);
        Assert.Equal((SystemFlags.None, 0ul), (drop.Snapshot[0].Flags, drop.Snapshot[0].Keywords)); // Without right they are left out.
        await ShareAsync("Work", "lri");
        Uid next = await AppendAsync(_store, mine, Text(1));
        Assert.Equal(StoreError.NoPermission, (await work.ReplaceAsync(next, message, work, default)).Error);
        await ShareAsync("Work", "lrites");
        Must(await work.ReplaceAsync(next, message, work, default));
        Assert.Equal(SystemFlags.Seen, work.Snapshot[0].Flags);
    }

    [Fact]
    public async Task What_is_created_below_a_shared_mailbox_is_shared_alike()
    {
        await CreateAsync("Work");
        await ShareAsync("Work", "lrik");
        Must(await Bob.CreateAsync(Shared("Work/New"), SpecialUse.None, default));
        await ReopenAsync();
        Assert.Equal("lrik", Must(await Bob.GetMyRightsAsync(Shared("Work/New"), default)).ToLetters());
        Assert.Contains("Work/New", await ListAsync(Alice));
    }

    [Fact]
    public async Task Each_right_lets_do_what_it_says_and_no_more()
    {
        await CreateAsync("Work");
        await using IMailbox mine = Must(await Alice.OpenAsync(Named("Work"), default));
        Uid uid = await AppendAsync(_store, mine, Text(1));
        await ShareAsync("Work", "lr");
        await using IMailbox his = Must(await Bob.OpenAsync(Shared("Work"), default));
        await using IMailbox inbox = Must(await Bob.OpenAsync(MailboxName.Inbox, default));
        Uid own = await AppendAsync(_store, inbox, Text(2), SystemFlags.Seen | SystemFlags.Flagged | SystemFlags.Deleted, ["odd"]);
        UidSet one = UidSet.Of(uid);

        Assert.Equal(Text(1), await ReadAsync(his, uid));
        Assert.Equal(StoreError.NoPermission, (await his.ChangeFlagsAsync(one, FlagOperation.Add, SystemFlags.Seen, [], null, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await his.ExpungeAsync(one, ExpungeScope.AllNamed, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await his.MoveAsync(one, inbox, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await inbox.CopyAsync(UidSet.Of(own), his, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await TryAppendAsync(_store, his, Text(3))).Error);
        Must(await his.CopyAsync(one, inbox, default));

        await ShareAsync("Work", "lrsi");
        // RFC 4314 §4: the copy comes without the flags for which there is no right, and a change is made as far as it may be.
        CopyOutcome copied = Must(await inbox.CopyAsync(UidSet.Of(own), his, default));
        MessageRecord copy = his.Snapshot[his.Snapshot.IndexOf(copied.Destinations[0])];
        Assert.Equal((SystemFlags.Seen, 0UL), (copy.Flags, copy.Keywords));
        Must(await his.ChangeFlagsAsync(one, FlagOperation.Replace, SystemFlags.Seen | SystemFlags.Flagged, ["odd"], null, default));
        Assert.Equal(SystemFlags.Seen, his.Snapshot[his.Snapshot.IndexOf(uid)].Flags);

        await ShareAsync("Work", "li");
        Assert.True(his.IsGone); // Selected, and may be read no more.
        Assert.Equal(StoreError.NoPermission, (await his.OpenMessageAsync(uid, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await his.SearchTextAsync(UidSet.All, [], default)).Error);
        Assert.Equal(StoreError.NoPermission, (await his.VanishedSinceAsync(default, null, default)).Error);
        Assert.Equal(StoreError.NoPermission, (await his.GetNamesAsync(default)).Error);
        Assert.Equal(StoreError.NoPermission, (await his.GetSummaryAsync(uid, default)).Error);
        await using IMailbox dropBox = Must(await Bob.OpenAsync(Shared("Work"), default));
        Must(await TryAppendAsync(_store, dropBox, Text(4)));
        Assert.Equal(StoreError.NoPermission, (await dropBox.RefreshAsync(default)).Error);
    }

    protected abstract Task<IMailStore> OpenStoreAsync();

    protected abstract void Clean();

    private protected async Task CreateAsync(string name) => Must(await Alice.CreateAsync(Named(name), SpecialUse.None, default));

    private async Task ShareAsync(string name, string rights) => Must(await SetAsync(name, "bob", rights));

    private async Task<StoreResult<Done>> SetAsync(string name, string user, string letters)
    {
        Assert.True(RightsText.TryParse(letters, out Rights rights));
        return await Alice.SetAccessAsync(Named(name), new AccessSubject(SubjectKind.User, user), false, AccessChange.Replace, rights, default);
    }

    private static async Task<string[]> ListAsync(IUserAccount account) => [.. Must(await account.ListAsync(default)).Select(l => l.Name.Value)];

    private static async Task<string[]> AnnotationsAsync(IUserAccount account, MailboxName name) =>
        [.. Must(await account.GetAnnotationsAsync(name, default)).Select(a => $"{a.Entry} {Encoding.UTF8.GetString(a.Value!.Value.Span)}")];

    private async Task OpenAsync()
    {
        _files = await OpenStoreAsync();
        _store = new AccessMailStore(
            _files, new SharingOptions { SystemAccount = "#public", HasPublic = true, Accounts = _ => new(["alice", "bob"]) }, new MetadataOptions(), Clock);
        Alice = (IUserAccount)Must(await _store.OpenAccountAsync("alice", default));
        Bob = (IUserAccount)Must(await _store.OpenAccountAsync("bob", default));
    }

    private async Task CloseAsync()
    {
        await _store.DisposeAsync();
        await _files.DisposeAsync();
    }

    private async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }
}
