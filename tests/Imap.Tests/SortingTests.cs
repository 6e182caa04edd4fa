using System.Globalization;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Searching;
using MailAccess.Imap.Sorting;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Tests;

/// <summary>What SORT compares, and how its keys are kept.</summary>
public sealed class SortingTests : IAsyncLifetime
{
    private static readonly string[] Words = ["", "a", "A", "ab", "Zebra", "zebra 2", "éa", "e\u0301b", "straße", "\U0001F600", "\uE000", "ﬀ", "same long beginning 1", "same long beginning 2"];

    private readonly ImapHost _host = new(0);

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Any_order_is_that_of_a_plain_comparison()
    {
        Random random = new(11);
        List<(string Subject, string From, int Day, int Size)> messages = [];
        for (int i = 0; i < 200; i++)
        {
            messages.Add((Words[random.Next(Words.Length)], Words[random.Next(Words.Length)], random.Next(1, 5), random.Next(3)));
            await AppendAsync(messages[i]);
        }
        SearchTarget target = await TargetAsync("INBOX");
        KeyCache cache = new(long.MaxValue);
        string[] keys = ["SUBJECT", "DISPLAYFROM", "DATE", "SIZE", "ARRIVAL"];
        for (int round = 0; round < 200; round++)
        {
            string[] criteria = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => (random.Next(2) == 0 ? "REVERSE " : "") + keys[random.Next(keys.Length)])];
            List<int> found = [.. Enumerable.Range(0, 200).Where(_ => random.Next(3) > 0)];
            List<int> expected = [.. found.Order(Comparer<int>.Create((a, b) => Compare(criteria, messages, a, b)))];
            List<int> sorted = MessageSorter.Sort(Value(await cache.LoadAsync(target, found, default)), Program(string.Join(' ', criteria)));
            Assert.True(expected.SequenceEqual(sorted), $"({string.Join(' ', criteria)}): {string.Join(' ', expected)} but {string.Join(' ', sorted)}");
        }
    }

    [Fact]
    public async Task The_memory_for_keys_is_bounded_over_all_mailboxes()
    {
        for (int i = 0; i < 100; i++)
        {
            await AppendAsync(($"subject {i} {new string('x', 100)}", "somebody", 1, 1));
        }
        SearchTarget inbox = await TargetAsync("INBOX");
        KeyCache roomy = new(long.MaxValue);
        await roomy.LoadAsync(inbox, [.. Enumerable.Range(0, 100)], default);
        long needed = roomy.Octets;
        Assert.True(needed > 100 * 100);
        await roomy.LoadAsync(inbox, [.. Enumerable.Range(0, 100)], default);
        Assert.Equal(needed, roomy.Octets); // Known already.

        KeyCache tight = new(needed - 1);
        Assert.Equal(50, Value(await tight.LoadAsync(inbox, [.. Enumerable.Range(0, 50)], default)).Count);
        Assert.InRange(tight.Octets, 1, needed - 1);
        Assert.Equal(100, Value(await tight.LoadAsync(inbox, [.. Enumerable.Range(0, 100)], default)).Count); // Used, not kept.
        Assert.Equal(0, tight.Octets);
    }

    [Fact]
    public async Task What_was_expunged_meanwhile_is_left_out()
    {
        for (int i = 0; i < 4; i++)
        {
            await AppendAsync(($"subject {i}", "somebody", 1, 1));
        }
        SearchTarget target = await TargetAsync("INBOX");
        Value(await target.Mailbox.ExpungeAsync(UidSet.Of(new Uid(2)), ExpungeScope.AllNamed, default));
        List<int> sorted = MessageSorter.Sort(Value(await new KeyCache(1).LoadAsync(target, [0, 1, 2, 3], default)), Program("REVERSE SUBJECT"));
        Assert.Equal([3, 2, 0], sorted);
    }

    [Fact]
    public void Equal_texts_have_one_number()
    {
        TextPool pool = new();
        Dictionary<string, int> numbers = [];
        for (int i = 0; i < 5_000; i++)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"Text {i % 1_000} {(i % 2 == 0 ? "É" : "e\u0301")}");
            int number = pool.Add(Encoding.UTF8.GetBytes(text));
            string folded = TextMatcher.Fold(text);
            Assert.Equal(numbers.TryGetValue(folded, out int known) ? known : number, number);
            numbers[folded] = number;
            Assert.Equal(Encoding.UTF8.GetBytes(folded), pool.Texts[number].ToArray());
        }
        Assert.Equal(1_000, numbers.Count);
        Assert.Equal(0, pool.Add([]));
    }

    private static int Compare(string[] criteria, List<(string Subject, string From, int Day, int Size)> messages, int a, int b)
    {
        foreach (string criterion in criteria)
        {
            int order = criterion.Split(' ')[^1] switch
            {
                "SUBJECT" => CompareTexts(messages[a].Subject, messages[b].Subject),
                "DISPLAYFROM" => CompareTexts(Display(messages[a].From), Display(messages[b].From)),
                "DATE" => messages[a].Day.CompareTo(messages[b].Day),
                "SIZE" => SizeOf(messages[a]).CompareTo(SizeOf(messages[b])),
                _ => 0, // All arrived at once.
            };
            if (order != 0)
            {
                return criterion.StartsWith("REVERSE", StringComparison.Ordinal) ? -order : order;
            }
        }
        return a.CompareTo(b);
    }

    private static int CompareTexts(string a, string b) =>
        Encoding.UTF8.GetBytes(TextMatcher.Fold(a)).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(TextMatcher.Fold(b)));

    private static string Display(string name) => name.Length > 0 ? name : "x@y.example";

    private static string Encoded(string text) => $"=?utf-8?b?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";

    private static byte[] Octets((string Subject, string From, int Day, int Size) message) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"Subject: {Encoded(message.Subject)}\r\nFrom: {(message.From.Length > 0 ? Encoded(message.From) : "")} <x@y.example>\r\nDate: {message.Day} Jan 2020 10:00 +0000\r\n\r\n{new string('x', 1000 * message.Size)}"));

    private static int SizeOf((string Subject, string From, int Day, int Size) message) => Octets(message).Length;

    private static SortProgram Program(string criteria)
    {
        ImapArguments arguments = new(Encoding.ASCII.GetBytes($"({criteria})"), new ImapLimits());
        Assert.True(SortProgram.TryParse(arguments, _ => false, out SortProgram program) && arguments.AtEnd);
        return program;
    }

    private static T Value<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new InvalidOperationException($"{result.Error}");

    private Task AppendAsync((string Subject, string From, int Day, int Size) message) => _host.AppendAsync("INBOX", Octets(message));

    private async Task<SearchTarget> TargetAsync(string name)
    {
        IMailAccount account = Value(await _host.Store.OpenAccountAsync("alice", default));
        Assert.True(MailboxName.TryParse(name, out MailboxName? mailboxName));
        IMailbox mailbox = Value(await account.OpenAsync(mailboxName, default));
        return new SearchTarget(mailbox, mailbox.Snapshot) { IsRecent = _ => false };
    }
}
