using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// A cursor over one assembled command: its lines and literals in one contiguous buffer, literals still in their
/// <c>{n} CRLF</c> form. Each <c>Try…</c> takes one production or leaves the cursor where it was and says what it expected.
/// </summary>
/// <remarks>Octets handed out are views of the command's buffer: valid while the command runs.</remarks>
internal sealed class ImapArguments(ReadOnlyMemory<byte> command, ImapLimits limits)
{
    /// <summary>ATOM-CHAR = any CHAR except "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]" — RFC 3501 §9.</summary>
    private static readonly SearchValues<byte> AtomChars =
        SearchValues.Create("!#$&'+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[^_`abcdefghijklmnopqrstuvwxyz|}~"u8);

    /// <summary>ASTRING-CHAR = ATOM-CHAR / resp-specials — RFC 3501 §9.</summary>
    private static readonly SearchValues<byte> AstringChars =
        SearchValues.Create("!#$&'+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz|}~"u8);

    /// <summary>list-char = ATOM-CHAR / list-wildcards / resp-specials — RFC 3501 §9.</summary>
    private static readonly SearchValues<byte> ListChars =
        SearchValues.Create("!#$%&'*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz|}~"u8);

    private int _at;

    /// <summary>What would have had to stand where parsing stopped; for the text of BAD.</summary>
    public string Expected { get; private set; } = "nothing more";

    /// <summary>Where that is: how many octets of the command lie before it.</summary>
    public int ExpectedAt { get; private set; }

    /// <summary>Nothing is left.</summary>
    public bool AtEnd => _at == command.Length || Missing("nothing more");

    /// <summary><c>$</c> may stand in sequence sets: SEARCHRES is not switched off.</summary>
    public bool KnowsSavedResult { get; init; } = true;

    /// <summary>How mailboxes are named in it.</summary>
    public NameSpelling Names { get; init; }

    /// <summary>What names in it stand for that are not in Normalization Form C; null: for themselves.</summary>
    public NameNormalizer? Normalizer { get; set; }

    /// <summary>Something is left.</summary>
    public bool HasMore => _at < command.Length;

    /// <summary>The bounds that apply.</summary>
    public ImapLimits Limits => limits;

    private ReadOnlySpan<byte> Rest => command.Span[_at..];

    /// <summary>The next octet, or 0 at the end (NUL never stands in a command).</summary>
    public byte Next => _at < command.Length ? command.Span[_at] : (byte)0;

    /// <summary>Octets from here on; for lookahead.</summary>
    public int Position
    {
        get => _at;
        set => _at = value;
    }

    /// <summary>SP: exactly one space.</summary>
    public bool TrySpace() => TryChar((byte)' ', "a space");

    /// <summary>One given octet.</summary>
    public bool TryChar(byte octet, string expected)
    {
        if (Next != octet || _at == command.Length)
        {
            return Missing(expected);
        }
        _at++;
        return true;
    }

    /// <summary>A literal string of the grammar, compared without case (RFC 3501 §9, note 1). Takes nothing on failure.</summary>
    public bool TryWord(ReadOnlySpan<byte> word)
    {
        if (Rest.Length < word.Length || !Ascii.EqualsIgnoreCase(Rest[..word.Length], word))
        {
            return false;
        }
        _at += word.Length;
        return true;
    }

    /// <summary>tag = 1*&lt;any ASTRING-CHAR except "+"&gt; — RFC 3501 §9.</summary>
    public bool TryTag(out ReadOnlyMemory<byte> tag) =>
        TryRun(AstringChars, "a tag", out tag) && (!tag.Span.Contains((byte)'+') || Missing("a tag"));

    /// <summary>atom = 1*ATOM-CHAR — RFC 3501 §9.</summary>
    public bool TryAtom(out ReadOnlyMemory<byte> atom) => TryRun(AtomChars, "an atom", out atom);

    /// <summary>astring = 1*ASTRING-CHAR / string — RFC 3501 §9.</summary>
    public bool TryAstring(out ReadOnlyMemory<byte> value) => TryStringOrRun(AstringChars, "a string", out value);

    /// <summary>list-mailbox = 1*list-char / string — RFC 3501 §9.</summary>
    public bool TryListMailbox(out ReadOnlyMemory<byte> pattern) => TryStringOrRun(ListChars, "a mailbox pattern", out pattern);

