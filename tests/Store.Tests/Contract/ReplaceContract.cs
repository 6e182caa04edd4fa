namespace MailAccess.Store.Tests.Contract;

/// <summary>What every format promises of a message that takes another's place. RFC 8508 §3.4.</summary>
public abstract class ReplaceContract : StoreFixture
{
    private async Task<StoreResult<AppendOutcome>> TryReplaceAsync(
        IMailbox mailbox, Uid replaced, string text, IMailbox? destination = null, SystemFlags flags = SystemFlags.None, params string[] keywords)
    {
        await using IStagedMessage staged = await StageAsync(text);
        return await mailbox.ReplaceAsync(
            replaced, new MessageToAppend { Message = staged, Flags = flags, Keywords = keywords }, destination ?? mailbox, None);
    }

    [Fact]
    public async Task The_new_message_comes_and_the_old_one_goes_in_one_commit()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        await FlagAsync(mailbox, UidSet.Of(uids[1]), FlagOperation.Add, SystemFlags.Flagged, "old");
        MailboxSnapshot before = mailbox.Snapshot;
        List<int> counts = [];
        using IDisposable subscription = mailbox.Subscribe(() => counts.Add(mailbox.Snapshot.Count));
        AppendOutcome outcome = Must(await TryReplaceAsync(mailbox, uids[1], Text(9), flags: SystemFlags.Draft, keywords: "new"));
        Assert.Equal([3], counts);
        Uid arrived = Assert.Single(outcome.Uids);
        Assert.Equal(mailbox.Snapshot.UidValidity, outcome.UidValidity);
        Assert.Equal([uids[0].Value, uids[2].Value, arrived.Value], Uids(mailbox));
        Assert.Equal(Text(9), await ReadAsync(mailbox, arrived));
        Assert.Equal(SystemFlags.Draft, Record(mailbox, arrived).Flags); // Nothing is inherited.
        Assert.Equal(["new"], KeywordsOf(mailbox, arrived));
        Assert.Equal(StoreError.Expunged, (await mailbox.OpenMessageAsync(uids[1], None)).Error);
        Assert.Equal(uids[1].Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Must(await mailbox.VanishedSinceAsync(before.HighestModSeq, null, None)).ToString());
        MailboxDifference difference = MailboxDifference.Between(before, mailbox.Snapshot);
        Assert.Equal([1], difference.Expunged.ToArray());
        Assert.Equal(1, difference.AppendedCount);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(3, mailbox.Snapshot.Count);
        Assert.Equal(mailbox.Snapshot.Octets, Enumerable.Range(0, 3).Sum(i => mailbox.Snapshot[i].Octets));
    }

    [Fact]
    public async Task The_only_message_of_a_mailbox_can_be_replaced_again_and_again()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid uid = await AppendAsync(mailbox, Text(1));
        for (int i = 2; i <= 30; i++)
        {
            Uid next = Must(await TryReplaceAsync(mailbox, uid, Text(i))).Uids[0];
            Assert.True(next > uid);
            uid = next;
            Assert.Equal([uid.Value], Uids(mailbox));
        }
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(Text(30), await ReadAsync(mailbox, uid));
    }

    [Fact]
    public async Task The_new_message_may_come_to_another_mailbox()
    {
        await using IMailbox drafts = await CreateAsync("Drafts");
        await using IMailbox sent = await CreateAsync("Sent");
        IReadOnlyList<Uid> uids = await FillAsync(drafts, 2);
        await FillAsync(sent, 1);
        AppendOutcome outcome = Must(await TryReplaceAsync(drafts, uids[0], Text(7), sent, SystemFlags.Seen));
        Assert.Equal(sent.Snapshot.UidValidity, outcome.UidValidity);
        Assert.Equal([uids[1].Value], Uids(drafts));
        Assert.Equal(2, sent.Snapshot.Count);
        Assert.Equal(Text(7), await ReadAsync(sent, outcome.Uids[0]));
        Must(await drafts.RefreshAsync(None));
        Must(await sent.RefreshAsync(None));
        Assert.Equal((1, 2), (drafts.Snapshot.Count, sent.Snapshot.Count));
    }

    [Fact]
    public async Task Where_the_old_message_is_not_there_nothing_comes()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        MailboxSnapshot before = mailbox.Snapshot;
        Assert.Equal(StoreError.Expunged, (await TryReplaceAsync(mailbox, uids[0], Text(3))).Error);
        Assert.Equal(StoreError.Expunged, (await TryReplaceAsync(mailbox, new Uid(4_000_000_000), Text(3), other)).Error);
        Assert.Same(before, mailbox.Snapshot);
        Assert.Equal(0, other.Snapshot.Count);
        Must(await other.RefreshAsync(None));
        Assert.Equal(0, other.Snapshot.Count);
    }

    [Fact]
    public async Task What_cannot_come_leaves_the_old_message_where_it_is()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IMailbox gone = await CreateAsync("Gone");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 1);
        string[] tooMany = [.. Enumerable.Range(0, KeywordTable.KeywordsMax + 1).Select(i => $"k{i}")];
        Assert.Equal(StoreError.LimitReached, (await TryReplaceAsync(mailbox, uids[0], Text(3), keywords: tooMany)).Error);
        Must(await Account.DeleteAsync(Named("Gone"), None));
        Assert.Equal(StoreError.NotFound, (await TryReplaceAsync(mailbox, uids[0], Text(3), gone)).Error);
        Assert.Equal(StoreError.NotFound, (await TryReplaceAsync(gone, uids[0], Text(3), mailbox)).Error);
        await gone.DisposeAsync();
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([uids[0].Value], Uids(mailbox));
        Assert.Equal(Text(1), await ReadAsync(mailbox, uids[0]));
    }

    [Fact]
    public async Task Of_many_at_once_one_replaces_the_message()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        StoreError[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            Task.Run(async () => (await TryReplaceAsync(mailbox, uids[0], Text(i + 10), i % 2 == 0 ? mailbox : other)).Error)));
        Assert.Equal(1, results.Count(r => r == StoreError.None));
        Assert.Equal(19, results.Count(r => r == StoreError.Expunged));
        Assert.Equal(2, mailbox.Snapshot.Count + other.Snapshot.Count);
    }

    [Fact]
    public async Task Two_mailboxes_that_replace_into_each_other_do_not_wait_for_ever()
    {
        await using IMailbox one = await CreateAsync("One");
        await using IMailbox two = await CreateAsync("Two");
        IReadOnlyList<Uid> first = await FillAsync(one, 20);
        IReadOnlyList<Uid> second = await FillAsync(two, 20);
        StoreError[] results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () => i % 2 == 0
            ? (await TryReplaceAsync(one, first[i / 2], Text(100 + i), two)).Error : (await TryReplaceAsync(two, second[i / 2], Text(100 + i), one)).Error)));
        Assert.All(results, r => Assert.Equal(StoreError.None, r));
        Assert.Equal((20, 20), (one.Snapshot.Count, two.Snapshot.Count));
    }

    [Fact]
    public async Task A_big_message_replaces_a_small_one_and_the_other_way_round()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        string big = "Subject: big\r\n\r\n" + string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 1500));
        Uid small = await AppendAsync(mailbox, Text(1));
        Uid uid = Must(await TryReplaceAsync(mailbox, small, big)).Uids[0];
        Assert.Equal(big, await ReadAsync(mailbox, uid));
        uid = Must(await TryReplaceAsync(mailbox, uid, Text(2))).Uids[0];
        Assert.Equal(Text(2), await ReadAsync(mailbox, uid));
        Assert.Equal(Text(2).Length, mailbox.Snapshot.Octets);
    }
}
