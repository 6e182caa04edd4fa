using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Imap.Searching.Contexts;
using MailAccess.Imap.Sorting;
using MailAccess.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Imap.Tests;

/// <summary>A client that only follows ADDTO and REMOVEFROM has at any time what a new SEARCH or SORT would give it. RFC 5267 §4.3.</summary>
public sealed partial class ContextTests
{
    private static readonly string[] Subjects = ["a", "b", "b", "c", "d", ""];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_result_that_is_kept_up_to_date_is_what_a_new_search_gives(int seed)
    {
        Random random = new(seed);
        await using ImapHost host = new(0);
        ImapServices services = new(new TestAuthenticator(true), host.Store, new ImapOptions { Limits = new() { UpdateContextsMax = 100 } }, host.Clock, NullLogger.Instance);
        await AppendAsync(host, random, 30);
        IMailAccount account = Value(await host.Store.OpenAccountAsync("alice", default));
        SelectedMailbox selected = new(Value(await account.OpenAsync(MailboxName.Inbox, default)), isReadOnly: false, ImapExtensions.None) { Contexts = new UpdateContexts(services) };
        List<Follower> followers = [];
        foreach ((string name, string criteria, string key) in new[]
                 {
                     ("flagged", "", "FLAGGED"), ("either", "", "OR FLAGGED SUBJECT b"), ("sorted", "(SUBJECT REVERSE SIZE)", "UNDELETED"),
                     ("reversed", "(REVERSE DATE)", "NOT FLAGGED"), ("aged", "(SUBJECT)", "YOUNGER 120"),
                 })
        {
            foreach (Numbering numbering in new[] { Numbering.Sequence, Numbering.Uid })
            {
                SearchRequest request = Request(key, criteria, numbering);
                followers.Add(new Follower($"{name}-{numbering}", request, await AskAsync(services, selected, request)));
                SearchTarget target = SearchTarget.Of(selected);
                List<int> found = [.. followers[^1].Numbers.Select(n => numbering == Numbering.Uid ? target.View.IndexOf(new Uid(n)) : (int)n - 1)];
                Assert.True(selected.Contexts.TryAdd(new UpdateContext(services, request, target, found, new SearchCorrelator(Encoding.ASCII.GetBytes(followers[^1].Tag), numbering))));
            }
        }
        for (int step = 0; step < 60; step++)
        {
            for (int i = random.Next(3); i >= 0; i--)
            {
                await ChangeAsync(host, random, selected.Mailbox);
            }
            foreach (string line in await ReportAsync(selected))
            {
                followers.ForEach(f => f.Follow(line));
            }
            foreach (Follower follower in followers)
            {
                Assert.Equal((follower.Tag, string.Join(' ', await AskAsync(services, selected, follower.Request))), (follower.Tag, string.Join(' ', follower.Numbers)));
            }
        }
    }

    private static async Task ChangeAsync(ImapHost host, Random random, IMailbox mailbox)
    {
        UidSet some = UidSet.FromUids(Enumerable.Range(0, random.Next(1, 12)).Select(_ => new Uid((uint)random.Next(1, (int)mailbox.Snapshot.UidNext.Value + 1))));
        switch (random.Next(6))
        {
            case 0:
                await AppendAsync(host, random, random.Next(1, random.Next(5) == 0 ? 40 : 3));
                break;
            case 1 when mailbox.Snapshot.Count > 15:
                Value(await mailbox.ExpungeAsync(some, ExpungeScope.AllNamed, default));
                break;
            case 2:
                host.Clock.Advance(TimeSpan.FromSeconds(random.Next(40)));
                break;
            default:
                FlagOperation operation = random.Next(2) == 0 ? FlagOperation.Add : FlagOperation.Remove;
                Value(await mailbox.ChangeFlagsAsync(some, operation, random.Next(2) == 0 ? SystemFlags.Flagged : SystemFlags.Deleted, [], null, default));
                break;
        }
    }

