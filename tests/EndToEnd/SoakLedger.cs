using System.Collections.Concurrent;

namespace MailAccess.EndToEnd;

/// <summary>
/// What the soak has asked for and what was acknowledged: of each message, by its token, how many copies there must be at least and may be at
/// most, and which UID it was ever seen under.
/// </summary>
internal sealed class SoakLedger
{
    private readonly ConcurrentDictionary<string, (int Least, int Most)> _copies = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Mailbox, string Uid), string> _uids = new();

    public int Tokens => _copies.Count;

    public string NewToken()
    {
        string token = Guid.NewGuid().ToString("N");
        _copies[token] = (0, 0);
        return token;
    }

    /// <summary>A copy may come into being from now on.</summary>
    public void MayAppear(string token) => Change(token, 0, 1);

    /// <summary>It was acknowledged.</summary>
    public void Appeared(string token) => Change(token, 1, 0);

    /// <summary>A copy may go from now on.</summary>
    public void MayGo(string token) => Change(token, -1, 0);

    /// <summary>That was acknowledged.</summary>
    public void Gone(string token) => Change(token, 0, -1);

    /// <summary>A UID means one message for ever; the mailbox's name has its UIDVALIDITY in it.</summary>
    public void Saw(string mailbox, string uid, string token)
    {
        string known = _uids.GetOrAdd((mailbox, uid), token);
        Assert.True(known == token, $"UID {uid} of {mailbox} was {known} and is {token}");
    }

    /// <summary>What is wrong with the messages found.</summary>
    public List<string> Compare(IEnumerable<string> found)
    {
        Dictionary<string, int> counts = found.GroupBy(t => t).ToDictionary(g => g.Key, g => g.Count());
        List<string> wrong = [.. counts.Keys.Where(t => !_copies.ContainsKey(t)).Select(t => $"{t} was never sent")];
        foreach ((string token, (int least, int most)) in _copies)
        {
            int count = counts.GetValueOrDefault(token);
            if (count < least || count > most)
            {
                wrong.Add($"{token} is there {count} times, not {least} to {most}");
            }
        }
        return wrong;
    }

    private void Change(string token, int least, int most) =>
        _copies.AddOrUpdate(token, (least, most), (_, c) => (c.Least + least, c.Most + most));
}
