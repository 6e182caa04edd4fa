using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Searching;
using MailAccess.Store;

namespace MailAccess.Imap.Sorting;

/// <summary>sort-key — RFC 5256 §5, RFC 5957 §5, RFC 6203 §7.</summary>
internal enum SortKey
{
    /// <summary>The internal date.</summary>
    Arrival,
    /// <summary>addr-mailbox of the first address.</summary>
    Cc,
    /// <summary>The sent date.</summary>
    Date,
    /// <inheritdoc cref="Cc"/>
    From,
    /// <summary>Octets.</summary>
    Size,
    /// <summary>The base subject.</summary>
    Subject,
    /// <inheritdoc cref="Cc"/>
    To,
    /// <summary>The first address as people see it.</summary>
    DisplayFrom,
    /// <inheritdoc cref="DisplayFrom"/>
    DisplayTo,
    /// <summary>The closest first: RFC 6203 §6.</summary>
    Relevancy,
}

/// <summary>sort-criterion = ["REVERSE" SP] sort-key — RFC 5256 §5.</summary>
internal readonly record struct SortCriterion(SortKey Key, bool IsReverse);

/// <summary>In which order SORT gives what it found; of equal messages the mailbox's order. RFC 5256 §3.</summary>
internal sealed class SortProgram
{
    private SortProgram(List<SortCriterion> criteria) => Criteria = criteria;

    /// <summary>In the order of their weight; each key once.</summary>
    public IReadOnlyList<SortCriterion> Criteria { get; }

    /// <summary>Sizes or internal dates are compared: messages must be measured.</summary>
    public bool NeedsMeasure => Criteria.Any(c => c.Key is SortKey.Arrival or SortKey.Date or SortKey.Size);

    /// <summary>Scores of FUZZY keys are compared.</summary>
    public bool NeedsRelevancy => Criteria.Any(c => c.Key == SortKey.Relevancy);

    /// <summary>Only what the index says is compared.</summary>
    public bool NeedsRecordsOnly => Criteria.All(c => c.Key is SortKey.Arrival or SortKey.Size or SortKey.Relevancy);

    /// <summary>sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" — RFC 5256 §5.</summary>
    public static bool TryParse(ImapArguments arguments, Func<string, bool> isDisabled, out SortProgram program)
    {
        List<SortCriterion> criteria = [];
        program = new SortProgram(criteria);
        if (!arguments.TryChar((byte)'(', "sort criteria in parentheses"))
        {
            return false;
        }
        do
        {
            bool isReverse = arguments.TryWord("REVERSE "u8);
            if (!arguments.TryAtom(out ReadOnlyMemory<byte> atom) || KeyOf(atom.Span, isDisabled) is not { } key)
            {
                return arguments.Missing("a sort criterion");
            }
            if (!criteria.Exists(c => c.Key == key))
            {
                criteria.Add(new SortCriterion(key, isReverse)); // The same once more would find nothing left to decide.
            }
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "a sort criterion or )");
    }

    /// <summary>Messages of the view in this order, given in the mailbox's; those that were expunged meanwhile are left out.</summary>
    public async ValueTask<StoreResult<List<int>>> SortAsync(
        ImapServices services, SearchTarget target, List<int> found, Dictionary<int, int>? scores = null)
    {
        StoreResult<MessageKeys> loaded = NeedsRecordsOnly
            ? MessageKeys.OfRecords(target, found)
            : await services.Keys.LoadAsync(target, found, CancellationToken.None);
        return loaded.TryGet(out MessageKeys? keys) ? MessageSorter.Sort(keys, this, scores) : loaded.Error;
    }

    private static SortKey? KeyOf(ReadOnlySpan<byte> atom, Func<string, bool> isDisabled) => Encoding.ASCII.GetString(atom).ToUpperInvariant() switch
    {
        "ARRIVAL" => SortKey.Arrival,
        "CC" => SortKey.Cc,
        "DATE" => SortKey.Date,
        "FROM" => SortKey.From,
        "SIZE" => SortKey.Size,
        "SUBJECT" => SortKey.Subject,
        "TO" => SortKey.To,
        "RELEVANCY" when !isDisabled("SEARCH=FUZZY") => SortKey.Relevancy,
        "DISPLAYFROM" when !isDisabled("SORT=DISPLAY") => SortKey.DisplayFrom,
        "DISPLAYTO" when !isDisabled("SORT=DISPLAY") => SortKey.DisplayTo,
        _ => null,
    };
}
