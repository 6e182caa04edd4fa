using System.Globalization;
using MailAccess.Queue;

namespace MailAccess.Server.Cli;

/// <summary>How many recipients wait for each domain, and how long: what <c>qshape</c> of Postfix shows.</summary>
internal sealed class DomainSummary(DateTimeOffset now)
{
    private const string Others = "(others)";
    private const int DomainsMax = 100_000;

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

    /// <summary>A row for each domain, the fullest first, below the sum of all; as JSON, an object a line without the sum.</summary>
    public async Task WriteAsync(TextWriter output, bool asJson)
    {
        IEnumerable<KeyValuePair<string, int[]>> domains = _domains.OrderByDescending(d => d.Value.Sum()).ThenBy(d => d.Key, StringComparer.Ordinal);
        if (asJson)
        {
            foreach ((string domain, int[] counts) in domains)
            {
                await output.WriteLineAsync(QueueJson.Line(new DomainCount(domain, counts.Sum(), counts.Index().ToDictionary(c => c.Index < Bounds.Length ? Heading(c.Index) : "more", c => c.Item))));
            }
            return;
        }
        int width = _domains.Keys.Append("TOTAL").Max(d => Math.Min(d.Length, 40));
        await output.WriteLineAsync(string.Concat(Enumerable.Range(0, Bounds.Length + 1).Select(c => Heading(c).PadLeft(7)).Prepend("       T").Prepend(new string(' ', width))));
        await output.WriteLineAsync(Row("TOTAL", [.. Enumerable.Range(0, Bounds.Length + 1).Select(c => _domains.Values.Sum(d => d[c]))], width));
        foreach ((string domain, int[] counts) in domains)
        {
            await output.WriteLineAsync(Row(domain, counts, width));
        }
    }

    private static string Heading(int column) =>
        column < Bounds.Length ? Bounds[column].ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Bounds[^1]}+");

    private static string Row(string domain, int[] counts, int width) =>
        string.Concat(counts.Select(c => Number(c, 7)).Prepend(Number(counts.Sum(), 8)).Prepend(QueueText.Clean(domain).PadLeft(width)));

    private static string Number(int number, int digits) => number.ToString(CultureInfo.InvariantCulture).PadLeft(digits);
}
