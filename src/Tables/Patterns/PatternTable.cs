using System.Text.RegularExpressions;
using MailAccess.Tables.Text;

namespace MailAccess.Tables.Patterns;

/// <summary>A table of regular expressions, <c>regexp:</c> or <c>pcre:</c>. The first that fits answers.</summary>
/// <param name="name">As configured.</param>
/// <param name="source">Where rules stand, for answers.</param>
/// <param name="rules">The rules as they are now.</param>
internal sealed class PatternTable(string name, string source, Func<RuleList<string>> rules) : ILookUpTable
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => true;

    public static RuleList<string>? Parse(byte[] octets, TableReport report, PatternKind kind, TimeSpan timeout) =>
        RuleList<string>.Parse(octets, report, (string text, bool isCondition, out string? error) => PatternRule.Parse(text, isCondition, kind, timeout, out error));

    /// <inheritdoc/>
    public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return new(rules().TryFind(key, out RuleAnswer found)
                ? new TableAnswer(LookUpOutcome.Found, found.Value, new TablePlace(source, found.Line)) { IsFilledIn = found.IsFilledIn }
                : TableAnswer.NotFound);
        }
        catch (RegexMatchTimeoutException late)
        {
            return new(new TableAnswer(LookUpOutcome.Failed, Error: $"{source}: a pattern takes longer than {late.MatchTimeout.TotalMilliseconds} ms for this key"));
        }
    }
}
