namespace MailAccess.Tables;

/// <summary>What a look-up came to.</summary>
public enum LookUpOutcome
{
    /// <summary>The table has the key.</summary>
    Found,
    /// <summary>It has not.</summary>
    NotFound,
    /// <summary>It cannot be asked now: a server is away, a file unreadable. Always temporary.</summary>
    Failed,
}

/// <summary>Where an answer stands, so that it can be told who decided.</summary>
/// <param name="Source">A file's full path; for what is no file, the table's name.</param>
/// <param name="Line">The line on which the entry begins, from 1; 0 where there are no lines.</param>
public sealed record TablePlace(string Source, int Line)
{
    /// <inheritdoc/>
    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;
}

/// <summary>Answer of <see cref="ILookUpTable.FindAsync"/>.</summary>
/// <param name="Outcome">What it came to.</param>
/// <param name="Value">The right-hand side, references to groups of a pattern filled in; set where found.</param>
/// <param name="Place">Where it stands; set where found.</param>
/// <param name="Error">For people: why it failed, without secrets; set where failed.</param>
public readonly record struct TableAnswer(LookUpOutcome Outcome, string? Value = null, TablePlace? Place = null, string? Error = null)
{
    /// <summary>Groups of a pattern stand in the value: parts of the key, which may be a stranger's words.</summary>
    public bool IsFilledIn { get; init; }

    /// <summary>The table has no such key.</summary>
    public static TableAnswer NotFound => new(LookUpOutcome.NotFound);
}

/// <summary>A table that is asked by key. Thread-safe; answers follow changes of what lies behind it without being told.</summary>
public interface ILookUpTable
{
    /// <summary>As configured: <c>hash:/etc/mail/virtusertable</c>. Without secrets.</summary>
    string Name { get; }

    /// <summary>
    /// Patterns, addresses: the whole key is asked for and nothing derived from it (no <c>@domain</c>, no parent domain, no local part alone),
    /// since a pattern can say that itself, and <c>$1</c> in an answer must not stand for half an address.
    /// </summary>
    bool TakesWholeKeysOnly { get; }

    /// <summary>Looks the key up, without regard to case. Never throws but for cancellation.</summary>
    ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>The same for a key that was derived from another one: half an address, a parent domain.</summary>
    ValueTask<TableAnswer> FindDerivedAsync(string key, CancellationToken cancellationToken) =>
        TakesWholeKeysOnly ? new(TableAnswer.NotFound) : FindAsync(key, cancellationToken);

    /// <summary>The keys of a text and where they stand; none of what cannot be listed: patterns, servers.</summary>
    IEnumerable<(string Key, TablePlace Place)> Entries => [];
}
