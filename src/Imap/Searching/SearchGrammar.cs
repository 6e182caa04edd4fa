using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>Why a SEARCH cannot be run.</summary>
internal enum SearchFault
{
    /// <summary>It can.</summary>
    None,
    /// <summary>Not the grammar's.</summary>
    Syntax,
    /// <summary>The charset is not known: BADCHARSET.</summary>
    Charset,
}

/// <summary>search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key) — RFC 3501 §9; here from the space behind SEARCH.</summary>
internal sealed class SearchGrammar
{
    private static readonly SearchValues<byte> IdCharacters =
        SearchValues.Create("0123456789-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private const int WordOctetsMax = 20; // The longest is SAVEDATESUPPORTED.

    private readonly ImapArguments _arguments;
    private string? _charset; // Not named: US-ASCII by the RFC, UTF-8 by what clients send.
    private int _keys;
    private bool _isFuzzy;

    private readonly Func<string, bool> _isDisabled;

    private SearchGrammar(ImapArguments arguments, Func<string, bool> isDisabled)
    {
        _arguments = arguments;
        _isDisabled = isDisabled;
    }

    /// <summary>Reads charset and keys; those of an extension that is switched off are not known.</summary>
    public static SearchFault Parse(ImapArguments arguments, Func<string, bool> isDisabled, ImapExtensions enabled, [NotNull] out SearchKey? key)
    {
        SearchGrammar grammar = new(arguments, isDisabled);
        key = new SearchKey.And([]);
        if (!arguments.TrySpace())
        {
            return SearchFault.Syntax;
        }
        if (!arguments.TryWord("CHARSET "u8))
        {
            return grammar.ParseKeys(ref key);
        }
        if ((enabled & ImapExtensions.Utf8Messages) != 0)
        {
            arguments.Missing("no charset, which is UTF-8 now"); // RFC 6855 §3.
            return SearchFault.Syntax;
        }
        return grammar.ParseCharsetAndKeys(ref key);
    }

    /// <summary>search-criteria = charset 1*(SP search-key) — RFC 5256 §5; from the space in front.</summary>
    public static SearchFault ParseCriteria(ImapArguments arguments, Func<string, bool> isDisabled, [NotNull] out SearchKey? key)
    {
        key = new SearchKey.And([]);
        return arguments.TrySpace() ? new SearchGrammar(arguments, isDisabled).ParseCharsetAndKeys(ref key) : SearchFault.Syntax;
    }

    /// <summary>search-criteria = search-key *(SP search-key), in UTF-8: the value of a filter. RFC 5466 §3.2, §4.</summary>
    public static bool TryParseStored(ImapArguments arguments, Func<string, bool> isDisabled, out SearchKey key)
    {
        key = new SearchKey.And([]);
        return new SearchGrammar(arguments, isDisabled) { _charset = "UTF-8" }.ParseKeys(ref key) == SearchFault.None;
    }

    private SearchFault ParseCharsetAndKeys(ref SearchKey key)
    {
        if (!_arguments.TryAstring(out ReadOnlyMemory<byte> charset))
        {
            return SearchFault.Syntax;
        }
        return !TryUseCharset(charset.Span) ? SearchFault.Charset : _arguments.TrySpace() ? ParseKeys(ref key) : SearchFault.Syntax;
    }

    private SearchFault ParseKeys(ref SearchKey key)
    {
        if (!TryKeys(0, out SearchKey? keys) || !_arguments.AtEnd)
        {
            return SearchFault.Syntax;
        }
        key = keys;
        return SearchFault.None;
    }

    private bool TryUseCharset(ReadOnlySpan<byte> name)
    {
        string text = Encoding.Latin1.GetString(name);
        if (!Charsets.IsKnown(text))
        {
            return false;
        }
        _charset = text;
        return true;
    }

    /// <summary>search-key *(SP search-key)</summary>
    private bool TryKeys(int depth, [NotNullWhen(true)] out SearchKey? all)
    {
        List<SearchKey> keys = [];
        all = null;
        do
        {
            if (!TryKey(depth, out SearchKey? key))
            {
                return false;
            }
            keys.Add(key);
        }
        while (_arguments.Next == (byte)' ' && _arguments.TrySpace());
        all = keys.Count == 1 ? keys[0] : new SearchKey.And(keys);
        return true;
    }

    private bool TryKey(int depth, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (depth > _arguments.Limits.SearchDepthMax || ++_keys > _arguments.Limits.SearchKeysMax)
        {
            return _arguments.Missing("fewer search keys, less nested");
        }
        if (_arguments.TryWord("("u8))
        {
            return TryKeys(depth + 1, out key) && _arguments.TryChar((byte)')', "a search key or )");
        }
        if (_arguments.Next is (byte)'*' or (byte)'$' || char.IsAsciiDigit((char)_arguments.Next))
        {
            return TryMessages(Numbering.Sequence, out key);
        }
        if (!_arguments.TryAtom(out ReadOnlyMemory<byte> atom) || atom.Length > WordOctetsMax)
        {
            return _arguments.Missing("a search key");
        }
        string word = Encoding.ASCII.GetString(atom.Span).ToUpperInvariant();
        if (ExtensionOf(word) is { } extension && _isDisabled(extension))
        {
            return _arguments.Missing("a search key");
        }
        key = SimpleKey(word);
        return key is not null || TryKeyWithArguments(word, depth, out key);
    }

    private static string? ExtensionOf(string word) => word switch
    {
        "EMAILID" or "THREADID" => "OBJECTID",
        "MODSEQ" => "CONDSTORE",
        "SAVEDATESUPPORTED" or "SAVEDBEFORE" or "SAVEDON" or "SAVEDSINCE" => "SAVEDATE",
        "OLDER" or "YOUNGER" => "WITHIN",
        "UIDAFTER" or "UIDBEFORE" => MessageLimit.Capability,
        "FILTER" => "FILTERS",
        "FUZZY" => "SEARCH=FUZZY",
        _ => null,
    };

    private static SearchKey? SimpleKey(string word) => word switch
    {
        "ALL" or "SAVEDATESUPPORTED" => new SearchKey.And([]), // Every mailbox has saved dates: RFC 8514 §4.3.
        "ANSWERED" => new SearchKey.Flag(SystemFlags.Answered),
        "DELETED" => new SearchKey.Flag(SystemFlags.Deleted),
        "DRAFT" => new SearchKey.Flag(SystemFlags.Draft),
        "FLAGGED" => new SearchKey.Flag(SystemFlags.Flagged),
        "SEEN" => new SearchKey.Flag(SystemFlags.Seen),
        "UNANSWERED" => new SearchKey.Not(new SearchKey.Flag(SystemFlags.Answered)),
        "UNDELETED" => new SearchKey.Not(new SearchKey.Flag(SystemFlags.Deleted)),
        "UNDRAFT" => new SearchKey.Not(new SearchKey.Flag(SystemFlags.Draft)),
        "UNFLAGGED" => new SearchKey.Not(new SearchKey.Flag(SystemFlags.Flagged)),
        "UNSEEN" => new SearchKey.Not(new SearchKey.Flag(SystemFlags.Seen)),
        "RECENT" => new SearchKey.Recent(),
        "OLD" => new SearchKey.Not(new SearchKey.Recent()),
        "NEW" => new SearchKey.And([new SearchKey.Recent(), new SearchKey.Not(new SearchKey.Flag(SystemFlags.Seen))]),
        _ => null,
    };

    private bool TryKeyWithArguments(string word, int depth, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (word is not ("BCC" or "BEFORE" or "BODY" or "CC" or "FROM" or "HEADER" or "KEYWORD" or "LARGER" or "NOT" or "ON" or "OR"
            or "EMAILID" or "THREADID" or "FILTER" or "FUZZY" or "MODSEQ" or "OLDER" or "YOUNGER" or "SAVEDBEFORE" or "SAVEDON" or "SAVEDSINCE"
            or "SENTBEFORE" or "SENTON" or "SENTSINCE" or "SINCE" or "SMALLER" or "SUBJECT" or "TEXT" or "TO" or "UID" or "UIDAFTER" or "UIDBEFORE"
            or "UNKEYWORD"))
        {
            return _arguments.Missing("a search key");
        }
        if (!_arguments.TrySpace())
        {
            return false;
        }
        return word switch
        {
            "NOT" => TryNot(depth, out key),
            "FUZZY" => TryFuzzy(depth, out key),
            "OR" => TryOr(depth, out key),
            "UID" => TryMessages(Numbering.Uid, out key),
            "LARGER" or "SMALLER" => TrySize(word == "LARGER", out key),
            "KEYWORD" or "UNKEYWORD" => TryKeyword(word == "KEYWORD", out key),
            "EMAILID" or "THREADID" => TryIdentity(word == "THREADID", out key),
            "UIDAFTER" or "UIDBEFORE" => TryUidsBeyond(word == "UIDAFTER", out key),
            "OLDER" or "YOUNGER" => TryWithin(word == "YOUNGER", out key),
            "FILTER" => TryFilter(out key),
            "MODSEQ" => ModSeqGrammar.TryKey(_arguments, out key),
            "BODY" or "TEXT" => TryContent(word == "TEXT", out key),
            "HEADER" => TryHeader(out key),
            "BCC" or "CC" or "FROM" or "SUBJECT" or "TO" => TryField(word, out key),
            _ => TryDate(word, out key),
        };
    }

    private bool TryNot(int depth, [NotNullWhen(true)] out SearchKey? key)
    {
        bool parsed = TryKey(depth + 1, out SearchKey? inner);
        key = inner is null ? null : new SearchKey.Not(inner);
        return parsed && key is not null;
    }

    /// <summary>"FUZZY" SP search-key — RFC 6203 §7.</summary>
    private bool TryFuzzy(int depth, [NotNullWhen(true)] out SearchKey? key)
    {
        bool isOuterFuzzy = _isFuzzy;
        _isFuzzy = true;
        key = TryKey(depth + 1, out SearchKey? inner) ? new SearchKey.Fuzzy(inner) : null;
        _isFuzzy = isOuterFuzzy;
        return key is not null;
    }

    private bool TryOr(int depth, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (!(TryKey(depth + 1, out SearchKey? left) && _arguments.TrySpace() && TryKey(depth + 1, out SearchKey? right)))
        {
            return false;
        }
        key = new SearchKey.Or(left, right);
        return true;
    }

    private bool TryMessages(Numbering numbering, [NotNullWhen(true)] out SearchKey? key)
    {
        bool parsed = _arguments.TrySequenceSet(out SequenceSet set);
        key = parsed ? new SearchKey.Messages(set, numbering) : null;
        return key is not null;
    }

    private bool TrySize(bool isLarger, [NotNullWhen(true)] out SearchKey? key)
    {
        key = _arguments.TryNumber64(out long octets) ? new SearchKey.Size(octets, isLarger) : null;
        return key is not null;
    }

    private bool TryKeyword(bool isSet, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (_arguments.TryAtom(out ReadOnlyMemory<byte> atom))
        {
            SearchKey keyword = new SearchKey.Keyword(Encoding.ASCII.GetString(atom.Span));
            key = isSet ? keyword : new SearchKey.Not(keyword);
        }
        return key is not null;
    }

    /// <summary>objectid = 1*255(ALPHA / DIGIT / "_" / "-") — RFC 8474 §7.</summary>
    private bool TryIdentity(bool isThread, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (!_arguments.TryAtom(out ReadOnlyMemory<byte> atom) || atom.Length > 255 || atom.Span.ContainsAnyExcept(IdCharacters))
        {
            return _arguments.Missing("an object id");
        }
        key = new SearchKey.Identity(ObjectId.TryParse(atom.Span, out ObjectId id) ? id : null, isThread);
        return true;
    }

    /// <summary>filter-name = 1*&lt;any ATOM-CHAR except "/"&gt; — RFC 5466 §4.</summary>
    private bool TryFilter([NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (!_arguments.TryAtom(out ReadOnlyMemory<byte> atom) || atom.Span.Contains((byte)'/'))
        {
            return _arguments.Missing("the name of a filter");
        }
        bool isUtf8 = _charset is null || _charset.Equals("UTF-8", StringComparison.OrdinalIgnoreCase)
            || _charset.Equals("US-ASCII", StringComparison.OrdinalIgnoreCase);
        key = new SearchKey.Filter(Encoding.ASCII.GetString(atom.Span), isUtf8);
        return true;
    }

    private bool TryContent(bool includesHeader, [NotNullWhen(true)] out SearchKey? key)
    {
        key = TryText(out string? text) ? new SearchKey.Content(text, includesHeader) : null;
        return key is not null;
    }

    private bool TryField(string name, [NotNullWhen(true)] out SearchKey? key)
    {
        key = TryText(out string? text) ? new SearchKey.Header(name, text) : null;
        return key is not null;
    }

    private bool TryHeader([NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (_arguments.TryAstring(out ReadOnlyMemory<byte> name) && _arguments.TrySpace() && TryText(out string? text))
        {
            key = new SearchKey.Header(Encoding.Latin1.GetString(name.Span), text);
        }
        return key is not null;
    }

    private bool TryDate(string word, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (!_arguments.TryDate(out DateOnly day))
        {
            return false;
        }
        DateOnly next = day == DateOnly.MaxValue ? day : day.AddDays(1);
        (DateOnly first, DateOnly end) = word switch
        {
            "BEFORE" or "SENTBEFORE" or "SAVEDBEFORE" => (DateOnly.MinValue, day),
            "ON" or "SENTON" or "SAVEDON" => (day, next),
            _ => (day, DateOnly.MaxValue),
        };
        if (word.StartsWith("SENT", StringComparison.Ordinal))
        {
            key = new SearchKey.SentDate(first, end);
            return true;
        }
        long firstSecond = first == DateOnly.MinValue ? long.MinValue : StartOf(first);
        long lastSecond = end == DateOnly.MaxValue ? long.MaxValue : StartOf(end) - 1;
        key = word.StartsWith("SAVED", StringComparison.Ordinal)
            ? new SearchKey.SavedDate(firstSecond, lastSecond) : new SearchKey.InternalDate(firstSecond, lastSecond);
        return true;
    }

    private static long StartOf(DateOnly day) => new DateTimeOffset(day.ToDateTime(default), TimeSpan.Zero).ToUnixTimeSeconds();

    /// <summary>("UIDAFTER" / "UIDBEFORE") SP uniqueid — RFC 9738 §3.2: those above it, those below it.</summary>
    private bool TryUidsBeyond(bool isAfter, [NotNullWhen(true)] out SearchKey? key)
    {
        key = null;
        if (_arguments.TryNzNumber(out uint uid))
        {
            bool isNone = isAfter ? uid == uint.MaxValue : uid == 1;
            key = new SearchKey.Uids(isNone ? UidSet.Empty
                : UidSet.FromRanges([isAfter ? (new Uid(uid + 1), new Uid(uint.MaxValue)) : (new Uid(1), new Uid(uid - 1))]));
        }
        return key is not null;
    }

    /// <summary>("OLDER" / "YOUNGER") SP nz-number — RFC 5032 §3.</summary>
    private bool TryWithin(bool isYounger, [NotNullWhen(true)] out SearchKey? key)
    {
        key = _arguments.TryNzNumber(out uint seconds) ? new SearchKey.Within(seconds, isYounger) : null;
        return key is not null;
    }

    /// <summary>A text to look for, decoded by the command's charset.</summary>
    private bool TryText([NotNullWhen(true)] out string? text)
    {
        text = _arguments.TryAstring(out ReadOnlyMemory<byte> octets) ? Charsets.Decode(_charset, octets.Span) : null;
        _keys += _isFuzzy && text is not null ? Fuzziness.WordsOf(text).Count : 0; // Each is looked for.
        return text is not null;
    }
}
