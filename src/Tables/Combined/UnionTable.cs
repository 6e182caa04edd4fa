namespace MailAccess.Tables.Combined;

/// <summary><c>unionmap:{…}</c>: what all of the tables say, with commas between. One that cannot be asked makes a failure of it.</summary>
internal sealed class UnionTable(string name, IReadOnlyList<ILookUpTable> tables) : ILookUpTable
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => tables.All(t => t.TakesWholeKeysOnly);

    /// <inheritdoc/>
    public IEnumerable<(string Key, TablePlace Place)> Entries => tables.SelectMany(t => t.Entries);

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) => FindAsync(t => t.FindAsync(key, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindDerivedAsync(string key, CancellationToken cancellationToken) => FindAsync(t => t.FindDerivedAsync(key, cancellationToken));

    private async ValueTask<TableAnswer> FindAsync(Func<ILookUpTable, ValueTask<TableAnswer>> ask)
    {
        List<TableAnswer> found = [];
        foreach (ILookUpTable table in tables)
        {
            TableAnswer answer = await ask(table);
            if (answer.Outcome == LookUpOutcome.Failed)
            {
                return answer;
            }
            if (answer.Outcome == LookUpOutcome.Found)
            {
                found.Add(answer);
            }
        }
        return found switch
        {
            [] => TableAnswer.NotFound,
            [var only] => only,
            _ => new TableAnswer(LookUpOutcome.Found, string.Join(',', found.Select(f => f.Value)), new TablePlace(name, 0)) { IsFilledIn = found.Any(f => f.IsFilledIn) },
        };
    }
}
