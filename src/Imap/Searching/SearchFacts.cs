using System.Diagnostics;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>What is known of a message at some point of a search, and what that decides: true, false, or null for not yet.</summary>
/// <remarks>Made for each message of a mailbox, so it refers to what it knows and copies nothing.</remarks>
internal readonly ref struct SearchFacts(SearchTarget target, ref readonly MessageRecord record, int index)
{
    private readonly ref readonly MessageRecord _record = ref record;

    /// <summary>Once there is one.</summary>
    public MessageSummary? Summary { get; init; }

    /// <summary>Once the texts of messages have been searched.</summary>
    public ContentMatches? Matches { get; init; }

    /// <summary>Of the Date field, once the message has been read; null: there is none that can be read.</summary>
    public DateOnly? SentDay { get; init; }

    private bool HasFields => Summary is { HasHeaderFields: true };

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
            case SearchKey.AtLeast some:
                return DecideSome(some);
            case SearchKey.Flag flag:
                return (_record.Flags & flag.Mask) != 0;
            case SearchKey.KeywordBits keyword:
                return (_record.Keywords & keyword.Mask) != 0;
            case SearchKey.Recent:
                return target.IsRecent(_record.Uid);
            case SearchKey.Size size:
                return size.IsLarger ? _record.Octets > size.Octets : _record.Octets < size.Octets;
            case SearchKey.Indices indices:
                return indices.Ranges.Contains(index);
            case SearchKey.InternalDate date:
                return _record.InternalDateSeconds >= date.First && _record.InternalDateSeconds <= date.Last;
            case SearchKey.ChangedAt changed:
                return _record.ModSeq >= changed.First;
            case SearchKey.SavedDate date:
                return _record.SavedDateSeconds >= date.First && _record.SavedDateSeconds <= date.Last;
            case SearchKey.Identity { Id: null }:
                return false;
            case SearchKey.Identity identity:
                return Summary is { } known ? (identity.IsThread ? known.ThreadId : known.EmailId) == identity.Id : null;
            case SearchKey.SentDate date:
                return DecideSent(date);
            case SearchKey.Header header:
                return DecideHeader(header);
            case SearchKey.Content:
                return Matches?.Has(key, _record.Uid);
            default:
                throw new UnreachableException($"search key {key.GetType().Name} was not bound");
        }
    }

    private bool? DecideAll(IReadOnlyList<SearchKey> keys)
    {
        bool? all = true;
        for (int i = 0; i < keys.Count; i++)
        {
            bool? one = Decide(keys[i]);
            if (one == false)
            {
                return false;
            }
            all = one is null ? null : all;
        }
        return all;
    }

    private bool? DecideSome(SearchKey.AtLeast some)
    {
        int met = 0;
        int open = 0;
        for (int i = 0; i < some.Keys.Count; i++)
        {
            bool? one = Decide(some.Keys[i]);
            met += one == true ? 1 : 0;
            open += one is null ? 1 : 0;
        }
        return met >= some.Count ? true : met + open < some.Count ? false : null;
    }

    private bool? DecideHeader(SearchKey.Header header)
    {
        if (HasFields && header.IsKept)
        {
            return header.Term.Needle.IsInField(Summary!.Value.HeaderFields.Span, header.Term.FieldName.Span);
        }
        return Matches?.Has(header, _record.Uid);
    }

    private bool? DecideSent(SearchKey.SentDate date)
    {
        DateOnly? sent = SentDay;
        if (HasFields)
        {
            sent = HeaderReader.Find(Summary!.Value.HeaderFields.Span, "Date"u8) is { } value
                && MailDates.TryParseDay(value, out DateOnly day) ? day : null;
        }
        else if (Matches is null)
        {
            return null;
        }
        return sent is { } known && known >= date.First && (known < date.End || date.End == DateOnly.MaxValue);
    }
}
