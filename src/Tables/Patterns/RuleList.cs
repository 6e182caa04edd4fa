using MailAccess.Tables.Text;

namespace MailAccess.Tables.Patterns;

/// <summary>What a key is compared with.</summary>
/// <typeparam name="TKey">The form in which a key is compared.</typeparam>
internal interface IRule<in TKey>
{
    /// <summary>The answer where the key fits; null: it does not fit.</summary>
    string? Answer(TKey key);

    /// <summary>Parts of the key stand in the answer.</summary>
    bool IsFilledIn { get; }
}

/// <summary>What a rule said, on which line.</summary>
internal readonly record struct RuleAnswer(string Value, int Line, bool IsFilledIn);

/// <summary>The first rule that fits answers; <c>if</c> and <c>endif</c> around some of them. Does not change once read.</summary>
internal sealed class RuleList<TKey>
{
    private readonly List<Row> _rows = [];

    /// <summary>A rule, or the <c>if</c> that guards the rows before <paramref name="End"/>.</summary>
    private readonly record struct Row(IRule<TKey> Rule, int Line, int End);

    /// <summary>Makes a rule of its text: pattern and result, or, where it is an <c>if</c>, the pattern alone. Null where there is an error.</summary>
    public delegate IRule<TKey>? RuleParser(string text, bool isCondition, out string? error);

    public int Count => _rows.Count;

    /// <returns>Null where there is an error.</returns>
    public static RuleList<TKey>? Parse(byte[] octets, TableReport report, RuleParser parse)
    {
        RuleList<TKey> list = new();
        Stack<int> open = new();
        LogicalLines lines = new(octets, report);
        while (report.Error is null && lines.MoveNext())
        {
            if (Word(lines.Text) is "endif")
            {
                if (lines.Text.Length > "endif".Length || !open.TryPop(out int condition))
                {
                    report.Fail(lines.Line, open.Count > 0 ? "endif stands alone on its line" : "endif without if");
                    break;
                }
                list._rows[condition] = list._rows[condition] with { End = list._rows.Count };
                continue;
            }
            bool isCondition = Word(lines.Text) is "if";
            string text = isCondition ? lines.Text[2..].TrimStart(LogicalLines.Spaces) : lines.Text;
            if (parse(text, isCondition, out string? error) is not { } rule)
            {
                report.Fail(lines.Line, error!);
                break;
            }
            if (isCondition)
            {
                open.Push(list._rows.Count);
            }
            list._rows.Add(new Row(rule, lines.Line, 0));
        }
        if (report.Error is null && open.TryPeek(out int unclosed))
        {
            report.Fail(list._rows[unclosed].Line, "if without endif");
        }
        return report.Error is null ? list : null;
    }

    public bool TryFind(TKey key, out RuleAnswer found)
    {
        for (int at = 0; at < _rows.Count;)
        {
            Row row = _rows[at];
            string? answer = row.Rule.Answer(key);
            if (row.End > 0)
            {
                at = answer is null ? row.End : at + 1;
                continue;
            }
            if (answer is not null)
            {
                found = new RuleAnswer(answer, row.Line, row.Rule.IsFilledIn);
                return true;
            }
            at++;
        }
        found = default;
        return false;
    }

    /// <summary>The keyword that the line begins with, in lower case; empty: none. <c>if/x/</c> needs no white space.</summary>
    private static string Word(string text)
    {
        int end = 0;
        while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
        {
            end++;
        }
        string word = text[..end].ToLowerInvariant();
        return word is "if" or "endif" ? word : "";
    }
}
