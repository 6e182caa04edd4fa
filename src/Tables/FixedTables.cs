using MailAccess.Tables.Text;

namespace MailAccess.Tables;

/// <summary><c>static:VALUE</c>: the same answer to every key.</summary>
internal sealed class StaticTable(string name, string value) : ILookUpTable
{
    private readonly TableAnswer _answer = new(LookUpOutcome.Found, value, new TablePlace(name, 0));

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => false;

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) => new(_answer);
}

/// <summary><c>inline:{ {key = value}, k2=v2 }</c>: a table in its own name.</summary>
internal sealed class InlineTable : ILookUpTable
{
    private readonly TextEntries _entries = new();
    private readonly TablePlace _place;

    private InlineTable(string name) => _place = new TablePlace(name, 0);

    /// <inheritdoc/>
    public string Name => _place.Source;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => false;

    /// <inheritdoc/>
    public IEnumerable<(string Key, TablePlace Place)> Entries => _entries.All.Select(e => (e.Key, _place));

    public static InlineTable? Parse(string name, string argument, out string? error)
    {
        InlineTable table = new(name);
        if (!Braces.TryUnwrap(argument, out string content))
        {
            error = $"{name}: the entries stand in braces: inline:{{ {{key = value}}, {{key2 = value2}} }}";
            return null;
        }
        foreach (string item in Braces.Split(content))
        {
            string entry = Braces.TryUnwrap(item, out string inner) ? inner : item;
            int sign = entry.IndexOf('=', StringComparison.Ordinal);
            string key = sign < 0 ? "" : entry[..sign].Trim(LogicalLines.Spaces);
            if (key.Length == 0)
            {
                error = $"{name}: {item} is no entry; one is key=value, or {{key = value}} where there is white space or a comma in it";
                return null;
            }
            table._entries.Add(key, entry[(sign + 1)..].Trim(LogicalLines.Spaces), 0, new TableReport());
        }
        error = null;
        return table;
    }

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) =>
        new(_entries.TryFind(key, out TextEntries.Entry entry) ? new TableAnswer(LookUpOutcome.Found, entry.Value, _place) : TableAnswer.NotFound);
}