    /// <summary>nstring = string / nil — RFC 3501 §9. NIL gives false in <paramref name="isString"/>.</summary>
    public bool TryNString(out ReadOnlyMemory<byte> value, out bool isString)
    {
        isString = Next is (byte)'"' or (byte)'{';
        value = default;
        return isString ? TryString(out value) : TryWord("NIL"u8) || Missing("a string or NIL");
    }

    /// <summary>string = quoted / literal — RFC 3501 §9.</summary>
    public bool TryString(out ReadOnlyMemory<byte> value)
    {
        value = default;
        return Next switch
        {
            (byte)'"' => TryQuoted(out value),
            (byte)'{' => TryLiteral(out value),
            _ => Missing("a string"),
        };
    }

    /// <summary>number = 1*DIGIT — RFC 3501 §9.</summary>
    public bool TryNumber(out uint number)
    {
        int at = _at;
        if (!ImapNumbers.TryParse(command.Span, ref at, out number))
        {
            return Missing("a number");
        }
        _at = at;
        return true;
    }

    /// <summary>nz-number = digit-nz *DIGIT — RFC 3501 §9.</summary>
    public bool TryNzNumber(out uint number)
    {
        number = 0;
        return Next is >= (byte)'1' and <= (byte)'9' ? TryNumber(out number) : Missing("a number that is not 0");
    }

    /// <summary>number64 = 1*DIGIT, 63 bits — RFC 9051 §9.</summary>
    public bool TryNumber64(out long number)
    {
        int at = _at;
        bool fits = ImapNumbers.TryParseLong(command.Span, ref at, out ulong value);
        number = (long)value;
        if (!fits)
        {
            return Missing("a number of at most 63 bits");
        }
        _at = at;
        return true;
    }

    /// <summary>nz-number64 = digit-nz *DIGIT — RFC 9051 §9.</summary>
    public bool TryNzNumber64(out long number)
    {
        number = 0;
        return Next is >= (byte)'1' and <= (byte)'9' ? TryNumber64(out number) : Missing("a number that is not 0");
    }

    /// <summary>mod-sequence-valzer = "0" / 1*DIGIT, 63 bits — RFC 7162 §7.</summary>
    public bool TryModSeq(out ModSeq modSeq)
    {
        bool fits = TryNumber64(out long value);
        modSeq = new ModSeq((ulong)value);
        return fits || Missing("a mod-sequence of at most 63 bits");
    }

    /// <summary>sequence-set — RFC 3501 §9, RFC 5182 §3.</summary>
    public bool TrySequenceSet(out SequenceSet set)
    {
        if (!SequenceSet.TryParse(Rest, limits.SequenceRangesMax, out SequenceSet? found, out int length) || found is null
            || (found.HasSaved && !KnowsSavedResult))
        {
            set = null!;
            return Missing("a sequence set");
        }
        _at += length;
        set = found;
        return true;
    }

    /// <summary>
    /// mailbox = "INBOX" / astring. Grammatical but impossible names give null: they are refused by NO, not BAD.
    /// </summary>
    public bool TryMailbox(out MailboxName? name) => TryMailbox(out name, out _);

    /// <inheritdoc cref="TryMailbox(out MailboxName?)"/>
    /// <param name="name">The mailbox that is meant.</param>
    /// <param name="supplied">The name as the client wrote it.</param>
    public bool TryMailbox(out MailboxName? name, out string supplied)
    {
        if (!TryAstring(out ReadOnlyMemory<byte> encoded))
        {
            name = null;
            supplied = "";
            return Missing("a mailbox name");
        }
        _ = TryDecodeMailbox(encoded.Span, out name, out supplied);
        return true;
    }

    /// <summary>The mailbox that a client means; false where there can be none.</summary>
    public bool TryDecodeMailbox(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out MailboxName? name, out string supplied)
    {
        name = null;
        supplied = TryDecodeName(encoded, out string? text) ? text : "";
        return text is not null && MailboxName.TryParse(Normalizer?.Resolve(text) ?? text, out name);
    }

    /// <summary>A mailbox's name, or a pattern for such, as the client spells it.</summary>
    public bool TryDecodeName(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out string? name)
    {
        if (Names == NameSpelling.ModifiedUtf7 || (Names == NameSpelling.Either && Ascii.IsValid(encoded)))
        {
            return ModifiedUtf7.TryDecode(encoded, out name);
        }
        name = Utf8.IsValid(encoded) ? Encoding.UTF8.GetString(encoded) : null;
        return name is not null;
    }

