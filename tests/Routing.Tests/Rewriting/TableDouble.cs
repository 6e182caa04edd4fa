using MailAccess.Tables;

namespace MailAccess.Routing.Tests.Rewriting;

/// <summary>A table whose entries stand on lines 1, 2, …; or one that cannot be asked.</summary>
internal sealed class TableDouble(string name, params (string Key, string Value)[] entries) : ILookUpTable
{
    public string Name => $"texthash:{name}";

    public bool TakesWholeKeysOnly { get; init; }

    public bool IsDown { get; set; }

    public List<string> Asked { get; } = [];

    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
    {
        Asked.Add(key);
        if (IsDown)
        {
            return new(new TableAnswer(LookUpOutcome.Failed, Error: "no connection"));
        }
        int index = Array.FindIndex(entries, e => e.Key.Equals(key, StringComparison.OrdinalIgnoreCase));
        return new(index < 0 ? TableAnswer.NotFound : new TableAnswer(LookUpOutcome.Found, entries[index].Value, new TablePlace(name, index + 1)));
    }
}
