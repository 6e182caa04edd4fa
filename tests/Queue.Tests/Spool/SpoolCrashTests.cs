using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue.Tests;

/// <summary>The contract over the simulated disk, and what a crash at every operation leaves: each row of the README's state tables.</summary>
public abstract class SpoolCrashTests : SpoolContract, IDisposable
{
    private SimulatedDisk _disk = new();

    private protected IoThreads Threads { get; } = new(1);

    private protected SimulatedDisk Disk
    {
        get => _disk;
        set => _disk = value;
    }

    public static TheoryData<Crash> Crashes => [Crash.Kill, Crash.PowerLossNothing, Crash.PowerLossAnything];

    public void Dispose()
    {
        Threads.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task An_intake_cut_off_anywhere_leaves_the_whole_message_or_nothing(Crash crash)
    {
        await EachStepAsync(
            crash,
            _ => Task.CompletedTask,
            spool => spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content, 20), CancellationToken.None),
            async (spool, entries, promised) =>
            {
                Assert.True(entries.Count == 1 || !promised, "a promised message is lost");
                if (entries.Count == 1)
                {
                    await using IMessageContent content = await spool.OpenContentAsync(entries[0].Id, CancellationToken.None);
                    Assert.Equal(Samples.Content, await Samples.ReadAllAsync(content));
                    Assert.Equal("bob@example.net", (await spool.ReadAsync(entries[0].Id, CancellationToken.None))!.Recipients[0].Recipient.Path.ToString());
                }
            });
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_step_cut_off_anywhere_happened_or_did_not(Crash crash)
    {
        await EachStepAsync(
            crash,
            async spool =>
            {
                await spool.AddAsync(Samples.Message(1, "bob@example.net", "carol@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
                await spool.UpdateAsync(new SpoolId(1), new SpoolUpdate { Recipients = [new(0) { Status = RecipientStatus.Failed }] }, UpdateDurability.PowerLoss);
            },
            spool => spool.UpdateAsync(new SpoolId(1), new SpoolUpdate { Recipients = [new(1) { Status = RecipientStatus.Relayed }] }, UpdateDurability.PowerLoss),
            async (spool, entries, promised) =>
            {
                SpoolMessage? message = await spool.ReadAsync(Assert.Single(entries).Id, CancellationToken.None);
                Assert.Equal(RecipientStatus.Failed, message!.Recipients[0].Status);
                Assert.True(message.Recipients[1].Status == RecipientStatus.Relayed || !promised, "a promised step is lost");
                // The next step stands on its own line, whatever was torn before it.
                await spool.UpdateAsync(new SpoolId(1), new SpoolUpdate { Attempts = 7 }, UpdateDurability.PowerLoss);
                message = await spool.ReadAsync(new SpoolId(1), CancellationToken.None);
                Assert.Equal(7, message!.Attempts);
                Assert.Equal(RecipientStatus.Failed, message.Recipients[0].Status);
            });
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task An_expansion_cut_off_anywhere_happened_with_all_its_members_or_did_not(Crash crash)
    {
        SpoolRecipient[] members = [.. Samples.Message(2, "x@far.test", "y@far.test").Recipients.Select(r => r with { Parent = 0, Owner = Samples.Path("owner@example.net") })];
        SpoolUpdate expansion = new()
        {
            Attempts = 1,
            Members = members,
            FirstMember = 1,
            Recipients = [new(0) { Status = RecipientStatus.Distributed, Reply = new SmtpReply(250, new(2, 0, 0), "goes on to 2 recipients") }],
        };
        await EachStepAsync(
            crash,
            spool => spool.AddAsync(Samples.Message(1, "list@example.net"), new MemoryContent(Samples.Content), CancellationToken.None),
            spool => spool.UpdateAsync(new SpoolId(1), expansion, UpdateDurability.PowerLoss),
            async (spool, entries, promised) =>
            {
                SpoolMessage? message = await spool.ReadAsync(Assert.Single(entries).Id, CancellationToken.None);
                bool happened = message!.Recipients.Count == 3;
                Assert.True(happened || !promised, "a promised expansion is lost");
                Assert.Equal(happened ? RecipientStatus.Distributed : RecipientStatus.Pending, message.Recipients[0].Status);
                Assert.Equal(happened ? members : [], message.Recipients.Skip(1));
                // Nobody knew whether it happened: it is written again, and then it happened once.
                await spool.UpdateAsync(new SpoolId(1), expansion, UpdateDurability.PowerLoss);
                await spool.UpdateAsync(new SpoolId(1), new SpoolUpdate { Recipients = [new(2) { Status = RecipientStatus.Relayed }] }, UpdateDurability.PowerLoss);
                message = await spool.ReadAsync(new SpoolId(1), CancellationToken.None);
                Assert.Equal(3, message!.Recipients.Count);
                Assert.Equal(RecipientStatus.Relayed, message.Recipients[2].Status);
            });
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_removal_cut_off_anywhere_leaves_the_whole_message_or_nothing(Crash crash)
    {
        await EachStepAsync(
            crash,
            spool => spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None),
            spool => spool.RemoveAsync(new SpoolId(1)),
            async (spool, entries, promised) =>
            {
                Assert.True(entries.Count == 0 || !promised, "a finished message came back");
                foreach (SpoolEntry entry in entries)
                {
                    await using IMessageContent content = await spool.OpenContentAsync(entry.Id, CancellationToken.None);
                    Assert.Equal(Samples.Content, await Samples.ReadAllAsync(content));
                }
            });
    }

    [Fact]
    public async Task The_note_before_dialling_survives_our_own_death_without_a_sync()
    {
        await using (ISpool spool = Open())
        {
            await spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
            int before = _disk.Operations;
            await spool.UpdateAsync(new SpoolId(1), new SpoolUpdate { Attempts = 1, NextAttempt = Samples.Start.AddHours(1) }, UpdateDurability.Process);
            Assert.Equal(1, _disk.Operations - before);
        }
        _disk = _disk.After(Crash.Kill, new Random(1));
        await using ISpool again = Open();
        Assert.Equal([new SpoolEntry(new SpoolId(1), Samples.Start.AddHours(1), 1)], await LoadAsync(again));
    }

    /// <summary>Crashes at the first, second, … operation of the act until it comes through; opens again each time and checks.</summary>
    private async Task EachStepAsync(Crash crash, Func<ISpool, Task> arrange, Func<ISpool, Task> act, Func<ISpool, List<SpoolEntry>, bool, Task> check)
    {
        int crashes = 0;
        for (int seed = 0; seed < (crash == Crash.PowerLossAnything ? 40 : 1); seed++)
        {
            bool promised = false;
            for (int n = 0; !promised; n++)
            {
                _disk = new SimulatedDisk();
                await using (ISpool spool = Open())
                {
                    await arrange(spool);
                    _disk.FailAfter(n);
                    try
                    {
                        await act(spool);
                        promised = true;
                    }
                    catch (IOException)
                    {
                        crashes++;
                    }
                }
                _disk = _disk.After(crash, new Random(seed * 1000 + n));
                await using ISpool again = Open();
                List<SpoolEntry> entries = await LoadAsync(again);
                // The sweeper left nothing but whole messages; and, where names became durable out of order, a control file alone.
                bool isControlAlone = !promised && crash == Crash.PowerLossAnything && entries.Count == 0 && _disk.Names.Count == 1;
                Assert.True(isControlAlone || _disk.Names.Count == entries.Count * 2, string.Join(' ', _disk.Names));
                await check(again, entries, promised);
            }
        }
        Assert.True(crashes > 0);
    }
}
