using MailAccess.Store.Files;
using MailAccess.Store.Journal;
using MailAccess.Store.Memory;
using MailAccess.Store.Model;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>Commits of several mailboxes that wait together.</summary>
public sealed class JournalOrderTests
{
    [Fact]
    public async Task What_builds_on_a_commit_that_did_not_happen_does_not_happen_either()
    {
        using TemporaryFolder folder = new();
        using ManualResetEventSlim writing = new();
        using ManualResetEventSlim go = new();
        await using var memory = new MemoryMailStore(new ManualTimeProvider());
        MailboxModel going = NewMailbox(memory, "Going");
        MailboxModel staying = NewMailbox(memory, "Staying");
        MailboxModel third = NewMailbox(memory, "Third");
        using var journal = new DeliveryJournal(
            new PosixFiles(), folder.Path, new StoreLimits { JournalSegmentOctets = 64 * 1024 }, Guid.NewGuid(), 0, 0,
            (_, _) =>
            {
                writing.Set();
                go.Wait();
            },
            NullLogger.Instance);
        CommitTicket first = Submit(journal, third);
        writing.Wait(CancellationToken.None);
        CommitTicket move = Submit(journal, staying, going);
        CommitTicket after = Submit(journal, staying);
        going.MarkGone();
        go.Set();
        Assert.Equal(StoreError.None, await first.Settled);
        Assert.Equal(StoreError.Unavailable, await move.Settled);
        Assert.Equal(StoreError.Unavailable, await after.Settled);
        Assert.Equal(1ul, staying.Published.HighestModSeq.Value);
        Assert.Equal(StoreError.None, await Submit(journal, staying).Settled);
        Assert.Equal(2ul, staying.Published.HighestModSeq.Value);
    }

    private static MemoryMailbox NewMailbox(MemoryMailStore store, string name)
    {
        Assert.True(MailboxName.TryParse(name, out MailboxName? parsed));
        MailboxSnapshot empty = SnapshotBuilder.FromRecords([], new UidValidity(1), new Uid(1), new ModSeq(1), KeywordTable.Empty, 0);
        return new MemoryMailbox(store, "alice", parsed, SpecialUse.None, empty);
    }

    private static CommitTicket Submit(DeliveryJournal journal, params MailboxModel[] mailboxes)
    {
        var ticket = new CommitTicket([.. mailboxes.Select(m => new MailboxChange(
            m, m.Head, new SnapshotBuilder(m.Head) { HighestModSeq = new ModSeq(m.Head.HighestModSeq.Value + 1) }.Build()))]);
        foreach (MailboxChange change in ticket.Changes)
        {
            lock (change.Mailbox.Gate)
            {
                change.Mailbox.Advance(change, ticket);
            }
        }
        journal.Submit(ticket);
        return ticket;
    }
}
