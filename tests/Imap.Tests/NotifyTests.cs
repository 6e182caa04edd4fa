using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using MailAccess.Store;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Imap.Tests;

/// <summary>A client that only listens to what NOTIFY tells knows at any time what is there. RFC 5465.</summary>
public sealed partial class NotifyTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Who_only_listens_knows_names_subscriptions_numbers_and_messages(int seed)
    {
        Random random = new(seed);
        await using ImapHost host = new(0);
        IMailAccount account = Value(await host.Store.OpenAccountAsync("alice", default));
        foreach (string name in new[] { "Keep", "a", "a/b" })
        {
            Value(await account.CreateAsync(Name(name), SpecialUse.None, default));
        }
        await using Listener client = new(host);
        await client.CommandAsync("LOGIN alice secret");
        await client.CommandAsync("NOTIFY SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))");
        foreach (string name in new[] { "INBOX", "Keep", "a", "a/b" })
        {
            await using IMailbox mailbox = Value(await account.OpenAsync(Name(name), default));
            client.Names[name] = $"{mailbox.MailboxId}";
        }
        int recognized = 0;
        for (int step = 0; step < 150; step++)
        {
            if (random.Next(12) == 0)
            {
                await client.SelectAsync(random.Next(3) switch { 0 => null, 1 => "INBOX", _ => "Keep" });
            }
            for (int i = random.Next(4); i >= 0; i--)
            {
                await ChangeAsync(host, account, random);
            }
            if (random.Next(6) == 0)
            {
                await client.ActAsync(random.Next(5), NewName(random), NewName(random));
            }
            if (random.Next(3) > 0)
            {
                continue;
            }
            await client.SettleAsync();
            recognized += await CheckAsync(account, client, $"seed {seed}, step {step}");
        }
        Assert.True(recognized > 100);
    }

    /// <summary>How many mailboxes the client knows to be the same that they were, under whatever name.</summary>
    private static async Task<int> CheckAsync(IMailAccount account, Listener client, string where)
    {
        int recognized = 0;
        IReadOnlyList<MailboxListing> listings = Value(await account.ListAsync(default));
        Assert.Equal((where, string.Join(' ', listings.Where(l => l.IsSelectable).Select(l => l.Name.Value).Order(StringComparer.Ordinal))),
            (where, string.Join(' ', client.Names.Keys.Order(StringComparer.Ordinal))));
        Assert.Equal((where, string.Join(' ', Value(await account.ListSubscriptionsAsync(default)).Select(n => n.Value).Order(StringComparer.Ordinal))),
            (where, string.Join(' ', client.Subscribed.Order(StringComparer.Ordinal))));
        foreach (MailboxListing listing in listings.Where(l => l.IsSelectable))
        {
            await using IMailbox mailbox = Value(await account.OpenAsync(listing.Name, default));
            MailboxSnapshot now = mailbox.Snapshot;
            if (client.Names[listing.Name.Value] is { } known)
            {
                Assert.Equal((where, listing.Name.Value, $"{mailbox.MailboxId}"), (where, listing.Name.Value, known));
                recognized++;
            }
            client.Names[listing.Name.Value] = $"{mailbox.MailboxId}"; // As if it had asked.
            if (client.Selected == listing.Name.Value)
            {
                Assert.Equal((where, string.Join(' ', Enumerable.Range(0, now.Count).Select(i => $"{now[i].Uid.Value}{((now[i].Flags & SystemFlags.Seen) != 0 ? "s" : "")}"))),
                    (where, string.Join(' ', client.Messages.Select(m => $"{m}{(client.Seen.Contains(m) ? "s" : "")}"))));
                continue;
            }
            string numbers = client.Numbers.GetValueOrDefault(listing.Name.Value, "nothing");
            Assert.Equal((where, listing.Name.Value, $"{now.Count} {now.UidNext} {(numbers == Listener.OfNew ? "?" : now.UidValidity)} {now.UnseenCount}"),
                (where, listing.Name.Value, numbers));
        }
        return recognized;
    }

    private static string NewName(Random random) => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => (char)('a' + random.Next(3))));

    private static async Task ChangeAsync(ImapHost host, IMailAccount account, Random random)
    {
        List<string> names = [.. Value(await account.ListAsync(default)).Where(l => l.IsSelectable).Select(l => l.Name.Value)];
        string some = names[random.Next(names.Count)];
        string other = NewName(random);
        bool isFixed = some is "INBOX" or "Keep";
        switch (random.Next(10))
        {
            case 0:
                await account.CreateAsync(Name(other), SpecialUse.None, default);
                break;
            case 1 when !isFixed:
                await account.DeleteAsync(Name(some), default);
                break;
            case 2 when some != "Keep" && (!isFixed || random.Next(4) == 0):
                await account.RenameAsync(Name(some), Name(other), default);
                break;
            case 3:
                await account.SetSubscribedAsync(Name(random.Next(2) == 0 ? some : other), random.Next(2) == 0, default);
                break;
            case < 7:
                await host.AppendAsync(some, "a: b\r\n\r\n"u8.ToArray());
                break;
            default:
                await using (IMailbox mailbox = Value(await account.OpenAsync(Name(some), default)))
                {
                    UidSet uid = UidSet.Of(new Uid((uint)random.Next(1, (int)mailbox.Snapshot.UidNext.Value + 1)));
                    if (random.Next(2) == 0)
                    {
                        Value(await mailbox.ExpungeAsync(uid, ExpungeScope.AllNamed, default));
                    }
                    else
                    {
                        Value(await mailbox.ChangeFlagsAsync(uid, random.Next(3) == 0 ? FlagOperation.Remove : FlagOperation.Add, SystemFlags.Seen, [], null, default));
                    }
                }
                break;
        }
    }

    private static MailboxName Name(string text) => MailboxName.TryParse(text, out MailboxName? name) ? name : throw new FormatException(text);

    private static T Value<T>(StoreResult<T> result) => result.TryGet(out T? value) ? value : throw new InvalidOperationException($"{result.Error}");

    /// <summary>What the client has heard.</summary>
    private sealed partial class Listener : IAsyncDisposable
    {
        /// <summary>What it knows of a mailbox that it has made.</summary>
        public const string OfNew = "0 1 ? 0";

        private readonly Channel<bool> _pulse = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private readonly InMemoryConnection _connection;
        private readonly Task<SessionEnd> _session;
        private int _tag;
        private string? _completed;
        private Action? _done;

        public Listener(ImapHost host)
        {
            _connection = new InMemoryConnection(host.Clock, () => _pulse.Writer.TryWrite(true));
            _session = host.Run(_connection);
        }

        /// <summary>With what identifies the mailbox, as long as that is known.</summary>
        public Dictionary<string, string?> Names { get; } = [];

        public HashSet<string> Subscribed { get; } = [];

        public Dictionary<string, string> Numbers { get; private set; } = [];

        public string? Selected { get; private set; }

        public List<uint> Messages { get; } = [];

        public HashSet<uint> Seen { get; } = [];

        public async Task SettleAsync()
        {
            while (!_connection.IsWaiting && !_session.IsCompleted)
            {
                await _pulse.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            }
            Assert.False(_session.IsCompleted);
            foreach (string line in Encoding.ASCII.GetString(_connection.TakeOutput()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
            {
                Follow(line);
            }
        }

        public async Task CommandAsync(string text)
        {
            await SettleAsync();
            string tag = $"t{++_tag}";
            _connection.Send(Encoding.ASCII.GetBytes($"{tag} {text}\r\n"));
            await SettleAsync();
            Assert.StartsWith($"{tag} OK", _completed, StringComparison.Ordinal);
        }

        /// <summary>Changes something itself; of that it hears nothing but whether it was done.</summary>
        public async Task ActAsync(int kind, string name, string other)
        {
            await SettleAsync();
            (string command, _done) = kind switch
            {
                0 => ($"CREATE {name}", () => (Names[name], Numbers[name]) = (null, OfNew)),
                1 => ($"DELETE {name}", () => Names.Remove(name)),
                2 => ($"SUBSCRIBE {name}", () => Subscribed.Add(name)),
                3 => ($"UNSUBSCRIBE {name}", () => Subscribed.Remove(name)),
                _ => ($"RENAME {name} {other}", (Action)(() => Move(name, other))),
            };
            _connection.Send(Encoding.ASCII.GetBytes($"t{++_tag} {command}\r\n"));
            await SettleAsync();
        }

        public async Task SelectAsync(string? name)
        {
            await SettleAsync();
            if (Selected is not null)
            {
                await CommandAsync("UNSELECT");
            }
            Selected = name;
            Messages.Clear();
            Seen.Clear();
            if (name is not null)
            {
                await CommandAsync($"SELECT {name}");
                await CommandAsync("UID FETCH 1:* (FLAGS)");
            }
        }

        public async ValueTask DisposeAsync()
        {
            _connection.CloseClientSide();
            await _session;
            await _connection.DisposeAsync();
        }

        private void Follow(string line)
        {
            if (line[0] != '*')
            {
                _completed = line;
                if (line.StartsWith($"t{_tag} OK", StringComparison.Ordinal))
                {
                    _done?.Invoke();
                }
                _done = null;
            }
            else if (Status().Match(line) is { Success: true } status)
            {
                Numbers[status.Groups[1].Value] = $"{status.Groups[2]} {status.Groups[3]} {status.Groups[4]} {status.Groups[5]}";
            }
            else if (List().Match(line) is { Success: true } list)
            {
                FollowList(list.Groups[1].Value, list.Groups[2].Value, list.Groups[3].Value);
            }
            else if (Exists().Match(line) is { Success: true } exists)
            {
                int count = int.Parse(exists.Groups[1].Value, CultureInfo.InvariantCulture);
                Assert.True(count >= Messages.Count);
                Messages.AddRange(new uint[count - Messages.Count]);
            }
            else if (Expunge().Match(line) is { Success: true } expunge)
            {
                Messages.RemoveAt(int.Parse(expunge.Groups[1].Value, CultureInfo.InvariantCulture) - 1);
            }
            else if (Fetch().Match(line) is { Success: true } fetch)
            {
                uint uid = uint.Parse(Uid().Match(fetch.Groups[2].Value).Groups[1].Value, CultureInfo.InvariantCulture);
                Messages[int.Parse(fetch.Groups[1].Value, CultureInfo.InvariantCulture) - 1] = uid;
                if (fetch.Groups[2].Value.Contains("FLAGS", StringComparison.Ordinal))
                {
                    _ = fetch.Groups[2].Value.Contains("\\Seen", StringComparison.Ordinal) ? Seen.Add(uid) : Seen.Remove(uid);
                }
            }
        }

        private void FollowList(string attributes, string name, string oldName)
        {
            if (oldName.Length > 0)
            {
                Move(oldName, name);
            }
            else if (attributes.Contains("\\NonExistent", StringComparison.Ordinal))
            {
                Names.Remove(name);
            }
            else if (!attributes.Contains("\\Noselect", StringComparison.Ordinal))
            {
                Names[name] = null; // It may have gone and come again.
            }
            _ = attributes.Contains("\\Subscribed", StringComparison.Ordinal) ? Subscribed.Add(name) : Subscribed.Remove(name);
        }

        private void Move(string from, string to)
        {
            Names[to] = null; // Whatever it was: it is another now.
            foreach ((string old, string? id) in Names.Where(n => from != "INBOX" && (n.Key == from || n.Key.StartsWith(from + "/", StringComparison.Ordinal))).ToList())
            {
                Names.Remove(old);
                Names[to + old[from.Length..]] = id;
            }
        }

        [GeneratedRegex("""^\* STATUS "([^"]+)" \(MESSAGES (\d+) UIDNEXT (\d+) UIDVALIDITY (\d+) UNSEEN (\d+) HIGHESTMODSEQ \d+\)$""")]
        private static partial Regex Status();

        [GeneratedRegex("""^\* LIST \(([^)]*)\) "/" "([^"]+)"(?: \("OLDNAME" \("([^"]+)"\)\))?$""")]
        private static partial Regex List();

        [GeneratedRegex(@"^\* (\d+) EXISTS$")]
        private static partial Regex Exists();

        [GeneratedRegex(@"^\* (\d+) EXPUNGE$")]
        private static partial Regex Expunge();

        [GeneratedRegex(@"^\* (\d+) FETCH \((.*)\)$")]
        private static partial Regex Fetch();

        [GeneratedRegex(@"UID (\d+)")]
        private static partial Regex Uid();
    }
}
