using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Imap.Searching;

/// <summary>What an extended search shall tell. RFC 4731 §3.1.</summary>
[Flags]
internal enum ReturnItems
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>MIN</summary>
    Min = 1,
    /// <summary>MAX</summary>
    Max = 2,
    /// <summary>ALL</summary>
    All = 4,
    /// <summary>COUNT</summary>
    Count = 8,
    /// <summary>PARTIAL: RFC 9394 §3.1, RFC 5267 §4.4.</summary>
    Partial = 16,
    /// <summary>RELEVANCY: RFC 6203 §4.</summary>
    Relevancy = 32,
}

/// <summary>The commands whose result can be told in parts.</summary>
internal enum SearchVerb
{
    /// <summary>SEARCH, RFC 4731.</summary>
    Search,
    /// <summary>SORT, RFC 5267 §3.</summary>
    Sort,
}

/// <summary>search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" — RFC 4466 §3.</summary>
internal sealed record SearchReturn
{
    /// <summary>As where nothing is said (RFC 4731 §3.1), and what a client of IMAP4rev2 hears that gives no options (RFC 9051 §6.4.4).</summary>
    public static readonly SearchReturn Everything = new() { Items = ReturnItems.All };

    /// <summary>What is told in the ESEARCH response.</summary>
    public ReturnItems Items { get; private init; }

    /// <summary>Which part of the result PARTIAL tells.</summary>
    public PartialRange? Partial { get; private init; }

    /// <summary>SAVE: <c>$</c> becomes the result. RFC 5182 §2.1.</summary>
    public bool Saves { get; private init; }

    /// <summary>UPDATE: changes of the result are told from then on. RFC 5267 §4.3.</summary>
    public bool Updates { get; private init; }

    /// <summary>What is told of a new message that joins the result, or null. RFC 5465 §7.</summary>
    public FetchPlan? ArrivalItems { get; private init; }

    /// <summary>CONTEXT: the client will ask for more of this. RFC 5267 §4.2. A hint; what sorting compares is kept anyway.</summary>
    public bool IsContext { get; private init; }

    /// <summary>There is no response: SAVE stands alone. RFC 5182 §1.</summary>
    public bool IsSilent => Saves && Items == ReturnItems.None && !Updates && !IsContext;

    /// <summary>Messages that are needed from the beginning of the result; all: <see cref="long.MaxValue"/>.</summary>
    public long FromStart => NeedsAll ? long.MaxValue : Math.Max(Has(ReturnItems.Min) ? 1 : 0, Partial is { IsFromEnd: false } part ? part.Last : 0);

    /// <summary>Messages that are needed from its end.</summary>
    public long FromEnd => NeedsAll ? long.MaxValue : Math.Max(Has(ReturnItems.Max) ? 1 : 0, Partial is { IsFromEnd: true } part ? part.Last : 0);

    private bool NeedsAll => TellsAll || Updates;

    private bool TellsAll =>
        Items == ReturnItems.None || Has(ReturnItems.All | ReturnItems.Count) || (Has(ReturnItems.Relevancy) && Partial is null);

    /// <summary>It is among what is told.</summary>
    public bool Has(ReturnItems item) => (Items & item) != 0;

    /// <summary>
    /// All that was found, unless only its ends or a part of it are told: what <c>$</c> becomes (RFC 5182 §2.4, RFC 9394 §3.2), and what
    /// MODSEQ is of (RFC 4731 §3.2).
    /// </summary>
    /// <param name="found">In the order of the result, as much of it as the options need.</param>
    public IEnumerable<int> ToldOf(List<int> found)
    {
        if (TellsAll || found.Count == 0)
        {
            return found;
        }
        (int start, int count) = Partial?.Of(found.Count) ?? (0, 0);
        return [.. Has(ReturnItems.Min) ? found[..1] : [], .. found.GetRange(start, count), .. Has(ReturnItems.Max) ? found[^1..] : []];
    }

    /// <summary>
    /// Reads the options where there are any; else <paramref name="options"/> is null. False: there are, and they are wrong.
    /// </summary>
    /// <param name="arguments">From behind the verb.</param>
    /// <param name="verb">Whose options they are.</param>
    /// <param name="isDisabled">Whether an extension is switched off.</param>
    /// <param name="options">What was read.</param>
    public static bool TryParse(ImapArguments arguments, SearchVerb verb, Func<string, bool> isDisabled, out SearchReturn? options)
    {
        options = null;
        if (isDisabled(verb == SearchVerb.Sort ? "ESORT" : "ESEARCH") || !arguments.TryWord(" RETURN ("u8))
        {
            return true;
        }
        SearchReturn read = new();
        bool isMore = arguments.Next != (byte)')';
        while (isMore)
        {
            if (!TryParseOption(arguments, verb == SearchVerb.Sort ? "CONTEXT=SORT" : "CONTEXT=SEARCH", isDisabled, read, out SearchReturn? next))
            {
                return false;
            }
            read = next;
            isMore = arguments.Next == (byte)' ' && arguments.TrySpace();
        }
        options = read == new SearchReturn() ? Everything : read;
        return arguments.TryChar((byte)')', "a return option or )");
    }

    private static bool TryParseOption(
        ImapArguments arguments, string context, Func<string, bool> isDisabled, SearchReturn read, [NotNullWhen(true)] out SearchReturn? next)
    {
        next = null;
        if (!arguments.TryAtom(out ReadOnlyMemory<byte> atom))
        {
            return arguments.Missing("a return option");
        }
        next = Encoding.ASCII.GetString(atom.Span).ToUpperInvariant() switch
        {
            "MIN" => read with { Items = read.Items | ReturnItems.Min },
            "MAX" => read with { Items = read.Items | ReturnItems.Max },
            // Of ALL and PARTIAL one, and PARTIAL once. RFC 9394 §3.1.
            "ALL" when !read.Has(ReturnItems.Partial) => read with { Items = read.Items | ReturnItems.All },
            "PARTIAL" when !read.Has(ReturnItems.All | ReturnItems.Partial) && !(isDisabled("PARTIAL") && isDisabled(context)) =>
                PartialRange.TryParse(arguments, out PartialRange? range)
                    ? read with { Items = read.Items | ReturnItems.Partial, Partial = range } : null,
            "COUNT" => read with { Items = read.Items | ReturnItems.Count },
            "RELEVANCY" when !isDisabled("SEARCH=FUZZY") => read with { Items = read.Items | ReturnItems.Relevancy },
            "SAVE" when !isDisabled("SEARCHRES") => read with { Saves = true },
            "CONTEXT" when !isDisabled(context) => read with { IsContext = true },
            "UPDATE" when !isDisabled(context) => TryArrivalItems(arguments, isDisabled, out FetchPlan? items)
                ? read with { Updates = true, ArrivalItems = items } : null,
            _ => null,
        };
        return next is not null || arguments.Missing("a return option, PARTIAL once and not with ALL");
    }

    /// <summary>modifier-update = "UPDATE" ["(" fetch-att *(SP fetch-att) ")"] — RFC 5465 §8; its example has a space between the two.</summary>
    private static bool TryArrivalItems(ImapArguments arguments, Func<string, bool> isDisabled, out FetchPlan? items)
    {
        items = null;
        if (isDisabled("NOTIFY") || !(arguments.TryWord(" ("u8) || arguments.TryWord("("u8)))
        {
            return true;
        }
        arguments.Position--;
        bool isRead = FetchPlan.TryParse(arguments, ChangeItems.None, isDisabled, out FetchPlan plan);
        items = plan;
        return isRead;
    }
}
