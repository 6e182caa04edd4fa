namespace MailAccess.Store.Tests;

/// <summary>Snapshots and their differences against a slow obvious model.</summary>
public sealed class MailboxDifferenceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_histories_agree_with_a_plain_list(int seed)
    {
        var random = new Random(seed);
        List<MessageRecord> model = [];
        MailboxSnapshot snapshot = SnapshotBuilder.Empty(new UidValidity(7));
        List<(MailboxSnapshot Snapshot, List<MessageRecord> Model)> history = [(snapshot, [])];
        for (int step = 0; step < 300; step++)
        {
            snapshot = Step(random, snapshot, model);
            history.Add((snapshot, [.. model]));
        }
        foreach ((MailboxSnapshot state, List<MessageRecord> expected) in history)
        {
            AssertSame(expected, state);
        }
        for (int i = 0; i < 500; i++)
        {
            int older = random.Next(history.Count);
            int newer = random.Next(older, history.Count);
            AssertDifference(history[older], history[newer]);
        }
    }

    [Fact]
    public void A_flag_change_shares_all_chunks_but_one()
    {
        var builder = new SnapshotBuilder(SnapshotBuilder.Empty(new UidValidity(1)));
        for (uint uid = 1; uid <= 10_000; uid++)
        {
            builder.Append(new MessageRecord { Uid = new Uid(uid), Octets = 1 });
        }
        MailboxSnapshot before = builder.Build();
        var change = new SnapshotBuilder(before);
        change.Update(5_000, before[5_000] with { Flags = SystemFlags.Seen, ModSeq = new ModSeq(9) });
        MailboxSnapshot after = change.Build();
        Assert.Equal(1, before.ChunkTable.Zip(after.ChunkTable).Count(p => !ReferenceEquals(p.First, p.Second)));
        Assert.Equal([5_000], MailboxDifference.Between(before, after).Changed.ToArray());
    }

    private static MailboxSnapshot Step(Random random, MailboxSnapshot snapshot, List<MessageRecord> model)
    {
        var builder = new SnapshotBuilder(snapshot) { HighestModSeq = new ModSeq(snapshot.HighestModSeq.Value + 1) };
        switch (random.Next(3))
        {
            case 0:
                for (int i = random.Next(1, random.Next(10) == 0 ? 900 : 20); i > 0; i--)
                {
                    var record = new MessageRecord
                    {
                        Uid = new Uid(builder.UidNext.Value + (uint)random.Next(3)),
                        Octets = random.Next(1000),
                        Flags = (SystemFlags)random.Next(32),
                        ModSeq = builder.HighestModSeq,
                    };
                    builder.Append(record);
                    model.Add(record);
                }
                break;
            case 1:
                foreach (int index in Some(random, model.Count))
                {
                    model[index] = model[index] with { Flags = (SystemFlags)random.Next(32), ModSeq = builder.HighestModSeq };
                    builder.Update(index, model[index]);
                }
                break;
            default:
                List<int> gone = Some(random, model.Count);
                builder.Remove(gone);
                HashSet<int> set = [.. gone];
                List<MessageRecord> kept = [.. model.Where((_, i) => !set.Contains(i))];
                model.Clear();
                model.AddRange(kept);
                break;
        }
        return builder.Build();
    }

    private static List<int> Some(Random random, int count)
    {
        int wanted = random.Next(8) == 0 ? count / 2 : Math.Min(count, random.Next(6));
        return [.. Enumerable.Range(0, wanted).Select(_ => random.Next(count)).Distinct().Order()];
    }

    private static void AssertSame(List<MessageRecord> expected, MailboxSnapshot state)
    {
        Assert.Equal(expected.Count, state.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i], state[i]);
            Assert.Equal(i, state.IndexOf(expected[i].Uid));
        }
        Assert.Equal(expected.Count(r => (r.Flags & SystemFlags.Seen) == 0), state.UnseenCount);
        Assert.Equal(expected.Count(r => (r.Flags & SystemFlags.Deleted) != 0), state.DeletedCount);
        Assert.Equal(expected.Sum(r => r.Octets), state.Octets);
        Assert.Equal(~state.Count, state.IndexOf(new Uid(uint.MaxValue)));
    }

    private static void AssertDifference((MailboxSnapshot Snapshot, List<MessageRecord> Model) older, (MailboxSnapshot Snapshot, List<MessageRecord> Model) newer)
    {
        MailboxDifference difference = MailboxDifference.Between(older.Snapshot, newer.Snapshot);
        HashSet<Uid> now = [.. newer.Model.Select(r => r.Uid)];
        Dictionary<Uid, MessageRecord> then = older.Model.ToDictionary(r => r.Uid);
        Assert.Equal(Indices(older.Model, r => !now.Contains(r.Uid)), difference.Expunged.ToArray());
        Assert.Equal(
            Indices(newer.Model, r => then.TryGetValue(r.Uid, out MessageRecord was) && was.ModSeq != r.ModSeq), difference.Changed.ToArray());
        Assert.Equal(newer.Model.Count(r => !then.ContainsKey(r.Uid)), difference.AppendedCount);
    }

    private static int[] Indices(List<MessageRecord> records, Func<MessageRecord, bool> wanted) =>
        [.. Enumerable.Range(0, records.Count).Where(i => wanted(records[i]))];
}
