using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>Files that mailboxes keep open do not cost a descriptor for each mailbox.</summary>
public sealed class OpenFilesTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly PosixFiles Files = new();

    [Fact]
    public void What_was_not_used_for_longest_is_closed_and_opened_again_for_its_next_use()
    {
        using TemporaryFolder folder = new();
        var open = new OpenFiles(Files, 2);
        OpenFiles.HeldFile[] held = [.. Enumerable.Range(0, 5).Select(i => Hold(open, folder, i))];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < held.Length; i++)
            {
                held[i].Write(round, [(byte)('a' + i)]);
                Assert.Equal(2, open.Count);
            }
        }
        foreach ((int i, OpenFiles.HeldFile file) in held.Index())
        {
            Assert.Equal(3, file.Octets);
            file.Dispose();
            Assert.Equal(new string((char)('a' + i), 3), File.ReadAllText(PathOf(folder, i)));
        }
        Assert.Equal(0, open.Count);
    }

    [Fact]
    public void Another_file_under_its_name_is_taken_for_empty_and_never_written()
    {
        using TemporaryFolder folder = new();
        var open = new OpenFiles(Files, 1);
        using OpenFiles.HeldFile first = Hold(open, folder, 1, f => f.Octets == 3);
        first.Write(0, "abc"u8);
        using OpenFiles.HeldFile second = Hold(open, folder, 2);
        File.WriteAllText(PathOf(folder, 1), "other");
        Assert.Equal(0, first.Read(0, new byte[3]));
        Assert.Throws<FileFault>(() => first.Write(0, "x"u8));
        Assert.Equal("other", File.ReadAllText(PathOf(folder, 1)));
    }

    [Fact]
    public void A_file_that_was_removed_is_not_made_again()
    {
        using TemporaryFolder folder = new();
        var open = new OpenFiles(Files, 1);
        using OpenFiles.HeldFile first = Hold(open, folder, 1);
        using OpenFiles.HeldFile second = Hold(open, folder, 2);
        File.Delete(PathOf(folder, 1));
        Assert.Equal(0, first.Octets);
        Assert.Throws<FileFault>(() => first.Write(0, "x"u8));
        Assert.False(File.Exists(PathOf(folder, 1)));
    }

    [Fact]
    public void It_is_found_where_it_was_moved_to()
    {
        using TemporaryFolder folder = new();
        var open = new OpenFiles(Files, 1);
        using OpenFiles.HeldFile first = Hold(open, folder, 1);
        first.Write(0, "abc"u8);
        first.MoveTo(PathOf(folder, 9));
        using OpenFiles.HeldFile second = Hold(open, folder, 2);
        first.Write(3, "d"u8);
        Assert.Equal("abcd", File.ReadAllText(PathOf(folder, 9)));
    }

    [Fact]
    public async Task Many_open_mailboxes_keep_few_files_open_and_still_read_their_summaries()
    {
        using TemporaryFolder folder = new();
        await using MaildirStore store = StoreKit.Must(await MaildirStore.OpenAsync(
            folder.Options(new StoreLimits { HeldFilesMax = 2, SummaryMemoryOctetsMax = 1, WorkerThreads = 2 }), new ManualTimeProvider(), NullLogger.Instance));
        List<IMailbox> open = [];
        for (int i = 0; i < 8; i++)
        {
            IMailAccount account = StoreKit.Must(await store.OpenAccountAsync($"user{i}", None));
            open.Add(StoreKit.Must(await account.OpenAsync(MailboxName.Inbox, None)));
            await StoreKit.AppendAsync(store, open[i], StoreKit.Text(i), SystemFlags.None, []);
        }
        Assert.InRange(store.OpenFiles.Count, 0, 2);
        foreach ((int i, IMailbox mailbox) in open.Index())
        {
            Assert.Equal(StoreKit.Text(i).Length, mailbox.Snapshot[0].Octets);
            Assert.True(StoreKit.Must(await mailbox.GetSummaryAsync(new Uid(1), None)).IsValid);
            Assert.InRange(store.OpenFiles.Count, 0, 2);
            await mailbox.DisposeAsync();
        }
    }

    private static string PathOf(TemporaryFolder folder, int number) => Path.Combine(folder.Path, $"{number}.held");

    private static OpenFiles.HeldFile Hold(OpenFiles open, TemporaryFolder folder, int number, Predicate<IFile>? isSame = null) =>
        open.Hold(Files.Open(PathOf(folder, number), OpenKind.Write)!, PathOf(folder, number), isSame ?? (_ => true));
}
