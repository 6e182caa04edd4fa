using System.Diagnostics;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>
/// A search key made ready for one mailbox: sets of numbers are ranges of its view, keywords are bits, and of keys that must all be met
/// those come first that the index answers, then those that a summary does; those that need the message's text come last.
/// </summary>
internal sealed class SearchPlan
{
    private readonly SearchTarget _target;
    private readonly long _now;
    private readonly List<SearchKey> _texts = [];

    /// <summary>Binds the key.</summary>
    /// <param name="key">As it was written.</param>
    /// <param name="target">The mailbox.</param>
    /// <param name="now">What OLDER and YOUNGER count from.</param>
    public SearchPlan(SearchKey key, SearchTarget target, DateTimeOffset now)
    {
        _target = target;
        _now = now.ToUnixTimeSeconds();
        Key = Bind(key);
        Candidates = RangesOf(Key, target.View) ?? IndexRanges.AllOf(target.View);
    }

    /// <summary>Bound: <see cref="SearchFacts"/> decides it.</summary>
    public SearchKey Key { get; }

    /// <summary>No other message of the view can match.</summary>
    public IndexRanges Candidates { get; private set; }

    /// <summary>The keys that may need the text of messages.</summary>
    public IReadOnlyList<SearchKey> Texts => _texts;

    /// <summary>Sizes or internal dates are asked for: messages must be measured.</summary>
    public bool NeedsMeasure { get; set; }

    /// <summary>A summary answers some of it.</summary>
    public bool AsksSummaries { get; private set; }

    /// <summary>The Date field is asked for.</summary>
    public bool HasSentDates { get; private set; }

    /// <summary>MODSEQ is among the keys: the client knows mod-sequences, and is told the highest one. RFC 7162 §3.1.5.</summary>
    public bool AsksModSeq { get; private set; }

    /// <summary>Sequence numbers are among the keys: no message may go before the answer is complete. RFC 7162 §3.2.10.2.</summary>
    public bool HasSequenceNumbers { get; private set; }

    private enum Cost
    {
        Record,
        Summary,
        Content,
    }

    /// <summary>Only so many messages are looked at, those with the highest UIDs. Gives the lowest of these, or null where they are all. RFC 9738 §3.1.</summary>
    public Uid? Limit(ImapServices services)
    {
        (Candidates, Uid? lowest) = MessageLimit.Cut(services, _target.View, Candidates);
        return lowest;
    }

    /// <summary>The key as it can be bound again and again while the mailbox changes.</summary>
    public static SearchKey Freeze(SearchKey key, SearchTarget target) => key switch
    {
        SearchKey.Messages messages => new SearchKey.Uids(messages.Set.Freeze(target.View, messages.Numbering, target.Saved)),
        _ => key.WithParts(k => Freeze(k, target)),
    };

    private SearchKey Bind(SearchKey key)
    {
        switch (key)
        {
            case SearchKey.And all:
                return new SearchKey.And([.. all.Keys.Select(Bind).OrderBy(CostOf)]); // Stable.
            case SearchKey.Or or SearchKey.Not or SearchKey.AtLeast:
                return key.WithParts(Bind);
            case SearchKey.ChangedAt:
                AsksModSeq = true;
                return key;
            case SearchKey.Messages messages:
                HasSequenceNumbers |= messages.Numbering == Numbering.Sequence && messages.Set.HasNumbers;
                return new SearchKey.Indices(messages.Set.Resolve(_target.View, messages.Numbering, _target.Saved));
            case SearchKey.Uids uids:
                return new SearchKey.Indices(IndexRanges.Of(_target.View, uids.Set));
            case SearchKey.Keyword keyword:
                return new SearchKey.KeywordBits(_target.Mailbox.Snapshot.Keywords.TryGetMask(keyword.Name, out ulong mask) ? mask : 0);
            case SearchKey.Within within:
                NeedsMeasure = true;
                long then = _now - within.Seconds;
                return within.IsYounger ? new SearchKey.InternalDate(then, long.MaxValue) : new SearchKey.InternalDate(long.MinValue, then);
            case SearchKey.Size or SearchKey.InternalDate:
                NeedsMeasure = true;
                return key;
            case SearchKey.Header or SearchKey.Content:
                AsksSummaries |= CostOf(key) == Cost.Summary;
                _texts.Add(key);
                return key;
            case SearchKey.SentDate:
                AsksSummaries = true;
                HasSentDates = true;
                return key;
            case SearchKey.Identity { Id: not null }:
                AsksSummaries = true;
                return key;
            default:
                return key;
        }
    }

    private static Cost CostOf(SearchKey key) => key switch
    {
        SearchKey.And all => all.Keys.Select(CostOf).DefaultIfEmpty().Max(),
        SearchKey.Or either => (Cost)Math.Max((int)CostOf(either.Left), (int)CostOf(either.Right)),
        SearchKey.Not negation => CostOf(negation.Key),
        SearchKey.AtLeast some => some.Keys.Select(CostOf).Max(),
        SearchKey.Header { IsKept: true } or SearchKey.SentDate or SearchKey.Identity => Cost.Summary,
        SearchKey.Header or SearchKey.Content => Cost.Content,
        SearchKey.Messages or SearchKey.Uids or SearchKey.Keyword or SearchKey.Within or SearchKey.Filter or SearchKey.Fuzzy => throw new UnreachableException($"{key.GetType().Name} is not bound"),
        _ => Cost.Record,
    };

    /// <summary>The messages that can match, where sets of numbers say it; else null.</summary>
    private static IndexRanges? RangesOf(SearchKey key, MailboxSnapshot view)
    {
        switch (key)
        {
            case SearchKey.Indices indices:
                return indices.Ranges;
            case SearchKey.And all:
                IndexRanges? common = null;
                foreach (SearchKey one in all.Keys)
                {
                    IndexRanges? ranges = RangesOf(one, view);
                    common = ranges is null || common is null ? ranges ?? common : common.Intersect(ranges);
                }
                return common;
            case SearchKey.Or either:
                return RangesOf(either.Left, view) is { } left && RangesOf(either.Right, view) is { } right ? left.Union(right) : null;
            case SearchKey.Not { Key: SearchKey.Indices excluded }:
                return excluded.Ranges.Complement(view.Count);
            default:
                return null;
        }
    }
}
