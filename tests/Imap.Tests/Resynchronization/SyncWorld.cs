using System.Globalization;
using System.Text;
using MailAccess.Store;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests.Resynchronization;

/// <summary>A mailbox, clients of every kind that change it, and other programs that do too: everything by one random number generator.</summary>
internal sealed class SyncWorld : IAsyncDisposable
{
    private static readonly string[] Flags = ["\\Seen", "\\Flagged", "\\Deleted", "$A", "$B"];

    private readonly IMailStore _store;
    private readonly Random _random;
    private readonly IMailAccount _account;
    private readonly IMailbox _inbox;

    private SyncWorld(IMailStore store, IMailAccount account, IMailbox inbox, TimeProvider clock, int seed)
    {
        _store = store;
        _account = account;
        _inbox = inbox;
        _random = new Random(seed);
        ImapSessionFactory factory = new(new TestAuthenticator(allowsPlaintextWithoutTls: true), store, new ImapOptions(), clock, new LogRecorder());
        SyncKind[] kinds = [SyncKind.QResync, SyncKind.CondStore, SyncKind.Plain, SyncKind.QResync];
        Clients = [.. kinds.Select((k, i) => new SyncClient(k, factory.RunAsync, clock, new Random(seed + (1000 * (i + 1)))))];
    }

    public IReadOnlyList<SyncClient> Clients { get; }

