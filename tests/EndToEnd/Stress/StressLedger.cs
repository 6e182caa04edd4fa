using System.Collections.Concurrent;

namespace MailAccess.EndToEnd.Stress;

/// <summary>How messages may be treated, by the rest of their token divided by three.</summary>
internal enum StressKind
{
    /// <summary>May be deleted, copied and moved: nothing is known of how many there are.</summary>
    Deletable,
    /// <summary>May be copied and moved: it is there at least once.</summary>
    Copied,
    /// <summary>May be moved: it is there exactly once.</summary>
    Moved,
}

/// <summary>What all sessions agree on: each message's token, and which messages were acknowledged.</summary>
internal sealed class StressLedger
{
    private const int LastingMax = 200;

    private readonly ConcurrentDictionary<(string Mailbox, uint Uid), int> _tokens = new();
    private readonly ConcurrentDictionary<int, bool> _acknowledged = new();
    private int _last;
    private int _lasting;

    public static StressKind KindOf(int token) => (StressKind)(token % 3);

    /// <summary>The next one; where there is enough mail that stays, one that may be deleted.</summary>
    public int NewToken()
    {
        int token = Interlocked.Increment(ref _last);
        if (KindOf(token) != StressKind.Deletable && Interlocked.Increment(ref _lasting) > LastingMax)
        {
            while (KindOf(token) != StressKind.Deletable)
            {
                token = Interlocked.Increment(ref _last);
            }
        }
        return token;
    }

    public void Acknowledged(int token) => _acknowledged[token] = true;

    /// <summary>Null, or what is wrong: a UID names the same message for ever, in all sessions.</summary>
    public string? IsSame(string mailbox, uint uid, int token) =>
        _tokens.GetOrAdd((mailbox, uid), token) is int known && known != token ? $"UID {uid} of {mailbox} was message {known}, now it is {token}" : null;

    /// <summary>What is known of it.</summary>
    public int? TokenOf(string mailbox, uint uid) => _tokens.TryGetValue((mailbox, uid), out int token) ? token : null;

    /// <summary>Compares what was acknowledged with what is there, in all mailboxes together.</summary>
    public List<string> Compare(IReadOnlyCollection<int> found)
    {
        Dictionary<int, int> counts = found.GroupBy(t => t).ToDictionary(g => g.Key, g => g.Count());
        List<string> wrong = [];
        foreach (int token in _acknowledged.Keys.Where(t => KindOf(t) != StressKind.Deletable))
        {
            int count = counts.GetValueOrDefault(token);
            if (count == 0 || (count > 1 && KindOf(token) == StressKind.Moved))
            {
                wrong.Add($"message {token} is there {count} times");
            }
        }
        return wrong;
    }
}
