namespace MailAccess.Tables.Patterns;

/// <summary>
/// Whether a pattern of the framework's is cheap for the engine that backtracks. The one that does not takes linear time for any pattern, but nearly a
/// megabyte and some milliseconds for each, and tables have thousands.
/// </summary>
internal static class PatternCost
{
    private const int RepetitionsMax = 2;
    private const int OptionsMax = 6;

    /// <summary>At most so many repetitions that quadratic time follows, none of a group, few optional pieces, and no construct but plain groups.</summary>
    public static bool IsCheap(string pattern)
    {
        // Where it is not tied to the beginning, each place of the key is one to begin at.
        int repetitions = pattern.StartsWith('^') || pattern.StartsWith(@"\A", StringComparison.Ordinal) ? 0 : 1;
        int options = 0;
        bool isGroup = false; // What stands before is one.
        bool isQuantified = false;
        for (int at = 0; at < pattern.Length; at++)
        {
            char c = pattern[at];
            if (c is '*' or '+' or '?' && isQuantified)
            {
                isQuantified = false; // Takes little.
                continue;
            }
            switch (c)
            {
                case '*' or '+':
                    repetitions++;
                    break;
                case '?':
                    options++;
                    break;
                case '{' when ReadBounds(pattern, at, out int end) is { } spread:
                    repetitions += spread > OptionsMax ? 1 : 0;
                    options += spread > OptionsMax ? 0 : spread;
                    at = end;
                    break;
                default:
                    isGroup = c == ')';
                    isQuantified = false;
                    if (c == '(' && at + 1 < pattern.Length && pattern[at + 1] == '?')
                    {
                        if (string.CompareOrdinal(pattern, at, "(?:", 0, 3) != 0)
                        {
                            return false;
                        }
                        at += 2;
                    }
                    at = c == '[' ? EndOfClass(pattern, at) : c == '\\' ? at + 1 : at;
                    continue;
            }
            if ((isGroup && c != '?') || repetitions > RepetitionsMax || options > OptionsMax)
            {
                return false;
            }
            isQuantified = true;
        }
        return true;
    }

    private static int EndOfClass(string pattern, int at)
    {
        for (at++; at < pattern.Length && pattern[at] != ']'; at++)
        {
            at += pattern[at] == '\\' ? 1 : 0;
        }
        return at;
    }

    /// <summary>Of <c>{2,5}</c> 3, of <c>{2,}</c> very many; null: these are no bounds.</summary>
    private static int? ReadBounds(string pattern, int at, out int end)
    {
        end = pattern.IndexOf('}', at);
        if (end < 0)
        {
            return null;
        }
        string[] bounds = pattern[(at + 1)..end].Split(',');
        return bounds.Length > 2 || !int.TryParse(bounds[0], out int low) ? null
            : bounds.Length == 1 ? 0
            : bounds[1].Length == 0 ? int.MaxValue
            : int.TryParse(bounds[1], out int high) ? high - low : null;
    }
}
