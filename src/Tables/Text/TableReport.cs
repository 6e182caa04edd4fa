namespace MailAccess.Tables.Text;

/// <summary>What a parser found wrong with a text.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Problem">For people.</param>
internal readonly record struct TableFault(int Line, string Problem);

/// <summary>Collects what is wrong with a text while it is read: the first error, because of which the text is refused, and the first doubt.</summary>
internal sealed class TableReport
{
    private TableFault? _doubt;
    private int _doubts;

    /// <summary>The text cannot be used.</summary>
    public TableFault? Error { get; private set; }

    /// <summary>Looks like a mistake, but has a meaning.</summary>
    public TableFault? Doubt => _doubt is { } first && _doubts > 1 ? first with { Problem = $"{first.Problem} (and {_doubts - 1} more like it)" } : _doubt;

    public void Fail(int line, string problem) => Error ??= new TableFault(line, problem);

    public void Wonder(int line, string problem)
    {
        _doubt ??= new TableFault(line, problem);
        _doubts++;
    }
}
