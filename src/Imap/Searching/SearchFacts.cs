using System.Diagnostics;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>What is known of a message at some point of a search, and what that decides: true, false, or null for not yet.</summary>
internal readonly record struct SearchFacts(
    MessageRecord Record, int Index, bool IsRecent, bool HasSummary, MessageSummary Summary, ContentMatches? Matches)
{
    /// <summary>Of the Date field, once the message has been read; null: there is none that can be read.</summary>
    public DateOnly? SentDay { get; init; }

    private bool HasFields => HasSummary && Summary.HasHeaderFields;

    /// <summary>Three-valued: a key that is unknown makes its parent unknown only where it matters.</summary>
    public bool? Decide(SearchKey key)
    {
        switch (key)
        {
            case SearchKey.And all:
                return DecideAll(all.Keys);
            case SearchKey.Or either:
                return (Decide(either.Left), Decide(either.Right)) switch
                {
                    (true, _) or (_, true) => true,
                    (false, false) => false,
                    _ => null,
                };
            case SearchKey.Not negation:
                return !Decide(negation.Key);
            case SearchKey.Flag flag:
                return (Record.Flags & flag.Mask) != 0;
            case SearchKey.KeywordBits keyword:
                return (Record.Keywords & keyword.Mask) != 0;
            case SearchKey.Recent:
                return IsRecent;
            case SearchKey.Size size:
                return size.IsLarger ? Record.Octets > size.Octets : Record.Octets < size.Octets;
            case SearchKey.Indices indices:
                return indices.Ranges.Contains(Index);
            case SearchKey.InternalDate date:
                return Record.InternalDateSeconds >= date.First && Record.InternalDateSeconds <= date.Last;
            case SearchKey.ChangedAt changed:
                return Record.ModSeq >= changed.First;
            case SearchKey.SavedDate date:
                return Record.SavedDateSeconds >= date.First && Record.SavedDateSeconds <= date.Last;
            case SearchKey.Identity { Id: null }:
                return false;
            case SearchKey.Identity identity:
                return HasSummary ? (identity.IsThread ? Summary.ThreadId : Summary.EmailId) == identity.Id : null;
            case SearchKey.SentDate date:
                return DecideSent(date);
            case SearchKey.Header header:
                return DecideHeader(header);
            case SearchKey.Content:
                return Matches?.Has(key, Record.Uid);
            default:
                throw new UnreachableException($"search key {key.GetType().Name} was not bound");
        }
    }

    private bool? DecideAll(IReadOnlyList<SearchKey> keys)
    {
        bool? all = true;
        foreach (SearchKey key in keys)
        {
            bool? one = Decide(key);
            if (one == false)
            {
                return false;
            }
            all = one is null ? null : all;
        }
        return all;
    }

    private bool? DecideHeader(SearchKey.Header header)
    {
        if (HasFields && header.IsKept)
        {
            return header.Term.Needle.IsInField(Summary.HeaderFields.Span, header.Term.FieldName.Span);
        }
        return Matches?.Has(header, Record.Uid);
    }

    private bool? DecideSent(SearchKey.SentDate date)
    {
        DateOnly? sent = SentDay;
        if (HasFields)
        {
            sent = HeaderReader.Find(Summary.HeaderFields.Span, "Date"u8) is { } value
                && MailDates.TryParseDay(value, out DateOnly day) ? day : null;
        }
        else if (Matches is null)
        {
            return null;
        }
        return sent is { } known && known >= date.First && (known < date.End || date.End == DateOnly.MaxValue);
    }
}
