using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>The tables of one purpose, asked in their order.</summary>
/// <param name="Key">The configuration key that names them: <c>routing.virtualAliases</c>.</param>
/// <param name="Tables">None: nothing is ever found.</param>
public sealed record RoutingTables(string Key, IReadOnlyList<ILookUpTable> Tables)
{
    /// <summary>No tables.</summary>
    public static readonly RoutingTables None = new("", []);

    /// <summary>The first key is no whole one either.</summary>
    internal bool HasDerivedKeysOnly { get; init; }

    /// <summary>Nothing is ever found.</summary>
    internal bool IsEmpty => Tables.Count == 0;

    /// <summary>
    /// Each key in turn, in each of its forms, of each table in turn, until one has it or one cannot be asked: a table is never passed over, since what
    /// stands in the next one is not what its owner wanted then. Tables that take whole keys alone are asked for the first one.
    /// </summary>
    public async ValueTask<TableHit> FindAsync(IReadOnlyList<LookUpKey> keys, CancellationToken cancellationToken)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            TableHit hit = await FindAsync(keys[i].Text, i, cancellationToken);
            if (hit.Table is null && keys[i].Unicode is { } unicode)
            {
                hit = await FindAsync(unicode, i, cancellationToken);
            }
            if (hit.Table is not null)
            {
                return hit;
            }
        }
        return default;
    }

    private async ValueTask<TableHit> FindAsync(string key, int index, CancellationToken cancellationToken)
    {
        foreach (ILookUpTable table in Tables)
        {
            TableAnswer answer = index > 0 || HasDerivedKeysOnly ? await table.FindDerivedAsync(key, cancellationToken) : await table.FindAsync(key, cancellationToken);
            if (answer.Outcome != LookUpOutcome.NotFound)
            {
                return new TableHit(answer, index, table);
            }
        }
        return default;
    }
}

/// <summary>What <see cref="RoutingTables.FindAsync"/> came to; the default: nothing found.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="KeyIndex">Which of the keys it was.</param>
/// <param name="Table">Whose answer it is; null where nothing was found.</param>
public readonly record struct TableHit(TableAnswer Answer, int KeyIndex, ILookUpTable? Table)
{
    /// <summary>A table has one of the keys.</summary>
    public bool IsFound => Table is not null && Answer.Outcome == LookUpOutcome.Found;

    /// <summary>A table cannot be asked now.</summary>
    public bool IsFailed => Table is not null && Answer.Outcome == LookUpOutcome.Failed;

    /// <summary>Where <see cref="IsFailed"/>: which table, and why; for people, without secrets.</summary>
    public string Problem => $"{Table!.Name}: {Answer.Error}";

    /// <summary>What was found, without space around it.</summary>
    public string Value => Answer.Value!.Trim();
}
