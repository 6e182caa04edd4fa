using MailAccess.Imap.Grammar;
using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>A key of SEARCH. RFC 3501 §6.4.4.</summary>
internal abstract record SearchKey
{
    /// <summary>What it is made of, without AND, OR and NOT.</summary>
    public IEnumerable<SearchKey> Leaves => Parts is { } parts ? parts.SelectMany(p => p.Leaves) : [this];

    /// <summary>The keys in it; null: it is a leaf.</summary>
    internal virtual IReadOnlyList<SearchKey>? Parts => null;

    /// <summary>The same with something else for each of <see cref="Parts"/>.</summary>
    public virtual SearchKey WithParts(Func<SearchKey, SearchKey> change) => this;

    /// <summary>All keys of a list.</summary>
    public sealed record And(IReadOnlyList<SearchKey> Keys) : SearchKey
    {
        internal override IReadOnlyList<SearchKey> Parts => Keys;

        public override SearchKey WithParts(Func<SearchKey, SearchKey> change) => new And([.. Keys.Select(change)]);
    }

    /// <summary>OR</summary>
    public sealed record Or(SearchKey Left, SearchKey Right) : SearchKey
    {
        internal override IReadOnlyList<SearchKey> Parts => [Left, Right];

        public override SearchKey WithParts(Func<SearchKey, SearchKey> change) => new Or(change(Left), change(Right));
    }

    /// <summary>NOT, and the UN… keys.</summary>
    public sealed record Not(SearchKey Key) : SearchKey
    {
        internal override IReadOnlyList<SearchKey> Parts => [Key];

        public override SearchKey WithParts(Func<SearchKey, SearchKey> change) => new Not(change(Key));
    }

    /// <summary>A system flag is set.</summary>
    public sealed record Flag(SystemFlags Mask) : SearchKey;

    /// <summary>A keyword is set.</summary>
    public sealed record Keyword(string Name) : SearchKey;

    /// <summary>RECENT</summary>
    public sealed record Recent : SearchKey;

    /// <summary>LARGER, SMALLER</summary>
    public sealed record Size(long Octets, bool IsLarger) : SearchKey;

    /// <summary>A sequence set, or UID with one.</summary>
    public sealed record Messages(SequenceSet Set, Numbering Numbering) : SearchKey;

    /// <summary>A sequence set that means the same as long as the mailbox is selected.</summary>
    public sealed record Uids(UidSet Set) : SearchKey;

    /// <summary>A sequence set as bound to a view.</summary>
    public sealed record Indices(IndexRanges Ranges) : SearchKey;

    /// <summary>A keyword as bound to a mailbox's table; no bits: no message has it.</summary>
    public sealed record KeywordBits(ulong Mask) : SearchKey;

    /// <summary>
    /// BEFORE, ON, SINCE: seconds of the internal date since 1970, both included; days are those of UTC, as INTERNALDATE shows it.
    /// </summary>
    public sealed record InternalDate(long First, long Last) : SearchKey;

    /// <summary>SAVEDBEFORE, SAVEDON, SAVEDSINCE: the same of the saved date. RFC 8514 §4.3.</summary>
    public sealed record SavedDate(long First, long Last) : SearchKey;

    /// <summary>OLDER, YOUNGER: the internal date against the time when the search is bound. RFC 5032 §2.</summary>
    public sealed record Within(uint Seconds, bool IsYounger) : SearchKey;

    /// <summary>EMAILID, THREADID; null: an id that we never gave, so that no message has it. RFC 8474 §6.</summary>
    public sealed record Identity(ObjectId? Id, bool IsThread) : SearchKey;

    /// <summary>FUZZY: what is near enough. RFC 6203 §3.</summary>
    public sealed record Fuzzy(SearchKey Key) : SearchKey
    {
        internal override IReadOnlyList<SearchKey> Parts => [Key];

        public override SearchKey WithParts(Func<SearchKey, SearchKey> change) => new Fuzzy(change(Key));
    }

    /// <summary>So many keys of a list, whichever.</summary>
    public sealed record AtLeast(IReadOnlyList<SearchKey> Keys, int Count) : SearchKey
    {
        internal override IReadOnlyList<SearchKey> Parts => Keys;

        public override SearchKey WithParts(Func<SearchKey, SearchKey> change) => new AtLeast([.. Keys.Select(change)], Count);
    }

    /// <summary>FILTER: a search that is kept on the server. RFC 5466 §3.1.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="IsUtf8">No other charset was named beside it.</param>
    public sealed record Filter(string Name, bool IsUtf8) : SearchKey;

    /// <summary>MODSEQ: changed at this mod-sequence or later, in whatever. RFC 7162 §3.1.5.</summary>
    public sealed record ChangedAt(ModSeq First) : SearchKey;

    /// <summary>SENTBEFORE, SENTON, SENTSINCE: days of the Date field as its author wrote it.</summary>
    public sealed record SentDate(DateOnly First, DateOnly End) : SearchKey;

    /// <summary>HEADER, and BCC, CC, FROM, SUBJECT, TO. An empty text: the field is there.</summary>
    public sealed record Header(string Name, string Text) : SearchKey
    {
        /// <summary>Prepared to be looked for in many messages.</summary>
        public TextTerm Term { get; } = TextTerm.Header(Name, Text);

        /// <summary>Summaries keep this field.</summary>
        public bool IsKept { get; } = MessageSummary.KeptHeaderFields.Contains(Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>BODY, or TEXT: the header too.</summary>
    public sealed record Content(string Text, bool IncludesHeader) : SearchKey
    {
        /// <summary>Prepared to be looked for in many messages.</summary>
        public TextTerm Term { get; } = IncludesHeader ? TextTerm.Everywhere(Text) : TextTerm.Body(Text);
    }
}
