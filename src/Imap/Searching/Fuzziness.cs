using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>How closely a message must meet the texts of FUZZY keys; the number is its relevancy. RFC 6203 §4.</summary>
internal enum Closeness
{
    /// <summary>The beginnings of at least half of the words.</summary>
    Half = 25,
    /// <summary>The beginning of every word, so that endings do not matter.</summary>
    Beginnings = 50,
    /// <summary>Every word, in any order.</summary>
    Words = 75,
    /// <summary>The text as it was written.</summary>
    Exact = 100,
}

/// <summary>
/// FUZZY keys: texts are met the better, the more of them is there. Other keys in them mean what they always do, RFC 6203 §5 lets a server decide.
/// </summary>
internal static class Fuzziness
{
    private const int WordsMax = 16;
    private const int EndingLength = 2;
    private const int BeginningMin = 4;

    /// <summary>There is a FUZZY key.</summary>
    public static bool IsIn(SearchKey key) => key is SearchKey.Fuzzy || key.Parts?.Any(IsIn) == true;

    /// <summary>The key without FUZZY, as everything that is close enough meets it.</summary>
    public static SearchKey Loosen(SearchKey key) => IsIn(key) ? At(key, Closeness.Half, isFuzzy: false) : key;

    /// <summary>The relevancy of messages that were found, 1 to 100, by index.</summary>
    public static async ValueTask<StoreResult<Dictionary<int, int>>> ScoreAsync(ImapServices services, SearchTarget target, SearchKey key, List<int> found)
    {
        Dictionary<int, int> scores = [];
        HashSet<int> left = [.. found];
        foreach (Closeness closeness in (Closeness[])[Closeness.Exact, Closeness.Words, Closeness.Beginnings])
        {
            SearchPlan plan = new(At(key, closeness, isFuzzy: false), target, services.Clock.GetUtcNow());
            SearchRun run = new(target, plan, services);
            foreach (int index in await run.RunAmongAsync(IndexRanges.FromRanges([.. left.Select(i => (i, i))]), CancellationToken.None))
            {
                scores[index] = (int)closeness;
                left.Remove(index);
            }
            if (run.Error != StoreError.None)
            {
                return run.Error;
            }
        }
        foreach (int index in left)
        {
            scores[index] = (int)Closeness.Half;
        }
        return scores;
    }

    private static SearchKey At(SearchKey key, Closeness closeness, bool isFuzzy) => key switch
    {
        SearchKey.Fuzzy fuzzy => At(fuzzy.Key, closeness, isFuzzy: true),
        SearchKey.Header header when isFuzzy => TextAt(header, header.Text, t => new SearchKey.Header(header.Name, t), closeness),
        SearchKey.Content content when isFuzzy => TextAt(content, content.Text, t => new SearchKey.Content(t, content.IncludesHeader), closeness),
        _ => key.WithParts(k => At(k, closeness, isFuzzy)),
    };

    private static SearchKey TextAt(SearchKey whole, string text, Func<string, SearchKey> keyOf, Closeness closeness)
    {
        List<string> words = WordsOf(text);
        if (closeness == Closeness.Exact || words.Count is 0 or > WordsMax)
        {
            return whole;
        }
        IReadOnlyList<SearchKey> keys = [.. words.Select(w => keyOf(closeness == Closeness.Words ? w : BeginningOf(w)))];
        return new SearchKey.AtLeast(keys, closeness == Closeness.Half ? (keys.Count + 1) / 2 : keys.Count);
    }

    /// <summary>Runs of letters and digits.</summary>
    public static List<string> WordsOf(string text)
    {
        List<string> words = [];
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && (char.IsLetterOrDigit(text[i]) || char.IsSurrogate(text[i])))
            {
                continue;
            }
            if (i > start)
            {
                words.Add(text[start..i]);
            }
            start = i + 1;
        }
        return words;
    }

    private static string BeginningOf(string word) =>
        word.Length - EndingLength < BeginningMin || char.IsSurrogate(word[^(EndingLength + 1)]) ? word : word[..^EndingLength];
}
