using MailAccess.Message;
using MailAccess.Store.Model;

namespace MailAccess.Store.Tests.Contract;

/// <summary>What every format promises of identities and of what has gone: RFC 8474, RFC 8514, RFC 7162.</summary>
public abstract class IdentityContract : StoreFixture
{
    [Fact]
    public async Task A_mailbox_id_is_its_own_and_survives_a_rename_and_a_new_mailbox_of_the_name_has_another()
    {
        Guid id;
        Guid inbox = (await OpenAsync("INBOX")).MailboxId;
        await using (IMailbox mailbox = await CreateAsync("One"))
        {
            id = mailbox.MailboxId;
        }
        Must(await Account.RenameAsync(Named("One"), Named("Two"), None));
        await using IMailbox renamed = await OpenAsync("Two");
        await using IMailbox anew = await CreateAsync("One");
        Assert.Equal(id, renamed.MailboxId);
        Assert.Equal(3, new HashSet<Guid> { id, anew.MailboxId, inbox }.Count);
        Assert.DoesNotContain(Guid.Empty, new[] { id, anew.MailboxId, inbox });
    }

    [Fact]
    public async Task Copies_and_moved_messages_keep_EMAILID_and_THREADID_and_get_a_saved_date_of_their_own()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        long saved = Record(mailbox, uids[0]).SavedDateSeconds;
        MessageSummary first = Must(await mailbox.GetSummaryAsync(uids[0], None));
        MessageSummary second = Must(await mailbox.GetSummaryAsync(uids[1], None));
        Assert.NotEqual(first.EmailId, second.EmailId);
        Clock.Advance(TimeSpan.FromHours(1));
        Uid copy = Must(await mailbox.CopyAsync(UidSet.Of(uids[0]), other, None)).Destinations[0];
        Uid moved = Must(await mailbox.MoveAsync(UidSet.Of(uids[1]), other, None)).Destinations[0];
        Assert.Equal(first.EmailId, Must(await other.GetSummaryAsync(copy, None)).EmailId);
        Assert.Equal(first.ThreadId, Must(await other.GetSummaryAsync(copy, None)).ThreadId);
        Assert.Equal(second.EmailId, Must(await other.GetSummaryAsync(moved, None)).EmailId);
        Assert.Equal(saved, Record(mailbox, uids[0]).SavedDateSeconds);
        Assert.Equal(saved + 3600, Record(other, copy).SavedDateSeconds);
        Assert.Equal(saved + 3600, Record(other, moved).SavedDateSeconds);
    }

    [Fact]
    public async Task What_was_expunged_after_a_mod_sequence_is_told_and_what_went_before_is_not()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 9);
        ModSeq full = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.FromUids([uids[1], uids[2], uids[4]]), ExpungeScope.AllNamed, None));
        ModSeq between = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.MoveAsync(UidSet.Of(uids[7]), other, None));
        Assert.Equal("2:3,5,8", Must(await mailbox.VanishedSinceAsync(full, null, None)).ToString());
        Assert.Equal("8", Must(await mailbox.VanishedSinceAsync(between, null, None)).ToString());
        Assert.Equal("", Must(await mailbox.VanishedSinceAsync(mailbox.Snapshot.HighestModSeq, null, None)).ToString());
        UidSet among = UidSet.FromRanges([(new Uid(3), new Uid(6)), (new Uid(9), new Uid(100))]);
        Assert.Equal("3,5", Must(await mailbox.VanishedSinceAsync(full, among, None)).ToString());
    }

    [Fact]
    public async Task What_was_moved_within_the_mailbox_has_vanished_under_its_old_uid()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        ModSeq before = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.MoveAsync(UidSet.Of(uids[0]), mailbox, None));
        Assert.Equal("1", Must(await mailbox.VanishedSinceAsync(before, null, None)).ToString());
    }

    [Fact]
    public async Task Of_two_stores_unless_changed_since_one_wins_each_message()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 200);
        ModSeq before = mailbox.Snapshot.HighestModSeq;
        Task<StoreResult<FlagsOutcome>>[] stores =
        [
            .. Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
                await mailbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.None, [$"k{i}"], before, None))),
        ];
        StoreResult<FlagsOutcome>[] outcomes = await Task.WhenAll(stores);
        Assert.Equal(200, outcomes.Sum(o => Must(o).Stored.Count));
        Assert.Equal(7 * 200, outcomes.Sum(o => Must(o).Modified.Count));
        Assert.All(Uids(mailbox), u => Assert.Single(KeywordsOf(mailbox, new Uid(u))));
    }

    [Fact]
    public async Task Unchanged_since_0_refuses_messages_that_have_the_keyword_and_all_where_a_system_flag_is_changed()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        await FlagAsync(mailbox, UidSet.Of(uids[1]), FlagOperation.Add, SystemFlags.None, "$MDNSent");
        ModSeq never = default;
        FlagsOutcome added = Must(await mailbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.None, ["$MDNSent"], never, None));
        Assert.Equal(("1,3", "2"), (added.Stored.ToString(), added.Modified.ToString()));
        FlagsOutcome again = Must(await mailbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.None, ["$mdnsent", "other"], never, None));
        Assert.Equal(("", "1:3"), (again.Stored.ToString(), again.Modified.ToString()));
        FlagsOutcome system = Must(await mailbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.Seen, ["other"], never, None));
        Assert.Equal(("", "1:3"), (system.Stored.ToString(), system.Modified.ToString()));
        FlagsOutcome replaced = Must(await mailbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Replace, SystemFlags.None, ["other"], never, None));
        Assert.Equal(("", "1:3"), (replaced.Stored.ToString(), replaced.Modified.ToString()));
    }

    [Fact]
    public async Task What_changes_of_the_mailbox_itself_makes_its_mod_sequence_grow_and_no_messages()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        MailboxSnapshot before = mailbox.Snapshot;
        Must(await ((MailboxHandle)mailbox).TouchAsync());
        Assert.Equal(before.HighestModSeq.Value + 1, mailbox.Snapshot.HighestModSeq.Value);
        Assert.True(MailboxDifference.Between(before, mailbox.Snapshot).IsEmpty);
        await FlagAsync(mailbox, UidSet.Of(uids[0]), FlagOperation.Add, SystemFlags.Seen);
        Assert.Equal(before.HighestModSeq.Value + 2, Record(mailbox, uids[0]).ModSeq.Value);
    }

    [Fact]
    public async Task Uids_that_no_message_has_are_those_below_UIDNEXT()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Assert.Equal("", mailbox.Snapshot.AbsentUids().ToString());
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 6);
        Assert.Equal("", mailbox.Snapshot.AbsentUids().ToString());
        Must(await mailbox.ExpungeAsync(UidSet.FromUids([uids[0], uids[2], uids[3], uids[5]]), ExpungeScope.AllNamed, None));
        Assert.Equal("1,3:4,6", mailbox.Snapshot.AbsentUids().ToString());
        Assert.Equal("3,6", mailbox.Snapshot.AbsentUids().Intersect(UidSet.FromRanges([(uids[1], uids[2]), (uids[5], new Uid(90))])).ToString());
    }
}
