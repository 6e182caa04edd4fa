using MailAccess.Tables;

namespace MailAccess.Routing.Tests;

/// <summary>A table written in a test: lines of a key and a value; the line's number is where an answer stands.</summary>
internal sealed class MemoryTable : ILookUpTable
{
    private readonly Dictionary<string, (string Value, int Line)> _lines = new(StringComparer.OrdinalIgnoreCase);

    public MemoryTable(string name, params string[] lines)
    {
        Name = name;
        for (int i = 0; i < lines.Length; i++)
        {
            int end = lines[i].AsSpan().IndexOfAny(' ', '\t');
            _lines.TryAdd(end < 0 ? lines[i] : lines[i][..end], (end < 0 ? "" : lines[i][end..].Trim(), i + 1));
        }
    }

    public string Name { get; }

    public bool TakesWholeKeysOnly { get; init; }

    public bool IsDown { get; set; }

    public bool IsFilledIn { get; init; }

    public List<string> Asked { get; } = [];

    public static RoutingTables Of(string name, params string[] lines) => new("routing." + name, [new MemoryTable(name, lines)]);

    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
    {
        Asked.Add(key);
        return new(IsDown ? new TableAnswer(LookUpOutcome.Failed, Error: "down")
            : _lines.TryGetValue(key, out (string Value, int Line) found) ? new TableAnswer(LookUpOutcome.Found, found.Value, new TablePlace(Name, found.Line)) { IsFilledIn = IsFilledIn }
            : TableAnswer.NotFound);
    }
}
