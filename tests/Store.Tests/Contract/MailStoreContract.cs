namespace MailAccess.Store.Tests.Contract;

/// <summary>What every store promises about accounts and the names of mailboxes.</summary>
public abstract class MailStoreContract : StoreFixture
{
    private async Task<string[]> NamesAsync() =>
        [.. Must(await Account.ListAsync(None)).Select(l => l.IsSelectable ? l.Name.Value : $"({l.Name})")];

    private async Task<MailboxListing> ListingAsync(string name) =>
        Must(await Account.ListAsync(None)).Single(l => l.Name == Named(name));

    [Fact]
    public async Task A_new_account_has_an_inbox()
    {
        Assert.Equal(["INBOX"], await NamesAsync());
        await using IMailbox mailbox = await OpenAsync("inbox");
        Assert.Equal(0, mailbox.Snapshot.Count);
        Assert.True(mailbox.Name.IsInbox);
    }

    [Fact]
    public async Task Accounts_share_nothing()
    {
        await CreateAsync("Mine");
        await using IMailAccount bob = Must(await Store.OpenAccountAsync("bob", None));
        Assert.Equal("INBOX", Assert.Single(Must(await bob.ListAsync(None))).Name.Value);
    }

    [Fact]
    public async Task What_is_missing_above_a_new_mailbox_is_created_with_it()
    {
        await CreateAsync("a/b/c");
        Assert.Equal(["INBOX", "a", "a/b", "a/b/c"], await NamesAsync());
        Assert.True((await ListingAsync("a/b")).HasChildren);
        Assert.False((await ListingAsync("a/b/c")).HasChildren);
        Assert.Equal(StoreError.AlreadyExists, (await Account.CreateAsync(Named("a/b"), SpecialUse.None, None)).Error);
        Assert.Equal(StoreError.AlreadyExists, (await Account.CreateAsync(Named("Inbox"), SpecialUse.None, None)).Error);
    }

    [Fact]
    public async Task What_becomes_of_mailboxes_is_told_to_who_watches_the_account()
    {
        List<string> told = [];
        IDisposable watch = Account.Watch(c => told.Add(c switch
        {
            AccountChange.Created created => $"{(created.IsImplied ? "(+)" : "+")}{created.Name}",
            AccountChange.Deleted deleted => $"-{deleted.Name}",
            AccountChange.Renamed renamed => $"{renamed.From}>{renamed.To}",
            AccountChange.SubscriptionChanged subscription => $"~{subscription.Name}",
            _ => "?",
        }));
        Must(await Account.CreateAsync(Named("a/b"), SpecialUse.None, None));
        Must(await Account.RenameAsync(Named("a"), Named("x/y"), None));
        Must(await Account.SetSubscribedAsync(Named("x"), true, None));
        Must(await Account.SetSubscribedAsync(Named("x"), true, None));
        Must(await Account.DeleteAsync(Named("x/y/b"), None));
        Must(await Account.RenameAsync(Named("INBOX"), Named("old/mail"), None));
        Assert.NotEqual(StoreError.None, (await Account.CreateAsync(Named("x"), SpecialUse.None, None)).Error);
        Assert.NotEqual(StoreError.None, (await Account.DeleteAsync(Named("nowhere"), None)).Error);
        Assert.NotEqual(StoreError.None, (await Account.RenameAsync(Named("nowhere"), Named("there"), None)).Error);
        Assert.Equal(["(+)a", "+a/b", "(+)x", "a>x/y", "~x", "-x/y/b", "(+)old", "INBOX>old/mail"], told);
        watch.Dispose();
        Must(await Account.DeleteAsync(Named("x/y"), None));
        Assert.Equal(8, told.Count);
    }

    [Fact]
    public async Task A_mailbox_may_lie_below_the_inbox()
    {
        await using IMailbox mailbox = await CreateAsync("INBOX/Lists");
        await AppendAsync(mailbox, Text(1));
        Assert.Equal(["INBOX", "INBOX/Lists"], await NamesAsync());
        Assert.True((await ListingAsync("INBOX")).HasChildren);
    }

    [Fact]
    public async Task A_mailbox_that_is_not_there_cannot_be_opened()
    {
        Assert.Equal(StoreError.NotFound, (await Account.OpenAsync(Named("nowhere"), None)).Error);
        Assert.Equal(StoreError.NotFound, (await Account.DeleteAsync(Named("nowhere"), None)).Error);
        Assert.Equal(StoreError.NotFound, (await Account.RenameAsync(Named("nowhere"), Named("there"), None)).Error);
    }

