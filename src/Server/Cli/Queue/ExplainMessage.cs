using System.Globalization;
using System.Text.RegularExpressions;

namespace MailAccess.Server.Cli;

/// <summary>Tells one message's life from the lines of a log: in order, with times since its first line, its reports followed to their own ids.</summary>
/// <remarks>Understands all forms in which the server writes lines for people (<c>log.format</c> text and maillog). Keeps the lines of messages only that it follows.</remarks>
internal sealed partial class ExplainMessage
{
    private const int LinesMax = 100_000;

    /// <summary>Lines looked back for what was said of a message before it was known that it is meant.</summary>
    private const int LookBack = 10_000;

    private readonly HashSet<string> _wanted;
    private readonly string? _messageId;
    private readonly List<(DateTimeOffset? At, string Id, string Text)> _found = [];
    private readonly Queue<(DateTimeOffset? At, string Id, string Text)> _passed = new();
    private readonly DateTimeOffset _now;
    private bool _isCut;

    /// <param name="name">A queue id, or a Message-ID in angle brackets.</param>
    /// <param name="now">For log lines without a year.</param>
    public ExplainMessage(string name, DateTimeOffset now)
    {
        _wanted = name.StartsWith('<') ? [] : [name];
        _messageId = name.StartsWith('<') ? name : null;
        _now = now;
    }

    /// <summary>A line of the log, in its order.</summary>
    public void Read(string line)
    {
        if (Line().Match(line) is not { Success: true } match)
        {
            return;
        }
        string id = match.Groups["id"].Value;
        string text = match.Groups["text"].Value;
        if (_messageId is not null && text == $"message-id={_messageId}")
        {
            Follow(id);
        }
        if (!_wanted.Contains(id))
        {
            _passed.Enqueue((Time(match.Groups["stamp"].Value), id, text));
            if (_passed.Count > LookBack)
            {
                _passed.Dequeue();
            }
            return;
        }
        if (_found.Count >= LinesMax)
        {
            _isCut = true;
            return;
        }
        if (Report().Match(text) is { Success: true } report)
        {
            Follow(report.Groups["id"].Value); // A report is made before it is mentioned.
        }
        _found.Add((Time(match.Groups["stamp"].Value), id, text));
    }

    /// <summary>What was found; null: nothing.</summary>
    public string? Tell()
    {
        if (_found.Count == 0)
        {
            return null;
        }
        DateTimeOffset? start = _found[0].At;
        string first = _found[0].Id;
        return string.Concat(_found.Select(f =>
        {
            string since = f.At is { } at && start is { } begun ? "+" + QueueText.Age(at - begun) : "?";
            string indent = f.Id == first ? "" : "  ";
            return string.Create(CultureInfo.InvariantCulture, $"{since,6}  {indent}{f.Id}: {QueueText.Clean(f.Text)}\n");
        }).Append(_isCut ? $"there is more: only the first {LinesMax} lines are told\n" : "").Prepend($"{(start is { } s ? s.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "")}\n"));
    }

    private void Follow(string id)
    {
        if (_wanted.Add(id))
        {
            _found.AddRange(_passed.Where(p => p.Id == id));
        }
    }

    private DateTimeOffset? Time(string stamp)
    {
        if (DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) && stamp.Contains('T', StringComparison.Ordinal))
        {
            return at;
        }
        string dated = $"{_now.Year} {stamp.Replace("  ", " ", StringComparison.Ordinal)}";
        if (!DateTimeOffset.TryParseExact(dated, "yyyy MMM d HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at))
        {
            return null;
        }
        return at > _now.AddDays(1) ? at.AddYears(-1) : at; // In January, December is of the year before. A day more, for stamps are in the local zone.
    }

    // stamp host program[process]: id: text, or stamp category: id: text
    [GeneratedRegex(@"^(?<stamp>\d{4}-\S+|[A-Z][a-z]{2} [ \d]\d [\d:]{8}) (?:\S+ )?\S+: (?:(?:warning|error|fatal): )?(?<id>[0-9a-hjkmnp-tv-z]{11}): (?<text>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    [GeneratedRegex("notification: (?<id>[0-9a-hjkmnp-tv-z]{11})$", RegexOptions.CultureInvariant)]
    private static partial Regex Report();
}
