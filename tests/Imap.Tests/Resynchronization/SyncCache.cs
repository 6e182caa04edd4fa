using System.Globalization;
using System.Text.RegularExpressions;

namespace MailAccess.Imap.Tests.Resynchronization;

/// <summary>
/// What a client keeps of a mailbox, and what it does with each response: RFC 3501 §7, and RFC 7162 §6 for the mod-sequence up to which it believes
/// to know everything. A response that breaks a rule fails the test.
/// </summary>
internal sealed partial class SyncCache(Action<string> fail)
{
    private readonly List<uint?> _numbers = [];
    private readonly HashSet<uint> _toldFlags = [];
    private ulong _highestSeen;
    private ulong? _highestSaid;

    /// <summary>UIDs with their flags: what outlives the connection.</summary>
    public SortedDictionary<uint, string> Messages { get; } = [];

    public uint UidValidity { get; private set; }

    /// <summary>Everything up to this mod-sequence is known; 0: nothing was ever synchronized.</summary>
    public ulong HighestModSeq { get; private set; }

    /// <summary>All messages up to this UID were known once.</summary>
    public uint LastUid { get; private set; }

    /// <summary>UIDs by sequence number, as far as they have been told.</summary>
    public IReadOnlyList<uint?> Numbers => _numbers;

    /// <summary>Messages whose flags came since the last tagged response.</summary>
    public IReadOnlySet<uint> ToldFlags => _toldFlags;

    /// <summary>The connection shows mod-sequences and UIDs of itself.</summary>
    public bool IsAware { get; set; }

    /// <summary>The command that runs, in upper case, without tag.</summary>
    public string Running { get; set; } = "";

    /// <summary>Sequence numbers of messages whose UID or flags are not known.</summary>
    public IEnumerable<int> Unlearned =>
        Enumerable.Range(1, _numbers.Count).Where(n => _numbers[n - 1] is not { } uid || !Messages.ContainsKey(uid));

    /// <summary>A new connection: no number means anything any more.</summary>
    public void ForgetConnection()
    {
        _numbers.Clear();
        _toldFlags.Clear();
        _highestSeen = 0;
        _highestSaid = null;
    }

    /// <summary>After SELECT has told all that went: the messages of old are the first ones, in the order of their UIDs.</summary>
    public void NumberOld()
    {
        uint[] old = [.. Messages.Keys.Where(u => u <= LastUid)];
        Require(old.Length <= _numbers.Count, $"of {old.Length} messages {_numbers.Count} are left: {string.Join(' ', old)}");
        for (int i = 0; i < old.Length; i++)
        {
            Number(i + 1, old[i]);
        }
    }

    public void Take(string line)
    {
        if (Counted().Match(line) is { Success: true } counted)
        {
            TakeCounted(int.Parse(counted.Groups[1].Value, CultureInfo.InvariantCulture), counted.Groups[2].Value, counted.Groups[3].Value);
        }
        else if (Vanished().Match(line) is { Success: true } vanished)
        {
            Vanish(vanished.Groups[2].Value, isEarlier: vanished.Groups[1].Success);
        }
        else if (line.StartsWith("* SEARCH", StringComparison.Ordinal) && Running == "UID SEARCH ALL")
        {
            TakeAll([.. Digits().Matches(line).Select(m => Uid(m.Value))]);
        }
        foreach (Match code in Code().Matches(line))
        {
            ulong value = ulong.Parse(code.Groups[2].Value, CultureInfo.InvariantCulture);
            if (code.Groups[1].Value == "UIDVALIDITY")
            {
                UidValidity = (uint)value;
            }
            else
            {
                _highestSaid = value;
            }
        }
    }

    /// <summary>A tagged response: RFC 7162 §6. While it synchronizes, a client does not yet know what it is told to have heard of.</summary>
    public void Complete(bool isSynchronizing)
    {
        if (!isSynchronizing && HighestModSeq > 0)
        {
            HighestModSeq = _highestSaid ?? Math.Max(HighestModSeq, _highestSeen);
        }
        _highestSaid = isSynchronizing ? _highestSaid : null;
        _highestSeen = 0;
        _toldFlags.Clear();
    }

    /// <summary>Now it does.</summary>
    public void CompleteSynchronization()
    {
        HighestModSeq = _highestSaid ?? HighestModSeq;
        _highestSaid = null;
    }

    /// <summary>UID and flags of each message are known: no others can be in the cache.</summary>
    public void CompleteNumbers()
    {
        uint[] numbered = [.. _numbers.Select(n => n ?? 0)];
        Require(numbered.SequenceEqual(Messages.Keys), $"there are {string.Join(' ', numbered)}, and known are {string.Join(' ', Messages.Keys)}");
        LastUid = numbered.Length > 0 ? Math.Max(LastUid, numbered[^1]) : LastUid;
    }