    public static async Task<SyncWorld> OpenAsync(IMailStore store, TimeProvider clock, int seed)
    {
        IMailAccount account = Value(await store.OpenAccountAsync("alice", default));
        Assert.True(MailboxName.TryParse("Other", out MailboxName? other));
        Value(await account.CreateAsync(other, SpecialUse.None, default));
        SyncWorld world = new(store, account, Value(await account.OpenAsync(MailboxName.Inbox, default)), clock, seed);
        await world.AppendAsync(12);
        return world;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SyncClient client in Clients)
        {
            await client.DisposeAsync();
        }
        await _inbox.DisposeAsync();
        await _account.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>One after the other. After a NOOP, and after each synchronization, a client knows exactly what is there.</summary>
    public async Task PlayAsync(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            if (_random.Next(3) == 0)
            {
                await DisturbAsync(_random);
                continue;
            }
            SyncClient client = Clients[_random.Next(Clients.Count)];
            await StepAsync(client, _random, isAlone: true);
        }
        await VerifyAllAsync();
    }

    /// <summary>All at the same time; what they know is looked at in the end.</summary>
    public async Task PlayAtOnceAsync(int rounds, int steps)
    {
        for (int round = 0; round < rounds; round++)
        {
            await Task.WhenAll(Clients.Select(c => RunManyAsync(c, new Random(_random.Next()), steps)).Append(DisturbManyAsync(new Random(_random.Next()), steps)));
            await VerifyAllAsync();
        }
    }

    private static T Value<T>(StoreResult<T> result) =>
        result.TryGet(out T? value) ? value : throw new InvalidOperationException($"the store said {result.Error}");

    private async Task RunManyAsync(SyncClient client, Random random, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            await StepAsync(client, random, isAlone: false);
        }
    }

    private async Task DisturbManyAsync(Random random, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            await DisturbAsync(random);
            await Task.Yield();
        }
    }

    private async Task StepAsync(SyncClient client, Random random, bool isAlone)
    {
        if (!client.IsConnected || random.Next(12) == 0)
        {
            if (await client.SynchronizeAsync(mayBreak: true) && isAlone)
            {
                Verify(client);
            }
            return;
        }
        if (random.Next(3) > 0 && !await client.LearnNewAsync(isSynchronizing: false, mayBreak: true))
        {
            return;
        }
        (string command, Action<string>? then) = Command(client, random);
        if (await client.RunAsync(command, mayBreak: true, beforeCompletion: then) && isAlone && command == "NOOP"
            && await client.LearnNewAsync(isSynchronizing: false, mayBreak: true))
        {
            Verify(client);
        }
    }

    private static (string Command, Action<string>? Then) Command(SyncClient client, Random random)
    {
        SyncCache cache = client.Cache;
        int[] known = [.. Enumerable.Range(1, cache.Numbers.Count).Where(n => cache.Numbers[n - 1] is not null)];
        int kind = random.Next(known.Length > 0 ? 20 : 4);
        int[] chosen = known.Length == 0 ? [] : [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => known[random.Next(known.Length)]).Distinct()];
        bool byUid = random.Next(2) == 0;
        string set = string.Join(',', chosen.Select(n => byUid ? cache.Numbers[n - 1] ?? 0 : (uint)n));
        string uid = byUid ? "UID " : "";
        string highest = cache.HighestModSeq.ToString(CultureInfo.InvariantCulture);
        bool isAware = client.Kind != SyncKind.Plain;
        return kind switch
        {
            < 2 => ("NOOP", null),
            2 => ("IDLE", null),
            3 => ("APPEND INBOX (\\Seen $A) {12+}\r\nSubject: x\r\n", null),
            4 => ("EXPUNGE", null),
            5 => (byUid ? $"UID EXPUNGE {set}" : "CHECK", null),
            6 => ($"{uid}MOVE {set} {(random.Next(3) == 0 ? "INBOX" : "Other")}", null),
            7 => ($"{uid}COPY {set} INBOX", null),
            8 => ($"{uid}FETCH {set} (FLAGS{(isAware ? " MODSEQ" : "")})", null),
            9 => ($"{uid}FETCH {set} BODY[99]", null), // There is no such part, and looking for it sets \Seen.
            10 => ($"{uid}FETCH 1:* ({(isAware ? $"FLAGS UID) (CHANGEDSINCE {highest}" : "FLAGS")})", null),
            11 when client.Kind == SyncKind.QResync => ($"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {highest} VANISHED)", null),
            12 => ($"{uid}SEARCH 1:* UNSEEN{(isAware && random.Next(2) == 0 ? $" MODSEQ {highest}" : "")}", null),
            13 => ("UID SEARCH UID 1:*", null),
            _ => StoreCommand(cache, random, uid, set, [.. chosen.Select(n => cache.Numbers[n - 1] ?? 0)], isAware ? highest : null),
        };
    }

    private static (string Command, Action<string>? Then) StoreCommand(
        SyncCache cache, Random random, string uid, string set, uint[] uids, string? highest)
    {
        string sign = random.Next(4) switch { 0 => "", 1 => "-", _ => "+" };
        string[] flags = [.. Flags.Where(_ => random.Next(Flags.Length) < 2)];
        bool isSilent = random.Next(2) == 0;
        string condition = highest is not null && random.Next(2) == 0 ? $" (UNCHANGEDSINCE {(random.Next(5) == 0 ? "0" : highest)})" : "";
        string command = $"{uid}STORE {set}{condition} {sign}FLAGS{(isSilent ? ".SILENT" : "")} ({string.Join(' ', flags)})";
        return (command, completion =>
        {
            // What the server does not tell in answer to .SILENT the client reckons itself. RFC 3501 §6.4.6.
            foreach (uint of in isSilent && completion.Contains(" OK ", StringComparison.Ordinal) ? uids : [])
            {
                if (!cache.ToldFlags.Contains(of) && cache.Messages.TryGetValue(of, out string? had))
                {
                    IEnumerable<string> before = had.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    cache.Messages[of] = SyncCache.Canonical(sign switch
                    {
                        "+" => before.Union(flags),
                        "-" => before.Except(flags),
                        _ => flags,
                    });
                }
            }
        }
        );
    }

    /// <summary>Other programs, or sessions that nobody watches.</summary>
    private async Task DisturbAsync(Random random)
    {
        MailboxSnapshot now = _inbox.Snapshot;
        if (now.Count < 4 || (now.Count < 12 && random.Next(4) == 0))
        {
            await AppendAsync(random.Next(1, 3));
            return;
        }
        UidSet some = UidSet.FromUids(Enumerable.Range(0, random.Next(1, 4)).Select(_ => now[random.Next(now.Count)].Uid));
        if (random.Next(3) == 0)
        {
            Value(await _inbox.ExpungeAsync(some, ExpungeScope.AllNamed, default));
            return;
        }
        // Few flags, so that what one sets another takes back.
        Value(await _inbox.ChangeFlagsAsync(
            some, (FlagOperation)random.Next(3), random.Next(2) == 0 ? SystemFlags.Flagged : SystemFlags.None, random.Next(2) == 0 ? ["$A"] : [], null, default));
    }

    private async Task AppendAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await using IStagedMessage message = Value(await _store.StageAsync(0, default));
            Value(await message.WriteAsync(Encoding.ASCII.GetBytes(ImapHost.SampleMessage(i)), default));
            Value(await message.CompleteAsync(default));
            Value(await _inbox.AppendAsync([new MessageToAppend { Message = message }], default));
        }
    }

    private async Task VerifyAllAsync()
    {
        foreach (SyncClient client in Clients)
        {
            if (client.IsConnected && await client.RunAsync("NOOP") && await client.LearnNewAsync(isSynchronizing: false, mayBreak: false))
            {
                Verify(client);
            }
            Assert.True(await client.SynchronizeAsync(mayBreak: false));
            Verify(client);
        }
    }

    private void Verify(SyncClient client)
    {
        MailboxSnapshot now = _inbox.Snapshot;
        string there = string.Join('\n', Enumerable.Range(0, now.Count).Select(i => $"{now[i].Uid} {SyncCache.Canonical(NamesOf(now[i], now.Keywords))}"));
        string known = string.Join('\n', client.Cache.Messages.Select(m => $"{m.Key} {m.Value}"));
        if (there != known)
        {
            client.Fail($"there is:\n{there}\nknown is:\n{known}\n");
        }
    }

    private static IEnumerable<string> NamesOf(MessageRecord record, KeywordTable keywords) =>
        Enum.GetValues<SystemFlags>().Where(f => f != SystemFlags.None && (record.Flags & f) != 0).Select(f => "\\" + f).Concat(keywords.NamesOf(record.Keywords));
}
