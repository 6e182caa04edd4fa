using System.Diagnostics;
using System.Text;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>What is known of a message at some point of a search, and what that decides: true, false, or null for not yet.</summary>
internal readonly record struct SearchFacts(
    MessageRecord Record, int Index, bool IsRecent, bool HasSummary, MessageSummary Summary, Dictionary<SearchKey, bool>? Matches)
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
                return IsWithin(Record.InternalDateSeconds, date.First, date.End);
            case SearchKey.SavedDate date:
                return IsWithin(Record.SavedDateSeconds, date.First, date.End);
            case SearchKey.Identity { Id: null }:
                return false;
            case SearchKey.Identity identity:
                return HasSummary ? (identity.IsThread ? Summary.ThreadId : Summary.EmailId) == identity.Id : null;
            case SearchKey.SentDate date:
                return DecideSent(date);
            case SearchKey.Header header:
                return DecideHeader(header);
            case SearchKey.Content:
                return Matches?[key];
            default:
                throw new UnreachableException($"search key {key.GetType().Name} was not bound");
        }
    }

    /// <summary>Whether a header has a field of this name whose decoded value contains the text.</summary>
    public static bool Contains(ReadOnlySpan<byte> header, string name, string text)
    {
        byte[] wanted = Encoding.Latin1.GetBytes(name);
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (field.Is(wanted) && (text.Length == 0 || field.Decode().Contains(text, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }
        return false;
    }

    private static bool IsWithin(long unixSeconds, DateOnly first, DateOnly end)
    {
        DateOnly day = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(unixSeconds).UtcDateTime);
        return day >= first && (day < end || end == DateOnly.MaxValue);
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
        if (Matches is not null)
        {
            return Matches[header];
        }
        return HasFields && MessageSummary.KeptHeaderFields.Contains(header.Name, StringComparer.OrdinalIgnoreCase)
            ? Contains(Summary.HeaderFields.Span, header.Name, header.Text)
            : null;
    }

    private bool? DecideSent(SearchKey.SentDate date)
    {
        DateOnly? sent = SentDay;
        if (Matches is null)
        {
            if (!HasFields)
            {
                return null;
            }
            sent = HeaderReader.Find(Summary.HeaderFields.Span, "Date"u8) is { } value
                && MailDates.TryParseDay(value, out DateOnly day) ? day : null;
        }
        return sent is { } known && known >= date.First && (known < date.End || date.End == DateOnly.MaxValue);
    }
}