    [Fact]
    public async Task A_recreated_mailbox_has_a_higher_uid_validity()
    {
        UidValidity first;
        await using (IMailbox mailbox = await CreateAsync("Box"))
        {
            first = mailbox.Snapshot.UidValidity;
            await AppendAsync(mailbox, Text(1));
            Must(await Account.DeleteAsync(Named("Box"), None));
            Assert.True(mailbox.IsGone);
            Assert.Equal(StoreError.NotFound, (await mailbox.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None)).Error);
            await using IStagedMessage staged = await StageAsync(Text(2));
            Assert.Equal(StoreError.NotFound, (await mailbox.AppendAsync([new MessageToAppend { Message = staged }], None)).Error);
        }
        await using IMailbox again = await CreateAsync("Box");
        Assert.Equal(0, again.Snapshot.Count);
        Assert.True(again.Snapshot.UidValidity.Value > first.Value);
    }

    [Fact]
    public async Task A_deleted_mailbox_with_children_stays_as_a_name()
    {
        await CreateAsync("a/b");
        await using (IMailbox mailbox = await OpenAsync("a"))
        {
            await AppendAsync(mailbox, Text(1));
        }
        Must(await Account.DeleteAsync(Named("a"), None));
        Assert.Equal(["INBOX", "(a)", "a/b"], await NamesAsync());
        Assert.Equal(StoreError.NotPermitted, (await Account.OpenAsync(Named("a"), None)).Error);
        Assert.Equal(StoreError.HasChildren, (await Account.DeleteAsync(Named("a"), None)).Error);
        await using (IMailbox mailbox = await CreateAsync("a"))
        {
            Assert.Equal(0, mailbox.Snapshot.Count);
        }
        Must(await Account.DeleteAsync(Named("a/b"), None));
        Assert.Equal(["INBOX", "a"], await NamesAsync());
    }

    [Fact]
    public async Task The_inbox_cannot_be_deleted() =>
        Assert.Equal(StoreError.NotPermitted, (await Account.DeleteAsync(MailboxName.Inbox, None)).Error);

    [Fact]
    public async Task A_rename_takes_children_messages_and_uids_along()
    {
        await CreateAsync("old/x/y");
        await CreateAsync("older");
        IMailbox before = await OpenAsync("old/x");
        Uid uid = await AppendAsync(before, Text(1), SystemFlags.Flagged, "k");
        UidValidity validity = before.Snapshot.UidValidity;
        Must(await Account.RenameAsync(Named("old"), Named("up/new"), None));
        Assert.True(before.IsGone);
        await before.DisposeAsync();
        Assert.Equal(["INBOX", "older", "up", "up/new", "up/new/x", "up/new/x/y"], await NamesAsync());
        await using IMailbox after = await OpenAsync("up/new/x");
        Assert.Equal(validity, after.Snapshot.UidValidity);
        Assert.Equal(SystemFlags.Flagged, Record(after, uid).Flags);
        Assert.Equal(["k"], KeywordsOf(after, uid));
        Assert.Equal(Text(1), await ReadAsync(after, uid));
        Assert.True(await AppendAsync(after, Text(2)) > uid);
    }

    [Fact]
    public async Task A_rename_to_an_existing_or_lower_name_is_refused()
    {
        await CreateAsync("a/b");
        await CreateAsync("c");
        Assert.Equal(StoreError.AlreadyExists, (await Account.RenameAsync(Named("c"), Named("a/b"), None)).Error);
        Assert.Equal(StoreError.AlreadyExists, (await Account.RenameAsync(Named("c"), Named("inbox"), None)).Error);
        Assert.Equal(StoreError.NotPermitted, (await Account.RenameAsync(Named("a"), Named("a/b/c"), None)).Error);
        Assert.Equal(["INBOX", "a", "a/b", "c"], await NamesAsync());
    }

    [Fact]
    public async Task Renaming_the_inbox_moves_its_messages_and_leaves_it_empty()
    {
        await CreateAsync("INBOX/child");
        await using IMailbox inbox = await OpenAsync("INBOX");
        await AppendAsync(inbox, Text(1), SystemFlags.Seen);
        Uid next = inbox.Snapshot.UidNext;
        Must(await Account.RenameAsync(MailboxName.Inbox, Named("saved/2026"), None));
        Assert.False(inbox.IsGone);
        Assert.Equal(0, inbox.Snapshot.Count);
        Assert.True(inbox.Snapshot.UidNext >= next);
        Assert.Equal(["INBOX", "INBOX/child", "saved", "saved/2026"], await NamesAsync());
        await using IMailbox saved = await OpenAsync("saved/2026");
        Assert.Equal(SystemFlags.Seen, saved.Snapshot[0].Flags);
        Assert.Equal(Text(1), await ReadAsync(saved, saved.Snapshot[0].Uid));
    }

    [Fact]
    public async Task Subscriptions_do_not_need_a_mailbox()
    {
        await CreateAsync("b");
        Must(await Account.SetSubscribedAsync(Named("b"), true, None));
        Must(await Account.SetSubscribedAsync(Named("Ähre/ü.x"), true, None));
        Must(await Account.SetSubscribedAsync(Named("a"), true, None));
        Must(await Account.SetSubscribedAsync(Named("a"), true, None));
        Assert.Equal(["a", "b", "Ähre/ü.x"], Must(await Account.ListSubscriptionsAsync(None)).Select(n => n.Value));
        Assert.True((await ListingAsync("b")).IsSubscribed);
        Must(await Account.DeleteAsync(Named("b"), None));
        Must(await Account.SetSubscribedAsync(Named("a"), false, None));
        Must(await Account.SetSubscribedAsync(Named("never"), false, None));
        Assert.Equal(["b", "Ähre/ü.x"], Must(await Account.ListSubscriptionsAsync(None)).Select(n => n.Value));
    }

    [Fact]
    public async Task Special_use_is_kept_and_goes_along_with_a_rename()
    {
        Must(await Account.CreateAsync(Named("Mail/Sent"), SpecialUse.Sent, None));
        Assert.Equal(SpecialUse.Sent, (await ListingAsync("Mail/Sent")).SpecialUse);
        Assert.Equal(SpecialUse.None, (await ListingAsync("Mail")).SpecialUse);
        Must(await Account.RenameAsync(Named("Mail"), Named("Post"), None));
        Assert.Equal(SpecialUse.Sent, (await ListingAsync("Post/Sent")).SpecialUse);
        Must(await Account.DeleteAsync(Named("Post/Sent"), None));
        await CreateAsync("Post/Sent");
        Assert.Equal(SpecialUse.None, (await ListingAsync("Post/Sent")).SpecialUse);
    }

    [Fact]
    public async Task A_listing_tells_where_new_mail_is()
    {
        await using IMailbox mailbox = await CreateAsync("Box");
        Assert.False((await ListingAsync("Box")).IsMarked);
        await AppendAsync(mailbox, Text(1));
        Assert.True((await ListingAsync("Box")).IsMarked);
        mailbox.ClaimRecent(onlyLook: false);
        Assert.False((await ListingAsync("Box")).IsMarked);
    }

    public static TheoryData<string> HostileNames =>
    [
        "cur", "new", "tmp", "cur/new/tmp", ".hidden", "...", "a.b", "a..b", "a.b/c.d", "~", "~root", "~/x", "-rf", "a b", " lead", "trail ",
        "&", "&-", "&AC4-", "a&b", "Entwürfe", "台北/日本語", "😀", "subscriptions", "maildirfolder", "mailaccess.index", "dovecot-uidlist",
        "\\", "a\\b", "\"quoted\"", "'", "$HOME", "`id`", "a;b", "#news", "INBOX.x", "Inbox2", "INBOX/INBOX", "x:2,S", "a,S=1", "CON", "{1}", "(x)",
    ];

    [Theory]
    [MemberData(nameof(HostileNames))]
    public async Task Any_valid_name_can_be_created_listed_filled_renamed_and_deleted(string name)
    {
        await using (IMailbox mailbox = await CreateAsync(name))
        {
            await AppendAsync(mailbox, Text(1));
        }
        Assert.Contains(Named(name).Value, await NamesAsync());
        Must(await Account.RenameAsync(Named(name), Named("plain"), None));
        Must(await Account.RenameAsync(Named("plain"), Named(name), None));
        await using (IMailbox mailbox = await OpenAsync(name))
        {
            Assert.Equal(Text(1), await ReadAsync(mailbox, mailbox.Snapshot[0].Uid));
        }
        Must(await Account.SetSubscribedAsync(Named(name), true, None));
        Assert.Equal([Named(name)], Must(await Account.ListSubscriptionsAsync(None)));
        Must(await Account.DeleteAsync(Named(name), None));
        Assert.DoesNotContain(Named(name).Value, await NamesAsync());
    }

    [Fact]
    public async Task Names_that_differ_in_case_or_by_an_escape_are_different_mailboxes()
    {
        string[] names = ["a.b", "a/b", "A.B", "a&AC4-b", "a&-b", "a&b", "ab"];
        foreach (string name in names)
        {
            await using IMailbox mailbox = await CreateAsync(name);
            await AppendAsync(mailbox, $"Subject: {name}\r\n\r\n");
        }
        foreach (string name in names)
        {
            await using IMailbox mailbox = await OpenAsync(name);
            Assert.Equal($"Subject: {name}\r\n\r\n", await ReadAsync(mailbox, Record(mailbox, mailbox.Snapshot[0].Uid).Uid));
        }
    }
}
