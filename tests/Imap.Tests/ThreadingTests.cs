using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Searching;
using MailAccess.Imap.Sorting;
using MailAccess.Imap.Threads;
using MailAccess.Store;

namespace MailAccess.Imap.Tests;

/// <summary>THREAD against a model that follows RFC 5256 word for word, and with threads as deep as anybody can make them.</summary>
public sealed class ThreadingTests : IAsyncLifetime
{
    private readonly ImapHost _host = new(0);

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Any_mailbox_is_threaded_as_the_rfc_says()
    {
        Random random = new(5256);
        for (int round = 0; round < 400; round++)
        {
            List<ThreadSample> samples = Samples(random, random.Next(1, 25));
            await using ImapHost host = new(0);
            foreach (ThreadSample sample in samples)
            {
                await host.AppendAsync("INBOX", Octets(sample));
                host.Clock.Advance(TimeSpan.FromSeconds(random.Next(2)));
            }
            MessageKeys keys = await KeysAsync(host, samples.Count);
            samples = [.. samples.Select((s, i) => s with { Arrived = keys.RecordOf(i).InternalDateSeconds })];
            samples = [.. samples.Select(s => s.Sent >= 0 ? s : s with { Sent = s.Arrived })];
            string shown = string.Join("\n", samples);
            Assert.Equal((shown, ThreadModel.References(samples)), (shown, await ThreadAsync(keys, ThreadAlgorithm.References)));
            Assert.Equal((shown, ThreadModel.Refs(samples)), (shown, await ThreadAsync(keys, ThreadAlgorithm.Refs)));
            Assert.Equal((shown, ThreadModel.OrderedSubject(samples)), (shown, await ThreadAsync(keys, ThreadAlgorithm.OrderedSubject)));
        }
    }

    /// <summary>Where anything recursed, the stack would overflow.</summary>
    [Theory]
    [InlineData("forwards")]
    [InlineData("backwards")]
    [InlineData("forks")]
    [InlineData("loops")]
    public async Task A_thread_may_be_as_deep_as_a_mailbox_is_large(string shape)
    {
        const int Messages = 100_000;
        await _host.AppendAsync("INBOX", "x: y\r\n\r\n"u8.ToArray()); // Whose record all share.
        KeyRow[] rows = new KeyRow[Messages];
        List<ulong> references = [];
        for (int i = 0; i < Messages; i++)
        {
            // Ids are from 1 to 100,000, in the order of generations.
            int generation = shape switch { "backwards" => Messages - i, "forks" => (i / 2) + 1, _ => i + 1 };
            ulong own = shape == "forks" && i % 2 == 1 ? 0 : (ulong)generation;
            ulong parent = shape == "loops" ? (ulong)((generation * 7919L % Messages) + 1) : (ulong)(generation - 1);
            int first = references.Count;
            if (parent > 0)
            {
                if (shape == "loops")
                {
                    references.Add((ulong)Messages - parent + 1);
                }
                references.Add(parent);
            }
            rows[i] = default(KeyRow) with { MessageId = own, FirstReference = first, ReferenceCount = references.Count - first, SentSeconds = i };
        }
        MessageKeys keys = new(await TargetAsync(_host), [.. Enumerable.Repeat(0, Messages)], [.. Enumerable.Range(0, Messages)], rows, [.. references], new TextPool().Texts);
        ThreadForest threads = MessageThreads.Build(keys, ThreadAlgorithm.References);
        ThreadForest refs = MessageThreads.Build(keys, ThreadAlgorithm.Refs);
        CountingPipe pipe = new();
        ImapWriter writer = new(pipe, 64 << 10);
        await new ThreadAnswer(writer, keys.View, Numbering.Sequence).WriteAsync(keys, threads);
        await writer.FlushAsync();
        Assert.InRange(pipe.MostUnflushed, 1, 96 << 10); // Bounded, however much it is.
        int roots = shape switch { "loops" => threads.Roots.Length, "forks" => 2, _ => 1 }; // In the first fork one has no parent.
        Assert.Equal(roots, threads.Roots.Length);
        Assert.Equal(threads.Roots.Length, refs.Roots.Length);
        Assert.True(pipe.Total > 2 * Messages, "not every message was written");
    }