    /// <summary>date = date-text / DQUOTE date-text DQUOTE — RFC 3501 §9.</summary>
    public bool TryDate(out DateOnly date)
    {
        int start = _at;
        date = default;
        if (TryAstring(out ReadOnlyMemory<byte> text) && ImapDates.TryParseDate(text.Span, out date))
        {
            return true;
        }
        _at = start;
        return Missing("a date such as 1-Feb-1994");
    }

    /// <summary>date-time — RFC 3501 §9.</summary>
    public bool TryDateTime(out DateTimeOffset value)
    {
        int start = _at;
        value = default;
        if (Next == (byte)'"' && TryQuoted(out ReadOnlyMemory<byte> text) && ImapDates.TryParseDateTime(text.Span, out value))
        {
            return true;
        }
        _at = start;
        return Missing("a date and time such as \"17-Jul-1996 02:44:25 -0700\"");
    }

    /// <summary>Remembers what was wanted here.</summary>
    public bool Missing(string expected)
    {
        Expected = expected;
        ExpectedAt = _at;
        return false;
    }

    /// <summary>
    /// quoted = DQUOTE *QUOTED-CHAR DQUOTE — RFC 3501 §9; DQUOTE *uQUOTED-CHAR DQUOTE — RFC 6855 §3.
    /// Octets above 127 are let through without that: clients send names and passwords so.
    /// </summary>
    private bool TryQuoted(out ReadOnlyMemory<byte> value)
    {
        ReadOnlySpan<byte> rest = Rest[1..];
        bool escapes = false;
        for (int i = 0; i < rest.Length; i++)
        {
            if (rest[i] == (byte)'"')
            {
                value = command.Slice(_at + 1, i);
                _at += i + 2;
                value = escapes ? Unescape(value.Span) : value;
                return Names != NameSpelling.Utf8 || Utf8.IsValid(value.Span) || Missing("UTF-8");
            }
            if (rest[i] is (byte)'\r' or (byte)'\n')
            {
                break; // TEXT-CHAR excludes them; only a literal's CRLF can bring them here.
            }
            if (rest[i] == (byte)'\\')
            {
                // QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials
                escapes = true;
                i++;
                if (i >= rest.Length || rest[i] is not ((byte)'"' or (byte)'\\'))
                {
                    break;
                }
            }
        }
        value = default;
        return Missing("a quoted string that ends");
    }

    private static byte[] Unescape(ReadOnlySpan<byte> quoted)
    {
        byte[] plain = new byte[quoted.Length];
        int length = 0;
        for (int i = 0; i < quoted.Length; i++)
        {
            i += quoted[i] == (byte)'\\' ? 1 : 0;
            plain[length++] = quoted[i];
        }
        return plain[..length];
    }

    /// <summary>literal = "{" number "}" CRLF *CHAR8 — RFC 3501 §9; with "+", RFC 7888 §4. The reader has assembled it whole.</summary>
    private bool TryLiteral(out ReadOnlyMemory<byte> value)
    {
        value = default;
        ReadOnlySpan<byte> rest = Rest;
        int lineEnd = rest.IndexOf("\r\n"u8);
        if (lineEnd < 0 || !LiteralHeader.TryParse(rest[..lineEnd], out LiteralHeader header) || header.Start != 0
            || header.Octets > rest.Length - lineEnd - 2)
        {
            return Missing("a literal");
        }
        value = command.Slice(_at + lineEnd + 2, (int)header.Octets);
        _at += lineEnd + 2 + (int)header.Octets;
        return true;
    }

    private bool TryStringOrRun(SearchValues<byte> allowed, string expected, out ReadOnlyMemory<byte> value)
    {
        if (Next is (byte)'"' or (byte)'{')
        {
            return TryString(out value);
        }
        if (Rest.StartsWith("~{"u8))
        {
            value = default;
            return Missing(expected + ", which cannot be a binary literal"); // literal8 stands only where RFC 3516 and RFC 5464 put it.
        }
        return TryRun(allowed, expected, out value);
    }

    private bool TryRun(SearchValues<byte> allowed, string expected, out ReadOnlyMemory<byte> run)
    {
        int length = Rest.IndexOfAnyExcept(allowed);
        length = length < 0 ? Rest.Length : length;
        run = command.Slice(_at, length);
        _at += length;
        return length > 0 || Missing(expected);
    }
}
