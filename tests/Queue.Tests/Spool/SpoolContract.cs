using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue.Tests;

/// <summary>What every spool promises. An engine passes by inheriting this class.</summary>
public abstract class SpoolContract
{
    private static CancellationToken None => CancellationToken.None;

    /// <summary>The same medium each time.</summary>
    private protected abstract ISpool Open();

    [Fact]
    public async Task What_was_added_is_there_after_opening_again()
    {
        SpoolMessage message = Samples.Message(17, "bob@example.net", "carol@example.org") with
        {
            Traits = ContentTraits.EightBit,
            Return = DsnReturn.Headers,
            EnvelopeId = "QQ314159",
            SmtpUtf8 = true,
            Purpose = SpoolPurpose.Notification,
            Hold = new FutureRelease(Samples.Start.AddDays(1), "for;86400"),
            DeliverBy = new DeliverBy(Samples.Start.AddDays(2), DeliverByMode.Return, Trace: true),
            Priority = -3,
            RequiresTls = true,
        };
        await using (ISpool first = Open())
        {
            await LoadAsync(first);
            await first.AddAsync(message, new MemoryContent(Samples.Content), None);
        }
        await using ISpool again = Open();
        Assert.Equal([new SpoolEntry(message.Id, message.NextAttempt, 0, -3)], await LoadAsync(again));
        SpoolMessage? read = await again.ReadAsync(message.Id, None);
        AssertSame(message, read);
        await using IMessageContent content = await again.OpenContentAsync(message.Id, None);
        Assert.Equal(Samples.Content, await Samples.ReadAllAsync(content));
    }

    [Fact]
    public async Task Steps_add_up()
    {
        SpoolMessage message = Samples.Message(18, "bob@example.net", "carol@example.org");
        SpoolUpdate[] steps =
        [
            new() { Attempts = 1, NextAttempt = Samples.Start.AddMinutes(5) },
            new()
            {
                Recipients = [new(1) { Status = RecipientStatus.Failed, Reply = new SmtpReply(550, new(5, 1, 1), "no\nsuch \"user\" ü"), RemoteHost = "mx.example.org", At = Samples.Start }],
            },
            new() { NextAttempt = Samples.Start.AddMinutes(10), Recipients = [new(0) { DelayTold = true }, new(1) { Told = true }] },
        ];
        await using (ISpool first = Open())
        {
            await first.AddAsync(message, new MemoryContent(Samples.Content), None);
            foreach (SpoolUpdate step in steps)
            {
                await first.UpdateAsync(message.Id, step, UpdateDurability.PowerLoss);
            }
        }
        await using ISpool again = Open();
        Assert.Equal([new SpoolEntry(message.Id, Samples.Start.AddMinutes(10), 1)], await LoadAsync(again));
        AssertSame(steps.Aggregate(message, (m, s) => m.Apply(s)), await again.ReadAsync(message.Id, None));
    }

    [Fact]
    public async Task What_was_removed_is_gone()
    {
        SpoolMessage message = Samples.Message(19, "bob@example.net");
        await using ISpool spool = Open();
        await spool.AddAsync(message, new MemoryContent(Samples.Content), None);
        await spool.RemoveAsync(message.Id);
        Assert.Null(await spool.ReadAsync(message.Id, None));
        Assert.Empty(await LoadAsync(spool));
    }

    [Theory]
    [InlineData(0, int.MaxValue)]
    [InlineData(1, int.MaxValue)]
    [InlineData(1000, 7)]
    [InlineData(256 * 1024, int.MaxValue)]
    [InlineData(1_000_000, 65536)]
    public async Task Content_of_any_size_in_any_pieces_comes_back(int octets, int chunkMax)
    {
        byte[] content = new byte[octets];
        new Random(octets).NextBytes(content);
        await using ISpool spool = Open();
        SpoolMessage message = Samples.Message(20, "bob@example.net") with { Octets = octets };
        await spool.AddAsync(message, new MemoryContent(content, chunkMax), None);
        await using IMessageContent read = await spool.OpenContentAsync(message.Id, None);
        Assert.Equal(octets, read.Octets);
        Assert.Equal(content, await Samples.ReadAllAsync(read));
    }

    [Fact]
    public async Task Many_are_added_and_removed_at_once()
    {
        await using ISpool spool = Open();
        await Task.WhenAll(Enumerable.Range(1, 200).Select(async i =>
        {
            await spool.AddAsync(Samples.Message(i, "bob@example.net"), new MemoryContent(Samples.Content), None);
            await spool.UpdateAsync(new SpoolId(i), new SpoolUpdate { Attempts = i }, UpdateDurability.Process);
            if (i % 2 == 0)
            {
                await spool.RemoveAsync(new SpoolId(i));
            }
        }));
        Assert.Equal(Enumerable.Range(1, 200).Where(i => i % 2 == 1).Select(i => (long)i), (await LoadAsync(spool)).Select(e => e.Id.Value));
    }

    private static void AssertSame(SpoolMessage expected, SpoolMessage? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Origin, actual.Origin);
        MailOrigin none = new() { Protocol = "" }; // An address cannot be compared by reflection.
        Assert.Equivalent(expected with { Origin = none }, actual with { Origin = none }, strict: true);
    }

    private protected static async Task<List<SpoolEntry>> LoadAsync(ISpool spool)
    {
        List<SpoolEntry> entries = [];
        await spool.LoadAsync(entries.Add, None);
        return entries;
    }
}