    [Fact]
    public void Roots_are_found_in_trees_that_are_joined_and_parted()
    {
        const int Nodes = 60;
        Random random = new(7);
        AncestryForest forest = new();
        int[] parentOf = [.. Enumerable.Repeat(-1, Nodes)];
        int RootOf(int node) => parentOf[node] < 0 ? node : RootOf(parentOf[node]);
        for (int i = 0; i < Nodes; i++)
        {
            Assert.Equal(i, forest.Add());
        }
        for (int step = 0; step < 20_000; step++)
        {
            int node = random.Next(Nodes);
            int other = random.Next(Nodes);
            if (parentOf[node] >= 0 && random.Next(3) == 0)
            {
                forest.Cut(node);
                parentOf[node] = -1;
            }
            else if (parentOf[node] < 0 && RootOf(other) != node)
            {
                forest.Link(node, other);
                parentOf[node] = other;
            }
            Assert.Equal(RootOf(other), forest.RootOf(other));
        }
    }

    private static List<ThreadSample> Samples(Random random, int count)
    {
        string[] ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
        string[] subjects = ["", "one", "two", "ONE"];
        string[] prefixes = ["", "", "Re: ", "Fwd: [x] "];
        return [.. Enumerable.Range(1, count).Select(number =>
        {
            string prefix = prefixes[random.Next(prefixes.Length)];
            return new ThreadSample(
                number,
                random.Next(6) == 0 ? null : ids[random.Next(ids.Length)] + random.Next(1 + (count / 8)),
                [.. Enumerable.Range(0, random.Next(4)).Select(_ => ids[random.Next(ids.Length)] + random.Next(1 + (count / 8)))],
                subjects[random.Next(subjects.Length)],
                prefix.Length > 0,
                random.Next(5) == 0 ? -1 : 1_600_000_000 + random.Next(6),
                0);
        })];
    }

    private static byte[] Octets(ThreadSample sample)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"Subject: {(sample.IsReply ? "Re: " : "")}{sample.Subject}\r\n");
        text.Append(sample.Id is null ? "" : $"Message-ID: <{sample.Id}@x>\r\n");
        text.Append(sample.References.Length == 0 ? "" : $"References: {string.Join(' ', sample.References.Select(r => $"<{r}@x>"))}\r\n");
        text.Append(sample.Sent < 0 ? "" : $"Date: {DateTimeOffset.FromUnixTimeSeconds(sample.Sent).ToString("d MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000\r\n");
        return Encoding.ASCII.GetBytes(text.Append("\r\nx\r\n").ToString());
    }

    private static T Value<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new InvalidOperationException($"{result.Error}");

    private static async Task<SearchTarget> TargetAsync(ImapHost host)
    {
        IMailAccount account = Value(await host.Store.OpenAccountAsync("alice", default));
        IMailbox mailbox = Value(await account.OpenAsync(MailboxName.Inbox, default));
        return new SearchTarget(mailbox, mailbox.Snapshot) { IsRecent = _ => false };
    }

    private static async Task<MessageKeys> KeysAsync(ImapHost host, int count) =>
        Value(await new MailboxKeys().LoadAsync(await TargetAsync(host), [.. Enumerable.Range(0, count)], default));

    private static async Task<string> ThreadAsync(MessageKeys keys, ThreadAlgorithm algorithm)
    {
        Pipe pipe = new();
        ImapWriter writer = new(pipe.Writer, 64 << 10);
        await new ThreadAnswer(writer, keys.View, Numbering.Sequence).WriteAsync(keys, MessageThreads.Build(keys, algorithm));
        await writer.FlushAsync();
        await pipe.Writer.CompleteAsync();
        ReadResult read = await pipe.Reader.ReadAtLeastAsync(int.MaxValue);
        return Encoding.ASCII.GetString(read.Buffer)["* THREAD ".Length..].TrimEnd();
    }

    /// <summary>Takes everything and remembers how much waited at a time.</summary>
    private sealed class CountingPipe : PipeWriter
    {
        private byte[] _memory = new byte[256 << 10];
        private long _unflushed;

        public long Total { get; private set; }

        public long MostUnflushed { get; private set; }

        public override void Advance(int bytes)
        {
            _unflushed += bytes;
            Total += bytes;
            MostUnflushed = Math.Max(MostUnflushed, _unflushed);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            _unflushed = 0;
            return default;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _memory = sizeHint > _memory.Length ? new byte[sizeHint] : _memory;

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
