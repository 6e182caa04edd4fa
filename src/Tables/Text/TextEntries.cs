namespace MailAccess.Tables.Text;

/// <summary>The content of a text table: keys in lower case, with values and lines. Does not change once read.</summary>
internal sealed class TextEntries
{
    private const int ShortKeyLength = 256;

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private string _lastValue = "";

    public TextEntries() => _bySpan = _entries.GetAlternateLookup<ReadOnlySpan<char>>();

    public readonly record struct Entry(string Value, int Line);

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<string, Entry>> All => _entries;

    /// <summary>The first entry of a key counts, as in postmap(1).</summary>
    public void Add(string key, string value, int line, TableReport report)
    {
        _lastValue = value == _lastValue ? _lastValue : value; // Tables of names have one value throughout: it is kept once.
        if (!_entries.TryAdd(key.ToLowerInvariant(), new Entry(_lastValue, line)))
        {
            report.Wonder(line, $"{key} is here a second time; line {_entries[key.ToLowerInvariant()].Line} counts");
        }
    }

    public bool TryFind(string key, out Entry entry)
    {
        if (key.Length > ShortKeyLength)
        {
            return _entries.TryGetValue(key.ToLowerInvariant(), out entry);
        }
        Span<char> lower = stackalloc char[ShortKeyLength];
        return _bySpan.TryGetValue(lower[..key.AsSpan().ToLowerInvariant(lower)], out entry);
    }
}
