namespace MailAccess.Tables.Combined;

/// <summary><c>pipemap:{…}</c>: the key is for the first table, and what a table says is the key for the next. Where one says nothing, nothing is found.</summary>
internal sealed class PipeTable(string name, IReadOnlyList<ILookUpTable> tables) : ILookUpTable
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => tables[0].TakesWholeKeysOnly;

    /// <inheritdoc/>
    public IEnumerable<(string Key, TablePlace Place)> Entries => tables[0].Entries;

    /// <inheritdoc/>
    public async ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) =>
        await FollowAsync(await tables[0].FindAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<TableAnswer> FindDerivedAsync(string key, CancellationToken cancellationToken) =>
        await FollowAsync(await tables[0].FindDerivedAsync(key, cancellationToken), cancellationToken);

    private async ValueTask<TableAnswer> FollowAsync(TableAnswer answer, CancellationToken cancellationToken)
    {
        bool isFilledIn = answer.IsFilledIn;
        for (int i = 1; i < tables.Count && answer.Outcome == LookUpOutcome.Found; i++)
        {
            answer = await tables[i].FindAsync(answer.Value!, cancellationToken);
            isFilledIn |= answer.IsFilledIn;
        }
        return answer with { IsFilledIn = isFilledIn };
    }
}
