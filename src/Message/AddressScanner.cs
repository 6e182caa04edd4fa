using System.Buffers;
using System.Runtime.InteropServices;

namespace MailAccess.Message;

/// <summary>The position in an address list, and the words collected of the entry at hand. For <see cref="AddressParser"/>.</summary>
/// <remarks>Every loop moves the position on; nothing is measured again that was found not to end.</remarks>
internal ref partial struct AddressScanner(ReadOnlySpan<byte> value)
{
    private static readonly SearchValues<byte> AtomEnds = SearchValues.Create(" \t\r\n(\"<>@,;:."u8);

    private static readonly SearchValues<byte> DomainEnds =
        SearchValues.Create([.. "\u007f(\"<>@,;:.[]\\"u8, .. Enumerable.Range(0, ' ' + 1).Select(octet => (byte)octet)]);

    private static readonly SearchValues<byte> AddressEnds = SearchValues.Create("@>,;"u8);

    private readonly ReadOnlySpan<byte> _value = value;
    private readonly List<byte> _phrase = []; // All words of the entry, one space where there was white space.
    private readonly List<byte> _local = []; // The same without white space around dots: a local part, if "@" follows.
    private byte[]? _comment;
    private int _position;
    private int _start;
    private int _lastWord; // Where in the phrase the last white space ends.
    private int _wordsStart; // In the value: where the first word begins,
    private int _lastWordStart; // the word behind the last white space,
    private int _wordsEnd; // and where the last word ends.
    private int _domainEnd;
    private bool _isPhrase; // There is white space that does not stand beside a dot.
    private bool _hasWords;
    private bool _hasQuoted;
    private bool _hasOpenQuote; // A quote that never ends was found: from here on quotes are no quotes.
    private bool _hasOpenComment;
    private int _nextAtSign = -1;

    public readonly bool AtEnd => _position >= _value.Length;

    public readonly int Peek => AtEnd ? -1 : _value[_position];

    /// <summary>How many octets were looked at, those that were looked at again included.</summary>
    public long OctetsRead { get; private set; }

    public void StartEntry()
    {
        ClearWords();
        _comment = null;
        SkipSpace();
        _start = _position;
    }

    public void Skip() => _position++;

    /// <summary>Display name of the words so far, or the last comment.</summary>
    public readonly byte[]? Phrase() => NameOf(CollectionsMarshal.AsSpan(_phrase)) ?? _comment;

    /// <summary>Words, as a phrase (one space where there was white space) and as a local part (none around dots).</summary>
    public void ReadWords()
    {
        bool endsInDot = false;
        bool hadSpace = false;
        while (true)
        {
            hadSpace |= SkipSpace();
            int start = _position;
            ReadOnlySpan<byte> word;
            bool isDot = Peek == '.';
            if (isDot)
            {
                word = "."u8;
                _position++;
            }
            else if (Peek == '"')
            {
                if (!TryReadQuoted(out word))
                {
                    continue;
                }
                _hasQuoted = true;
            }
            else
            {
                word = ReadUntil(AtomEnds);
                if (word.IsEmpty)
                {
                    return;
                }
            }
            if (hadSpace && _hasWords)
            {
                _isPhrase |= !isDot && !endsInDot;
                _phrase.Add((byte)' ');
                _lastWord = _phrase.Count;
                _lastWordStart = start;
            }
            _wordsStart = _hasWords ? _wordsStart : start;
            _wordsEnd = _position;
            endsInDot = isDot;
            hadSpace = false;
            _hasWords = true;
            _phrase.AddRange(word);
            _local.AddRange(word);
        }
    }

    /// <summary>angle-addr = "&lt;" [obs-route] addr-spec "&gt;" — RFC 5322 §3.4, §4.4.</summary>
    public MailAddress ReadAngleAddress(byte[]? displayName)
    {
        int nameEnd = -1;
        MailAddress inside = ReadInsideAngle();
        while (inside.Domain.Length == 0 && Peek == '<')
        {
            nameEnd = _position; // Ann <home> <a@b>: the first brackets belong to the name.
            inside = ReadInsideAngle();
        }
        displayName = nameEnd < 0 ? displayName : NameOf(_value[_start..nameEnd]);
        return new MailAddress
        {
            DisplayName = displayName ?? inside.DisplayName ?? _comment,
            Route = inside.Route,
            LocalPart = inside.LocalPart,
            Domain = inside.Domain,
            EntryOffset = _start,
            Offset = inside.Offset,
            Length = inside.Length,
        };
    }

    /// <summary>addr-spec without brackets: the words before its local part, which has no white space, are a display name.</summary>
    public MailAddress ReadBareAddress()
    {
        (byte[]? name, byte[] local, int start) = LocalPart();
        byte[] domain = ReadDomain();
        int length = local.Length == 0 ? 0 : _domainEnd - start;
        int end = _position;
        SkipSpace();
        if (Peek == '<')
        {
            // a@b <a@b>: the first is a display name that should have been quoted.
            return ReadAngleAddress(NameOf(_value[_start..end]));
        }
        return new MailAddress { DisplayName = name ?? _comment, LocalPart = local, Domain = domain, EntryOffset = _start, Offset = start, Length = length };
    }

    /// <summary>Words that no address followed: a local user's name, or else a display name. Null where there are none.</summary>
    public readonly MailAddress? WithoutDomain()
    {
        bool isName = _hasQuoted || _isPhrase;
        byte[]? name = isName ? Phrase() : _comment;
        if (!_hasWords || (isName && name is null))
        {
            return null;
        }
        return new MailAddress
        {
            DisplayName = name,
            LocalPart = isName ? [] : [.. _local],
            EntryOffset = _start,
            Offset = _wordsStart,
            Length = isName ? 0 : _wordsEnd - _wordsStart,
        };
    }

    /// <summary>Another address follows at once: only the comma was forgotten.</summary>
    public bool AtNextAddress()
    {
        SkipSpace();
        return Peek is not (-1 or ',' or ';' or ':' or '@' or '.' or '>') && IsAtSignAhead();
    }

    /// <summary>Passes over the rest of the entry; the separator, or -1 at the end.</summary>
    public int SkipToSeparator()
    {
        while (true)
        {
            SkipSpace();
            int octet = Peek;
            if (octet == '"')
            {
                TryReadQuoted(out _);
                continue;
            }
            _position += octet < 0 ? 0 : 1;
            OctetsRead++;
            if (octet is -1 or ',' or ';')
            {
                return octet;
            }
        }
    }

    /// <summary>Without white space around it; null where nothing is left.</summary>
    private static byte[]? NameOf(ReadOnlySpan<byte> phrase)
    {
        phrase = phrase.Trim(" \t\r\n"u8);
        return phrase.IsEmpty ? null : phrase.ToArray();
    }

    /// <summary>
    /// local-part and obs-local-part, which has white space around its dots at most (RFC 5322 §4.4): more than one word are a name before it.
    /// </summary>
    private readonly (byte[]? Name, byte[] Local, int Start) LocalPart()
    {
        ReadOnlySpan<byte> phrase = CollectionsMarshal.AsSpan(_phrase);
        return _isPhrase ? (NameOf(phrase[.._lastWord]), phrase[_lastWord..].ToArray(), _lastWordStart) : (null, [.. _local], _wordsStart);
    }

    private void ClearWords()
    {
        _phrase.Clear();
        _local.Clear();
        _lastWord = 0;
        _isPhrase = false;
        _hasWords = false;
        _hasQuoted = false;
    }

    private MailAddress ReadInsideAngle()
    {
        _position++;
        byte[]? route = ReadRoute();
        byte[] domain;
        bool isOther;
        do
        {
            ClearWords();
            ReadWords();
            domain = Peek == '@' ? ReadDomain() : [];
            // <mailto:a@b>, <<a@b>>, <a:b@c>, <@a b@c>: what stood before was not the address.
            isOther = (Peek == ':' || (domain.Length == 0 && Peek == '<') || (domain.Length > 0 && !_hasWords)) && IsAtSignAhead();
            _position += isOther && Peek is ':' or '<' ? 1 : 0;
        }
        while (isOther);
        (byte[]? name, byte[] local, int start) = domain.Length == 0 ? (null, [.. _phrase], _wordsStart) : LocalPart();
        var address = new MailAddress
        {
            DisplayName = name,
            Route = route,
            LocalPart = local,
            Domain = domain,
            Offset = start,
            Length = local.Length == 0 ? 0 : (domain.Length == 0 ? _wordsEnd : _domainEnd) - start,
        };
        while (Peek is not (-1 or '>' or ',' or ';'))
        {
            _position++; // Junk inside; a separator means that ">" is missing.
            OctetsRead++;
        }
        while (Peek == '>')
        {
            _position++;
        }
        SkipSpace();
        return address;
    }

    /// <summary>An address may follow in this entry: there is an "@" before anything that would end it.</summary>
    private bool IsAtSignAhead()
    {
        if (_nextAtSign >= _position)
        {
            return true; // Nothing that would end the entry was found on the way to it.
        }
        int length = _value[_position..].IndexOfAny(AddressEnds);
        OctetsRead += length < 0 ? _value.Length - _position : length;
        bool isAhead = length >= 0 && _value[_position + length] == '@';
        _nextAtSign = isAhead ? _position + length : _nextAtSign;
        return isAhead;
    }

    /// <summary>obs-domain-list: *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":" — RFC 5322 §4.4.</summary>
    private byte[]? ReadRoute()
    {
        int start = _position;
        List<byte> route = [];
        bool hasDomain = false;
        while (true)
        {
            SkipSpace();
            switch (Peek)
            {
                case ',':
                    _position++;
                    break;
                case '@':
                    hasDomain = true;
                    byte[] domain = ReadDomain();
                    if (domain.Length > 0)
                    {
                        route.AddRange(route.Count == 0 ? "@"u8 : ",@"u8);
                        route.AddRange(domain);
                    }
                    break;
                case ':' when hasDomain:
                    _position++;
                    return route.Count == 0 ? null : [.. route];
                default:
                    OctetsRead += _position - start;
                    _position = start;
                    return null;
            }
        }
    }

    /// <summary>"@" and domain, obs-domain or domain-literal, without white space and comments. RFC 5322 §3.4.1, §4.4</summary>
    private byte[] ReadDomain()
    {
        List<byte> domain = [];
        _domainEnd = _position;
        while (Peek == '@')
        {
            _position++;
        }
        while (true)
        {
            SkipSpace();
            if (Peek == '[' && domain.Count == 0)
            {
                return ReadDomainLiteral();
            }
            if (Peek == '.')
            {
                domain.Add((byte)'.');
                _domainEnd = ++_position;
                continue;
            }
            if (domain.Count > 0 && domain[^1] != '.')
            {
                return [.. domain];
            }
            ReadOnlySpan<byte> atom = ReadUntil(DomainEnds);
            if (atom.IsEmpty)
            {
                return [.. domain];
            }
            domain.AddRange(atom);
            _domainEnd = _position;
        }
    }

    /// <summary>domain-literal = "[" *([FWS] dtext) [FWS] "]" — RFC 5322 §3.4.1; one that does not end, ends with its address.</summary>
    private byte[] ReadDomainLiteral()
    {
        int start = _position;
        while (Peek is not (-1 or ']' or ',' or ';' or '>'))
        {
            _position += Peek == '\\' && _position + 1 < _value.Length ? 2 : 1;
        }
        _position += Peek == ']' ? 1 : 0;
        OctetsRead += _position - start;
        _domainEnd = start + _value[start.._position].TrimEnd(" \t\r\n"u8).Length;
        return _value[start.._domainEnd].ToArray();
    }
}