    /// <summary>Flags in one order, without what belongs to a session.</summary>
    public static string Canonical(IEnumerable<string> flags) =>
        string.Join(' ', flags.Where(f => f != "\\Recent").Order(StringComparer.Ordinal));

    private void TakeAll(List<uint> uids)
    {
        Require(uids.Count == _numbers.Count, $"SEARCH finds {uids.Count} of {_numbers.Count} messages");
        for (int i = 0; i < uids.Count; i++)
        {
            Number(i + 1, uids[i]);
        }
        foreach (uint gone in Messages.Keys.Except(uids).ToList())
        {
            Messages.Remove(gone);
        }
    }

    private void TakeCounted(int number, string word, string rest)
    {
        switch (word)
        {
            case "EXISTS":
                Require(number >= _numbers.Count, $"EXISTS falls from {_numbers.Count} to {number}");
                _numbers.AddRange(Enumerable.Repeat<uint?>(null, number - _numbers.Count));
                break;
            case "EXPUNGE":
                RequireExpungesAllowed();
                Require(number >= 1 && number <= _numbers.Count, $"EXPUNGE {number} of {_numbers.Count}");
                if (_numbers[number - 1] is { } uid)
                {
                    Messages.Remove(uid);
                }
                _numbers.RemoveAt(number - 1);
                break;
            case "FETCH":
                Require(number >= 1 && number <= _numbers.Count, $"FETCH {number} of {_numbers.Count}");
                TakeFetch(number, rest);
                break;
        }
    }

    private void TakeFetch(int number, string items)
    {
        Match uid = UidItem().Match(items);
        Match flags = FlagsItem().Match(items);
        Match modSeq = ModSeqItem().Match(items);
        bool isAsked = Running.StartsWith("FETCH", StringComparison.Ordinal) || Running.StartsWith("UID FETCH", StringComparison.Ordinal);
        Require(isAsked || !IsAware || (uid.Success && modSeq.Success), $"FETCH without UID or MODSEQ: {items}");
        if (uid.Success)
        {
            Number(number, Uid(uid.Groups[1].Value));
        }
        if (_numbers[number - 1] is { } of && flags.Success)
        {
            Messages[of] = Canonical(flags.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            _toldFlags.Add(of);
        }
        if (modSeq.Success)
        {
            _highestSeen = Math.Max(_highestSeen, ulong.Parse(modSeq.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    private void Vanish(string set, bool isEarlier)
    {
        bool isAsked = Running.StartsWith("SELECT", StringComparison.Ordinal) || Running.Contains("VANISHED", StringComparison.Ordinal);
        Require(!isEarlier || isAsked, "VANISHED (EARLIER) without being asked for");
        foreach (string range in set.Split(','))
        {
            uint[] ends = [.. range.Split(':').Select(Uid)];
            for (uint uid = ends[0]; uid <= ends[^1]; uid++)
            {
                Messages.Remove(uid);
                int at = _numbers.IndexOf(uid);
                Require(!isEarlier || at < 0, $"VANISHED (EARLIER) {uid}, which is message {at + 1}");
                if (!isEarlier)
                {
                    // A message that is not learned yet has one of the unknown numbers behind the last lower UID.
                    RequireExpungesAllowed();
                    at = at < 0 ? _numbers.FindLastIndex(n => n < uid) + 1 : at;
                    Require(at < _numbers.Count && (_numbers[at] ?? uid) == uid, $"VANISHED {uid}, which is no message");
                    _numbers.RemoveAt(at);
                }
            }
        }
    }

    private void Number(int number, uint uid)
    {
        Require(_numbers[number - 1] is not { } known || known == uid, $"message {number} is {_numbers[number - 1]} and not {uid}");
        _numbers[number - 1] = uid;
    }

    private void RequireExpungesAllowed()
    {
        bool isForbidden = Running.Split(' ')[0] is "FETCH" or "STORE" or "SEARCH" or "SELECT"
            || Running.StartsWith("UID SEARCH 1:", StringComparison.Ordinal);
        Require(!isForbidden, $"messages go during {Running}");
    }

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            fail(otherwise);
        }
    }

    private static uint Uid(string digits) => uint.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\* ([0-9]+) (EXISTS|EXPUNGE|FETCH)(?: (.*))?$")]
    private static partial Regex Counted();

    [GeneratedRegex(@"^\* VANISHED (\(EARLIER\) )?(.*)$")]
    private static partial Regex Vanished();

    [GeneratedRegex(@"\[(UIDVALIDITY|HIGHESTMODSEQ) ([0-9]+)\]")]
    private static partial Regex Code();

    [GeneratedRegex(@"\bUID ([0-9]+)")]
    private static partial Regex UidItem();

    [GeneratedRegex(@"\bFLAGS \(([^)]*)\)")]
    private static partial Regex FlagsItem();

    [GeneratedRegex(@"\bMODSEQ \(([0-9]+)\)")]
    private static partial Regex ModSeqItem();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
