using System.Globalization;
using System.Text;
using MailAccess.Queue;

namespace MailAccess.Server.Cli;

/// <summary>How many recipients wait for each domain, and how long: what <c>qshape</c> of Postfix shows.</summary>
internal sealed class DomainSummary(DateTimeOffset now)
{
    private const string Others = "(others)";
    private const int DomainsMax = 100_000;
    private const int RowsMax = 1_000;

    /// <summary>Minutes.</summary>
    private static readonly int[] Bounds = [5, 10, 20, 40, 80, 160, 320, 640, 1280];

    private readonly Dictionary<string, int[]> _domains = new(StringComparer.OrdinalIgnoreCase);

    public void Add(QueueEntry entry)
    {
        double minutes = (now - entry.Arrived).TotalMinutes;
        int column = Array.FindIndex(Bounds, b => minutes < b);
        foreach (QueueRecipient recipient in entry.Recipients.Where(r => r.IsPending))
        {
            string domain = recipient.Domain.Length > 0 ? recipient.Domain : "(local)";
            if (!_domains.TryGetValue(domain, out int[]? counts))
            {
                domain = _domains.Count < DomainsMax ? domain : Others;
                _domains[domain] = counts = _domains.GetValueOrDefault(domain) ?? new int[Bounds.Length + 1];
            }
            counts[column < 0 ? Bounds.Length : column]++;
        }
    }

    public override string ToString()
    {
        StringBuilder text = new();
        int width = _domains.Keys.Append("TOTAL").Max(d => Math.Min(d.Length, 40));
        text.Append(' ', width).Append("       T").AppendJoin("", Bounds.Select(b => b.ToString(CultureInfo.InvariantCulture).PadLeft(7)))
            .Append((Bounds[^1] + "+").PadLeft(7)).Append('\n');
        Row("TOTAL", [.. Enumerable.Range(0, Bounds.Length + 1).Select(c => _domains.Values.Sum(d => d[c]))]);
        foreach ((string domain, int[] counts) in _domains.OrderByDescending(d => d.Value.Sum()).ThenBy(d => d.Key, StringComparer.Ordinal).Take(RowsMax))
        {
            Row(domain, counts);
        }
        return text.ToString();

        void Row(string domain, int[] counts) => text.Append(QueueText.Clean(domain).PadLeft(width)).Append(Number(counts.Sum(), 8))
            .AppendJoin("", counts.Select(c => Number(c, 7))).Append('\n');

        static string Number(int number, int digits) => number.ToString(CultureInfo.InvariantCulture).PadLeft(digits);
    }
}
