namespace MailAccess.Tables.Text;

/// <summary>A text file of keys and values.</summary>
internal sealed class TextTable(string name, WatchedFile<TextEntries> file) : ILookUpTable
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => false;

    /// <inheritdoc/>
    public IEnumerable<(string Key, TablePlace Place)> Entries => file.Content.All.Select(e => (e.Key, new TablePlace(file.Path, e.Value.Line)));

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) => new(
        file.Content.TryFind(key, out TextEntries.Entry entry)
            ? new TableAnswer(LookUpOutcome.Found, entry.Value, new TablePlace(file.Path, entry.Line))
            : TableAnswer.NotFound);
}
