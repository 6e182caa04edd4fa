using MailAccess.Tables.Text;

namespace MailAccess.Tables.Lists;

/// <summary>
/// A list of names: Sendmail's classes, Postfix's match lists. The first item that fits decides; one with <c>!</c> decides that the key is not in the list.
/// The value is the item as written.
/// </summary>
internal sealed class ListTable(string name, IReadOnlyList<IListPart> parts) : ILookUpTable
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => parts.Count > 0 && parts.All(p => p.TakesWholeKeysOnly);

    /// <inheritdoc/>
    public async ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken) =>
        await FindAsync(parts, key, cancellationToken) ?? TableAnswer.NotFound;

    /// <summary>Null: no part decides.</summary>
    public static async ValueTask<TableAnswer?> FindAsync(IReadOnlyList<IListPart> parts, string key, CancellationToken cancellationToken)
    {
        foreach (IListPart part in parts)
        {
            if (await part.FindAsync(key, cancellationToken) is { } decided)
            {
                return decided;
            }
        }
        return null;
    }
}

/// <summary>One or several items of a list.</summary>
internal interface IListPart
{
    bool TakesWholeKeysOnly { get; }

    /// <summary>Null: the part does not decide; not found: an item with <c>!</c> decided.</summary>
    ValueTask<TableAnswer?> FindAsync(string key, CancellationToken cancellationToken);
}

/// <summary>Plain names in a row. Does not change once read.</summary>
internal sealed class NamesPart(string source) : IListPart
{
    private const string NegatedMark = "!";

    private readonly TextEntries _names = new();

    public bool TakesWholeKeysOnly => false;

    public void Add(string name, bool negated, int line, TableReport report) => _names.Add(name, negated ? NegatedMark : name, line, report);

    public ValueTask<TableAnswer?> FindAsync(string key, CancellationToken cancellationToken) => new(
        !_names.TryFind(key, out TextEntries.Entry entry) ? null
        : ReferenceEquals(entry.Value, NegatedMark) ? TableAnswer.NotFound
        : new TableAnswer(LookUpOutcome.Found, entry.Value, new TablePlace(source, entry.Line)));
}

/// <summary><c>type:table</c>: a key that the table has is in the list, whatever the value.</summary>
internal sealed class TablePart(ILookUpTable table, bool negated) : IListPart
{
    public bool TakesWholeKeysOnly => table.TakesWholeKeysOnly;

    public async ValueTask<TableAnswer?> FindAsync(string key, CancellationToken cancellationToken)
    {
        TableAnswer answer = await table.FindAsync(key, cancellationToken);
        return answer.Outcome switch
        {
            LookUpOutcome.NotFound => null,
            LookUpOutcome.Found when negated => TableAnswer.NotFound,
            _ => answer,
        };
    }
}

/// <summary><c>/file</c>: its items stand in the place of its name. With <c>!</c> before it, what it lists is not in the list.</summary>
internal sealed class FilePart(WatchedFile<IReadOnlyList<IListPart>> file, bool negated) : IListPart
{
    public bool TakesWholeKeysOnly => false;

    public async ValueTask<TableAnswer?> FindAsync(string key, CancellationToken cancellationToken)
    {
        TableAnswer? answer = await ListTable.FindAsync(file.Content, key, cancellationToken);
        return negated && answer is { Outcome: LookUpOutcome.Found } ? TableAnswer.NotFound
            : negated && answer is { Outcome: LookUpOutcome.NotFound } ? null
            : answer;
    }
}
