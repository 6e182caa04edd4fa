using System.Globalization;
using System.Text.RegularExpressions;

namespace MailAccess.EndToEnd.Stress;

/// <summary>
/// What one session was told of a mailbox, message by message; every untagged response is checked against it. RFC 3501 §5.5, §7.4.1; RFC 9051 §7.5.1.
/// </summary>
internal sealed partial class StressView(StressLedger ledger, string mailbox)
{
    private readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    /// <summary>Messages that came or went, since the mailbox was selected.</summary>
    public int Changes { get; private set; }

    /// <summary>The first message of which nothing is known; 0: there is none.</summary>
    public int FirstUnknown => _entries.FindIndex(e => e.Uid == 0) + 1;

    /// <summary>UID and flags of each message, as they were told.</summary>
    public string Text => string.Join('\n', _entries.Select(e => $"{e.Uid} {e.Flags}"));

    public IReadOnlyList<uint> Uids => [.. _entries.Where(e => e.Uid != 0).Select(e => e.Uid)];

    /// <summary>Takes one untagged response; null, or what is wrong with it.</summary>
    /// <param name="line">Without its literals' line ends.</param>
    /// <param name="mayExpunge">The command under way lets messages go.</param>
    /// <param name="byUid">VANISHED is expected instead of EXPUNGE.</param>
    public string? Take(string line, bool mayExpunge, bool byUid)
    {
        Match vanished = VanishedPattern().Match(line);
        if (vanished.Success)
        {
            return !byUid ? "VANISHED without QRESYNC" : !mayExpunge ? "VANISHED in a command that keeps numbers" : Vanish(vanished.Groups[1].Value);
        }
        Match numbered = NumberedPattern().Match(line);
        if (!numbered.Success)
        {
            return line.StartsWith("* BYE", StringComparison.Ordinal) ? "BYE" : null;
        }
        int number = int.Parse(numbered.Groups[1].Value, CultureInfo.InvariantCulture);
        switch (numbered.Groups[2].Value)
        {
            case "EXISTS":
                if (number < _entries.Count)
                {
                    return $"EXISTS {number} where there were {_entries.Count}";
                }
                Changes += number - _entries.Count;
                _entries.AddRange(Enumerable.Range(_entries.Count, number - _entries.Count).Select(_ => new Entry()));
                return null;
            case "EXPUNGE":
                if (byUid || !mayExpunge || number < 1 || number > _entries.Count)
                {
                    return byUid ? "EXPUNGE with QRESYNC" : mayExpunge ? $"EXPUNGE {number} of {_entries.Count}" : "EXPUNGE in a command that keeps numbers";
                }
                _entries.RemoveAt(number - 1);
                Changes++;
                return null;
            case "FETCH":
                return number < 1 || number > _entries.Count ? $"FETCH {number} of {_entries.Count}" : Fetch(number - 1, line);
            default:
                return null;
        }
    }

    /// <summary>What this session asked for without wanting to hear of it.</summary>
    public void Apply(IEnumerable<uint> uids, bool add, string[] flags)
    {
        foreach (Entry entry in _entries.Where(e => uids.Contains(e.Uid) && e.Flags is not null))
        {
            IEnumerable<string> now = entry.Flags!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            entry.Flags = Normalize(add ? now.Union(flags) : now.Except(flags));
        }
    }

    public static string Normalize(IEnumerable<string> flags) =>
        string.Join(' ', flags.Where(f => f != "\\Recent").Distinct().Order(StringComparer.Ordinal));

    private string? Vanish(string uids)
    {
        foreach (string range in uids.Split(','))
        {
            uint[] ends = [.. range.Split(':').Select(u => uint.Parse(u, CultureInfo.InvariantCulture))];
            for (uint uid = ends[0]; uid <= ends[^1]; uid++)
            {
                int at = _entries.FindIndex(e => e.Uid == uid);
                at = at < 0 ? _entries.FindIndex(e => e.Uid == 0) : at; // It was announced, and nobody has asked which it is.
                if (at < 0)
                {
                    return $"VANISHED {uid}, which was never there";
                }
                _entries.RemoveAt(at);
                Changes++;
            }
        }
        return null;
    }

    private string? Fetch(int at, string line)
    {
        Entry entry = _entries[at];
        if (UidPattern().Match(line) is { Success: true } said)
        {
            uint uid = uint.Parse(said.Groups[1].Value, CultureInfo.InvariantCulture);
            if (entry.Uid != 0 && entry.Uid != uid)
            {
                return $"message {at + 1} had UID {entry.Uid}, now it has {uid}";
            }
            if (entry.Uid == 0 && _entries.Take(at).Any(e => e.Uid >= uid))
            {
                return $"UID {uid} of message {at + 1} is not above those before it";
            }
            entry.Uid = uid;
        }
        if (FlagsPattern().Match(line) is { Success: true } flags)
        {
            entry.Flags = Normalize(flags.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            if (entry.Flags.Contains("$Pair1", StringComparison.Ordinal) != entry.Flags.Contains("$Pair2", StringComparison.Ordinal))
            {
                return "half of a change of two keywords is seen";
            }
        }
        if (ModSeqPattern().Match(line) is { Success: true } sequence)
        {
            long now = long.Parse(sequence.Groups[1].Value, CultureInfo.InvariantCulture);
            if (now < entry.ModSeq)
            {
                return $"the mod-sequence of message {at + 1} falls from {entry.ModSeq} to {now}";
            }
            entry.ModSeq = now;
        }
        return TokenPattern().Match(line) is { Success: true } token && entry.Uid != 0
            ? ledger.IsSame(mailbox, entry.Uid, int.Parse(token.Groups[1].Value, CultureInfo.InvariantCulture)) : null;
    }

    [GeneratedRegex(@"^\* (\d+) (EXISTS|EXPUNGE|FETCH)\b")]
    private static partial Regex NumberedPattern();

    [GeneratedRegex(@"^\* VANISHED ([\d:,]+)$")]
    private static partial Regex VanishedPattern();

    [GeneratedRegex(@"[( ]UID (\d+)")]
    private static partial Regex UidPattern();

    [GeneratedRegex(@"[( ]FLAGS \(([^)]*)\)")]
    private static partial Regex FlagsPattern();

    [GeneratedRegex(@"[( ]MODSEQ \((\d+)\)")]
    private static partial Regex ModSeqPattern();

    [GeneratedRegex(@"X-Stress: (\d+)")]
    private static partial Regex TokenPattern();

    private sealed class Entry
    {
        public uint Uid { get; set; }

        public string? Flags { get; set; }

        public long ModSeq { get; set; }
    }
}
