namespace MailAccess.Store.Tests.Contract;

/// <summary>What every mailbox format promises. A format passes by inheriting this class, not by imitating it.</summary>
public abstract class MailboxContract : StoreFixture
{
    [Fact]
    public async Task An_appended_message_is_there_with_its_octets_flags_keywords_and_dates()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IStagedMessage staged = await StageAsync(Text(1));
        var date = new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.FromHours(2));
        AppendOutcome outcome = Must(await mailbox.AppendAsync(
            [new MessageToAppend { Message = staged, Flags = SystemFlags.Seen, Keywords = ["$Forwarded", "work"], InternalDate = date }], None));
        MessageRecord record = Record(mailbox, outcome.Uids[0]);
        Assert.Equal(SystemFlags.Seen, record.Flags);
        Assert.Equal(["$Forwarded", "work"], KeywordsOf(mailbox, record.Uid));
        Assert.Equal(date.ToUnixTimeSeconds(), record.InternalDateSeconds);
        Assert.Equal(Clock.GetUtcNow().ToUnixTimeSeconds(), record.SavedDateSeconds);
        Assert.Equal(Text(1).Length, record.Octets);
        Assert.Equal(Text(1), await ReadAsync(mailbox, record.Uid));
        Assert.Equal(0, mailbox.Snapshot.UnseenCount);
        Assert.Equal(Text(1).Length, mailbox.Snapshot.Octets);
        Assert.True(mailbox.Snapshot.UidNext > record.Uid);
    }

    [Fact]
    public async Task Content_reads_at_any_offset()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid uid = await AppendAsync(mailbox, Text(7));
        await using IMessageContent content = Must(await mailbox.OpenMessageAsync(uid, None));
        byte[] three = new byte[3];
        for (int offset = 0; offset < Text(7).Length - 3; offset++)
        {
            Assert.Equal(3, await content.ReadAsync(offset, three, None));
            Assert.Equal(Text(7).Substring(offset, 3), System.Text.Encoding.ASCII.GetString(three));
        }
        Assert.Equal(0, await content.ReadAsync(Text(7).Length + 5, three, None));
    }

    [Fact]
    public async Task A_big_message_written_in_pieces_comes_back_whole()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        string line = new string('x', 998) + "\r\n";
        await using IStagedMessage staged = Must(await Store.StageAsync(0, None));
        Must(await staged.WriteAsync("Subject: big\r\n\r\n"u8.ToArray(), None));
        for (int i = 0; i < 1500; i++)
        {
            Must(await staged.WriteAsync(System.Text.Encoding.ASCII.GetBytes(line), None));
        }
        Must(await staged.CompleteAsync(None));
        Assert.Equal(16 + 1_500_000, staged.Octets);
        await using IMailbox other = await CreateAsync("Other");
        foreach (IMailbox target in (IMailbox[])[mailbox, other, mailbox]) // One staged message goes to any number of mailboxes.
        {
            AppendOutcome outcome = Must(await target.AppendAsync([new MessageToAppend { Message = staged }], None));
            string text = await ReadAsync(target, outcome.Uids[0]);
            Assert.Equal(1_500_016, text.Length);
            Assert.EndsWith(line, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_staged_message_reads_back_before_it_is_appended()
    {
        await using IStagedMessage staged = await StageAsync(Text(3));
        await using IMessageContent content = Must(await staged.OpenAsync(None));
        byte[] octets = new byte[100];
        int count = await content.ReadAsync(0, octets, None);
        Assert.Equal(Text(3), System.Text.Encoding.ASCII.GetString(octets, 0, count));
    }

    [Fact]
    public async Task A_uid_is_never_given_out_twice()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid first = await AppendAsync(mailbox, Text(1));
        Must(await mailbox.ExpungeAsync(UidSet.Of(first), ExpungeScope.AllNamed, None));
        Uid second = await AppendAsync(mailbox, Text(2));
        Assert.True(second > first);
        Assert.Equal([second.Value], Uids(mailbox));
    }

    [Fact]
    public async Task Several_messages_are_appended_as_one_commit()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        int told = 0;
        using IDisposable subscription = mailbox.Subscribe(() => Interlocked.Increment(ref told));
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 5);
        Assert.Equal(1, told);
        Assert.Equal(uids.Select(u => u.Value), Uids(mailbox));
        Assert.Equal(Text(4), await ReadAsync(mailbox, uids[3]));
    }

    [Fact]
    public async Task An_append_that_fails_for_one_message_leaves_nothing()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IStagedMessage good = await StageAsync(Text(1));
        await using IStagedMessage tooMany = await StageAsync(Text(2));
        MessageToAppend[] messages =
        [
            new() { Message = good, Keywords = ["fine"] },
            new() { Message = tooMany, Keywords = [.. Enumerable.Range(0, KeywordTable.KeywordsMax).Select(i => $"k{i}")] },
        ];
        Assert.Equal(StoreError.LimitReached, (await mailbox.AppendAsync(messages, None)).Error);
        Assert.Equal(0, mailbox.Snapshot.Count);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(0, mailbox.Snapshot.Count);
        Assert.Empty(mailbox.Snapshot.Keywords.Names);
    }

    [Fact]
    public async Task Flags_and_keywords_are_replaced_added_and_removed()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid uid = await AppendAsync(mailbox, Text(1), SystemFlags.Seen, "a");
        await FlagAsync(mailbox, UidSet.Of(uid), FlagOperation.Add, SystemFlags.Flagged, "b", "A");
        Assert.Equal(SystemFlags.Seen | SystemFlags.Flagged, Record(mailbox, uid).Flags);
        Assert.Equal(["a", "b"], KeywordsOf(mailbox, uid));
        await FlagAsync(mailbox, UidSet.Of(uid), FlagOperation.Remove, SystemFlags.Seen, "a", "never-seen");
        Assert.Equal(SystemFlags.Flagged, Record(mailbox, uid).Flags);
        Assert.Equal(["b"], KeywordsOf(mailbox, uid));
        Assert.Equal(["a", "b"], mailbox.Snapshot.Keywords.Names);
        await FlagAsync(mailbox, UidSet.Of(uid), FlagOperation.Replace, SystemFlags.Draft);
        Assert.Equal(SystemFlags.Draft, Record(mailbox, uid).Flags);
        Assert.Empty(KeywordsOf(mailbox, uid));
        Assert.Equal(1, mailbox.Snapshot.UnseenCount);
    }

    [Fact]
    public async Task A_flag_change_that_changes_nothing_is_stored_but_no_news()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        await FlagAsync(mailbox, UidSet.Of(uids[0]), FlagOperation.Add, SystemFlags.Seen);
        MailboxSnapshot before = mailbox.Snapshot;
        FlagsOutcome outcome = await FlagAsync(mailbox, UidSet.Of(uids[0]), FlagOperation.Add, SystemFlags.Seen);
        Assert.Equal(UidSet.Of(uids[0]).ToString(), outcome.Stored.ToString());
        Assert.True(MailboxDifference.Between(before, mailbox.Snapshot).IsEmpty);
        Assert.Equal(before.HighestModSeq, mailbox.Snapshot.HighestModSeq);
    }

    [Fact]
    public async Task Uids_without_a_message_are_skipped()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        UidSet nothing = UidSet.FromUids([new Uid(4_000_000_000)]);
        FlagsOutcome flags = await FlagAsync(mailbox, nothing, FlagOperation.Add, SystemFlags.Seen);
        Assert.True(flags.Stored.IsEmpty && flags.Modified.IsEmpty);
        Assert.True(Must(await mailbox.ExpungeAsync(nothing, ExpungeScope.AllNamed, None)).IsEmpty);
        Assert.Empty(Must(await mailbox.CopyAsync(nothing, other, None)).Destinations);
        Assert.Equal(StoreError.Expunged, (await mailbox.OpenMessageAsync(new Uid(4_000_000_000), None)).Error);
    }

    [Fact]
    public async Task Several_messages_are_opened_in_the_order_asked_for_and_one_that_is_gone_keeps_none_back()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 5);
        mailbox.ClaimRecent(onlyLook: false);
        await FlagAsync(mailbox, UidSet.Of(uids[1]), FlagOperation.Add, SystemFlags.Seen);
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[2]), ExpungeScope.AllNamed, None));
        Uid last = await AppendAsync(mailbox, Text(6));
        List<string> texts = [];
        foreach (StoreResult<IMessageContent> opened in await mailbox.OpenMessagesAsync([uids[4], uids[2], uids[1], last, uids[0]], None))
        {
            texts.Add(opened.TryGet(out IMessageContent? content) ? await ReadAsync(content) : opened.Error.ToString());
            if (content is not null)
            {
                await content.DisposeAsync();
            }
        }
        Assert.Equal([Text(5), nameof(StoreError.Expunged), Text(2), Text(6), Text(1)], texts);
    }

    [Fact]
    public async Task Unchanged_since_leaves_alone_what_changed_later()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        ModSeq before = mailbox.Snapshot.HighestModSeq;
        await FlagAsync(mailbox, UidSet.Of(uids[1]), FlagOperation.Add, SystemFlags.Seen);
        FlagsOutcome outcome = Must(await mailbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.Flagged, [], before, None));
        Assert.Equal(UidSet.FromUids([uids[0], uids[2]]).ToString(), outcome.Stored.ToString());
        Assert.Equal(UidSet.Of(uids[1]).ToString(), outcome.Modified.ToString());
        Assert.Equal(SystemFlags.Seen, Record(mailbox, uids[1]).Flags);
        Assert.Equal(SystemFlags.Flagged, Record(mailbox, uids[2]).Flags);
    }

    [Fact]
    public async Task Mod_sequences_grow_with_every_change()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        ModSeq appended = Record(mailbox, uids[0]).ModSeq;
        await FlagAsync(mailbox, UidSet.Of(uids[0]), FlagOperation.Add, SystemFlags.Seen);
        ModSeq flagged = mailbox.Snapshot.HighestModSeq;
        Assert.True(Record(mailbox, uids[0]).ModSeq > appended);
        Assert.Equal(appended, Record(mailbox, uids[1]).ModSeq);
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        Assert.True(mailbox.Snapshot.HighestModSeq > flagged);
    }

    [Fact]
    public async Task A_message_has_at_most_as_many_keywords_as_the_table_holds()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        string[] all = [.. Enumerable.Range(0, KeywordTable.KeywordsMax).Select(i => $"keyword-{i}")];
        Uid uid = await AppendAsync(mailbox, Text(1), SystemFlags.None, all);
        Assert.Equal(all.Order(StringComparer.Ordinal), KeywordsOf(mailbox, uid));
        StoreResult<FlagsOutcome> refused =
            await mailbox.ChangeFlagsAsync(UidSet.Of(uid), FlagOperation.Add, SystemFlags.Seen, ["one-too-many"], null, None);
        Assert.Equal(StoreError.LimitReached, refused.Error);
        Assert.Equal(SystemFlags.None, Record(mailbox, uid).Flags);
        Must(await mailbox.ChangeFlagsAsync(UidSet.Of(uid), FlagOperation.Add, SystemFlags.Seen, ["KEYWORD-3"], null, None));
    }

    [Fact]
    public async Task Expunge_takes_only_deleted_messages_unless_told_otherwise()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 4);
        await FlagAsync(mailbox, UidSet.FromUids([uids[0], uids[2]]), FlagOperation.Add, SystemFlags.Deleted);
        Assert.Equal(2, mailbox.Snapshot.DeletedCount);
        UidSet first = Must(await mailbox.ExpungeAsync(UidSet.FromUids([uids[0], uids[1]]), ExpungeScope.OnlyDeleted, None));
        Assert.Equal(UidSet.Of(uids[0]).ToString(), first.ToString());
        UidSet second = Must(await mailbox.ExpungeAsync(UidSet.FromUids([uids[1]]), ExpungeScope.AllNamed, None));
        Assert.Equal(UidSet.Of(uids[1]).ToString(), second.ToString());
        Assert.Equal([uids[2].Value, uids[3].Value], Uids(mailbox));
        Assert.Equal(1, mailbox.Snapshot.DeletedCount);
        Assert.Equal(StoreError.Expunged, (await mailbox.OpenMessageAsync(uids[0], None)).Error);
        Assert.Equal(Text(4), await ReadAsync(mailbox, uids[3]));
    }

    [Fact]
    public async Task Copies_keep_flags_keywords_and_internal_date()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        await AppendAsync(other, Text(9), SystemFlags.None, "x", "y"); // Other bits for the same names.
        Uid uid = await AppendAsync(mailbox, Text(1), SystemFlags.Answered | SystemFlags.Seen, "y", "z");
        Clock.Advance(TimeSpan.FromHours(1));
        CopyOutcome copied = Must(await mailbox.CopyAsync(UidSet.Of(uid), other, None));
        Assert.Equal(other.Snapshot.UidValidity, copied.DestinationUidValidity);
        Assert.Equal([uid], copied.Sources);
        MessageRecord copy = Record(other, copied.Destinations[0]);
        Assert.Equal(SystemFlags.Answered | SystemFlags.Seen, copy.Flags);
        Assert.Equal(["y", "z"], KeywordsOf(other, copy.Uid));
        Assert.Equal(Record(mailbox, uid).InternalDateSeconds, copy.InternalDateSeconds);
        Assert.Equal(Clock.GetUtcNow().ToUnixTimeSeconds(), copy.SavedDateSeconds);
        Assert.Equal(Text(1), await ReadAsync(other, copy.Uid));
        Must(await mailbox.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None));
        Assert.Equal(Text(1), await ReadAsync(other, copy.Uid));
    }

    [Fact]
    public async Task A_mailbox_copies_and_moves_to_itself()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        CopyOutcome copied = Must(await mailbox.CopyAsync(UidSet.Of(uids[0]), mailbox, None));
        Assert.Equal(4, mailbox.Snapshot.Count);
        CopyOutcome moved = Must(await mailbox.MoveAsync(UidSet.FromUids([uids[0], uids[1]]), mailbox, None));
        Assert.Equal([uids[2].Value, copied.Destinations[0].Value, moved.Destinations[0].Value, moved.Destinations[1].Value], Uids(mailbox));
        Assert.Equal(Text(1), await ReadAsync(mailbox, moved.Destinations[0]));
        Assert.Equal(Text(2), await ReadAsync(mailbox, moved.Destinations[1]));
    }

    [Fact]
    public async Task A_move_takes_the_messages_from_here_to_there()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        CopyOutcome moved = Must(await mailbox.MoveAsync(UidSet.FromUids([uids[2], uids[0]]), other, None));
        Assert.Equal([uids[0], uids[2]], moved.Sources);
        Assert.Equal([uids[1].Value], Uids(mailbox));
        Assert.Equal(Text(1), await ReadAsync(other, moved.Destinations[0]));
        Assert.Equal(Text(3), await ReadAsync(other, moved.Destinations[1]));
        Must(await mailbox.RefreshAsync(None));
        Must(await other.RefreshAsync(None));
        Assert.Equal(1, mailbox.Snapshot.Count);
        Assert.Equal(2, other.Snapshot.Count);
    }

    [Fact]
    public async Task A_snapshot_never_changes()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        MailboxSnapshot before = mailbox.Snapshot;
        await FlagAsync(mailbox, UidSet.All, FlagOperation.Add, SystemFlags.Seen, "later");
        await AppendAsync(mailbox, Text(4));
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        Assert.Equal(3, before.Count);
        Assert.Equal(3, before.UnseenCount);
        Assert.Equal(0, before.IndexOf(uids[0]));
        Assert.Equal(SystemFlags.None, before[1].Flags);
        Assert.Empty(before.Keywords.Names);
        MailboxDifference difference = MailboxDifference.Between(before, mailbox.Snapshot);
        Assert.Equal([0], difference.Expunged.ToArray());
        Assert.Equal([0, 1], difference.Changed.ToArray());
        Assert.Equal(1, difference.AppendedCount);
        Assert.True(difference.HasNewKeywords);
    }

    [Fact]
    public async Task All_handles_share_one_state()
    {
        await using IMailbox one = await OpenAsync("INBOX");
        await using IMailbox two = await OpenAsync("INBOX");
        Uid uid = await AppendAsync(one, Text(1));
        Assert.Same(one.Snapshot, two.Snapshot);
        await FlagAsync(two, UidSet.Of(uid), FlagOperation.Add, SystemFlags.Seen);
        Assert.Equal(SystemFlags.Seen, Record(one, uid).Flags);
    }

    [Fact]
    public async Task Subscribers_hear_of_each_commit_after_it_is_visible_and_in_order()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        List<(int Count, ulong ModSeq)> seen = [];
        IDisposable subscription = mailbox.Subscribe(() =>
        {
            lock (seen)
            {
                seen.Add((mailbox.Snapshot.Count, mailbox.Snapshot.HighestModSeq.Value));
            }
        });
        await Task.WhenAll(Enumerable.Range(1, 20).Select(i => AppendAsync(mailbox, Text(i))));
        await FlagAsync(mailbox, UidSet.All, FlagOperation.Add, SystemFlags.Seen);
        subscription.Dispose();
        await AppendAsync(mailbox, Text(99));
        lock (seen)
        {
            Assert.Equal(21, seen.Count);
            Assert.Equal(seen.OrderBy(s => s.ModSeq), seen);
            Assert.Equal(20, seen[^1].Count);
        }
    }

    [Fact]
    public async Task Concurrent_appends_each_get_their_own_uid()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid[] uids = await Task.WhenAll(Enumerable.Range(1, 60).Select(i => AppendAsync(mailbox, Text(i))));
        Assert.Equal(60, uids.Distinct().Count());
        for (int i = 0; i < 60; i++)
        {
            Assert.Equal(Text(i + 1), await ReadAsync(mailbox, uids[i]));
        }
    }

    [Fact]
    public async Task Recent_messages_are_claimed_once()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid first = await AppendAsync(mailbox, Text(1));
        Assert.True(mailbox.ClaimRecent(onlyLook: true) <= first);
        Assert.True(mailbox.ClaimRecent(onlyLook: false) <= first);
        Assert.True(mailbox.ClaimRecent(onlyLook: false) > first);
        Uid second = await AppendAsync(mailbox, Text(2));
        Uid unclaimed = mailbox.ClaimRecent(onlyLook: true);
        Assert.True(unclaimed > first && unclaimed <= second);
    }

    [Fact]
    public async Task Ten_thousand_messages_change_as_one_commit()
    {
        const int Count = 10_000;
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, Count);
        int told = 0;
        using IDisposable subscription = mailbox.Subscribe(() => Interlocked.Increment(ref told));
        FlagsOutcome flags = await FlagAsync(mailbox, UidSet.All, FlagOperation.Add, SystemFlags.Seen | SystemFlags.Deleted, "bulk");
        Assert.Equal(Count, flags.Stored.Count);
        CopyOutcome copied = Must(await mailbox.CopyAsync(UidSet.All, other, None));
        Assert.Equal(Count, copied.Destinations.Count);
        Assert.Equal(Count, other.Snapshot.DeletedCount);
        UidSet odd = UidSet.FromUids(uids.Where((_, i) => i % 2 == 1));
        Must(await mailbox.ExpungeAsync(odd, ExpungeScope.OnlyDeleted, None));
        Assert.Equal(Count / 2, mailbox.Snapshot.Count);
        CopyOutcome moved = Must(await mailbox.MoveAsync(UidSet.All, other, None));
        Assert.Equal(Count / 2, moved.Sources.Count);
        Assert.Equal(3, told);
        Assert.Equal(0, mailbox.Snapshot.Count);
        Assert.Equal(Count * 3 / 2, other.Snapshot.Count);
        Assert.Equal(Text(5), await ReadAsync(other, moved.Destinations[2]));
    }
}