    private static async Task AppendAsync(ImapHost host, Random random, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await host.AppendAsync("INBOX", Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"Subject: {Subjects[random.Next(Subjects.Length)]}\r\nDate: {random.Next(1, 5)} Jan 2020 10:00 +0000\r\n\r\n{new string('x', random.Next(3))}")));
        }
    }

    private static SearchRequest Request(string key, string criteria, Numbering numbering)
    {
        SortProgram? order = null;
        if (criteria.Length > 0)
        {
            Assert.True(SortProgram.TryParse(new ImapArguments(Encoding.ASCII.GetBytes(criteria), new ImapLimits()), _ => false, out order));
        }
        Assert.Equal(SearchFault.None, SearchGrammar.Parse(new ImapArguments(Encoding.ASCII.GetBytes(" " + key), new ImapLimits()), _ => false, ImapExtensions.None, out SearchKey? parsed));
        return new SearchRequest(parsed, null, numbering) { Order = order };
    }

    private static async Task<List<uint>> AskAsync(ImapServices services, SelectedMailbox selected, SearchRequest request)
    {
        SearchTarget target = SearchTarget.Of(selected);
        SearchRun run = new(target, new SearchPlan(request.Key, target, services.Clock.GetUtcNow()), services);
        List<int> found = await run.RunAsync(SearchExtent.All, default);
        found = request.Order is null ? found : Value(await request.Order.SortAsync(services, target, found));
        return [.. found.Select(i => request.Numbering == Numbering.Uid ? target.View[i].Uid.Value : (uint)i + 1)];
    }

    private static async Task<string[]> ReportAsync(SelectedMailbox selected)
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0));
        ImapWriter writer = new(pipe.Writer, 64 << 10);
        await selected.ReportAsync(writer, ImapExtensions.None, mayExpunge: true, SelectedScope.Everything);
        await writer.FlushAsync();
        await pipe.Writer.CompleteAsync();
        ReadResult read = await pipe.Reader.ReadAtLeastAsync(int.MaxValue);
        return Encoding.ASCII.GetString(read.Buffer).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private static T Value<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new InvalidOperationException($"{result.Error}");

    /// <summary>What a client knows of one result.</summary>
    private sealed partial class Follower(string tag, SearchRequest request, List<uint> numbers)
    {
        public string Tag => tag;

        public SearchRequest Request => request;

        public List<uint> Numbers { get; private set; } = numbers;

        public void Follow(string line)
        {
            if (Expunge().Match(line) is { Success: true } gone && request.Numbering == Numbering.Sequence)
            {
                uint number = uint.Parse(gone.Groups[1].Value, CultureInfo.InvariantCulture);
                Assert.DoesNotContain(number, Numbers); // REMOVEFROM came before.
                Numbers = [.. Numbers.Select(n => n > number ? n - 1 : n)];
            }
            Match update = Update().Match(line);
            if (update.Success && update.Groups[1].Value == tag)
            {
                Assert.Equal(request.Numbering == Numbering.Uid, update.Groups[2].Success);
                string[] words = update.Groups[4].Value.Split(' ');
                for (int i = 0; i < words.Length; i += 2)
                {
                    Apply(update.Groups[3].Value == "ADDTO", int.Parse(words[i], CultureInfo.InvariantCulture), [.. Expand(words[i + 1])]);
                }
            }
        }

        private void Apply(bool adds, int position, List<uint> named)
        {
            Assert.Equal(request.Order is null, position == 0);
            if (adds)
            {
                Assert.Empty(Numbers.Intersect(named));
                Numbers.InsertRange(Math.Max(0, position - 1), named);
            }
            else if (position > 0)
            {
                Assert.Equal(named, Numbers.GetRange(position - 1, named.Count));
                Numbers.RemoveRange(position - 1, named.Count);
            }
            else
            {
                Assert.Equal(named.Count, Numbers.RemoveAll(named.Contains));
            }
            if (position == 0)
            {
                Numbers.Sort();
            }
        }

        private static IEnumerable<uint> Expand(string set) => set.Split(',').SelectMany(part =>
        {
            uint[] ends = [.. part.Split(':').Select(p => uint.Parse(p, CultureInfo.InvariantCulture))];
            return Enumerable.Range(0, (int)(ends[^1] - ends[0]) + 1).Select(i => ends[0] + (uint)i);
        });

        [GeneratedRegex(@"^\* (\d+) EXPUNGE$")]
        private static partial Regex Expunge();

        [GeneratedRegex("""^\* ESEARCH \(TAG "([^"]+)"\)( UID)? (ADDTO|REMOVEFROM) \((.*)\)$""")]
        private static partial Regex Update();
    }
}
