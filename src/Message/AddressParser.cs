using System.Buffers;
using System.Runtime.InteropServices;

namespace MailAccess.Message;

/// <summary>
/// Reads address lists: RFC 5322 §3.4 with the obsolete forms of §4.4, UTF-8 (RFC 6532), and what programs really send
/// (semicolons between addresses, an address as its own unquoted display name, a missing ">").
/// </summary>
/// <remarks>Never fails: what is no address becomes a mailbox without domain, or is passed over.</remarks>
public static class AddressParser
{
    /// <summary>Reads an unfolded or folded field value; entries in their order.</summary>
    public static IReadOnlyList<MailAddress> Parse(ReadOnlySpan<byte> value) => Parse(value, MessageLimits.Default.AddressesMax);

    internal static IReadOnlyList<MailAddress> Parse(ReadOnlySpan<byte> value, int addressesMax)
    {
        List<MailAddress> entries = [];
        Cursor cursor = new(value);
        bool isInGroup = false;
        while (!cursor.AtEnd && entries.Count < addressesMax)
        {
            cursor.StartEntry();
            cursor.ReadWords();
            switch (cursor.Peek)
            {
                case (byte)':' when !isInGroup:
                    cursor.Skip();
                    isInGroup = true;
                    entries.Add(new MailAddress { Kind = MailAddressKind.GroupStart, DisplayName = cursor.Phrase() ?? [] });
                    continue;
                case (byte)'<':
                    entries.Add(cursor.ReadAngleAddress(cursor.Phrase()));
                    break;
                case (byte)'@':
                    entries.Add(cursor.ReadBareAddress());
                    break;
                default:
                    if (cursor.HasWords)
                    {
                        entries.Add(cursor.WithoutDomain());
                    }
                    break;
            }
            bool isGroupEnd = cursor.SkipToSeparator() == ';';
            if (isGroupEnd && isInGroup)
            {
                isInGroup = false;
                entries.Add(new MailAddress { Kind = MailAddressKind.GroupEnd });
            }
        }
        if (isInGroup)
        {
            entries.Add(new MailAddress { Kind = MailAddressKind.GroupEnd });
        }
        return entries;
    }

    /// <summary>The position in the list, and the words collected of the entry at hand.</summary>
    private ref struct Cursor(ReadOnlySpan<byte> value)
    {
        private static readonly SearchValues<byte> AtomEnds = SearchValues.Create(" \t\r\n(\"<>@,;:."u8);

        private readonly ReadOnlySpan<byte> _value = value;
        private readonly List<byte> _phrase = [];
        private readonly List<byte> _local = [];
        private byte[]? _comment;
        private int _position;
        private int _start;

        public readonly bool AtEnd => _position >= _value.Length;

        public readonly int Peek => AtEnd ? -1 : _value[_position];

        public bool HasWords { get; private set; }

        public void StartEntry()
        {
            _phrase.Clear();
            _local.Clear();
            _comment = null;
            HasWords = false;
            SkipSpace();
            _start = _position;
        }

        public void Skip() => _position++;

        /// <summary>Display name of the words so far, or the last comment.</summary>
        public readonly byte[]? Phrase() => HasWords ? [.. _phrase] : _comment;

        /// <summary>Words, as a phrase (one space where there was white space) and as a local part (none around dots).</summary>
        public void ReadWords()
        {
            while (true)
            {
                bool hadSpace = SkipSpace() && HasWords;
                ReadOnlySpan<byte> word;
                if (Peek == '"')
                {
                    word = ReadQuoted();
                }
                else if (Peek == '.')
                {
                    word = "."u8;
                    _position++;
                }
                else
                {
                    word = ReadAtom();
                    if (word.IsEmpty)
                    {
                        return;
                    }
                }
                if (hadSpace)
                {
                    _phrase.Add((byte)' ');
                    if (!word.SequenceEqual("."u8) && _local is not [.., (byte)'.'])
                    {
                        _local.Add((byte)' ');
                    }
                }
                HasWords = true;
                _phrase.AddRange(word);
                _local.AddRange(word);
            }
        }

        /// <summary>angle-addr = "&lt;" [obs-route] addr-spec "&gt;" — RFC 5322 §3.4, §4.4.</summary>
        public MailAddress ReadAngleAddress(byte[]? displayName)
        {
            _position++;
            byte[]? route = ReadRoute();
            _local.Clear();
            _phrase.Clear();
            HasWords = false;
            ReadWords();
            byte[] local = [.. _local];
            byte[] domain = [];
            if (Peek == '@')
            {
                _position++;
                domain = ReadDomain();
            }
            while (Peek is not (-1 or '>' or ','))
            {
                _position++; // Junk inside; a comma means that ">" is missing.
            }
            _position += Peek == '>' ? 1 : 0;
            SkipSpace();
            return new MailAddress { DisplayName = displayName ?? _comment, Route = route, LocalPart = local, Domain = domain };
        }

        public MailAddress ReadBareAddress()
        {
            byte[] local = [.. _local];
            _position++;
            byte[] domain = ReadDomain();
            int end = _position;
            SkipSpace();
            if (Peek == '<')
            {
                // a@b <a@b>: the first is a display name that should have been quoted.
                return ReadAngleAddress(_value[_start..end].Trim(" \t"u8).ToArray());
            }
            return new MailAddress { DisplayName = _comment, LocalPart = local, Domain = domain };
        }

        public readonly MailAddress WithoutDomain() => new() { DisplayName = _comment, LocalPart = [.. _local] };

        /// <summary>Passes over the rest of the entry; the separator, or -1 at the end.</summary>
        public int SkipToSeparator()
        {
            while (true)
            {
                SkipSpace();
                int octet = Peek;
                if (octet == '"')
                {
                    ReadQuoted();
                    continue;
                }
                _position += octet < 0 ? 0 : 1;
                if (octet is -1 or ',' or ';')
                {
                    return octet;
                }
            }
        }

        /// <summary>obs-domain-list: *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":" — RFC 5322 §4.4.</summary>
        private byte[]? ReadRoute()
        {
            int start = _position;
            List<byte> route = [];
            while (true)
            {
                SkipSpace();
                switch (Peek)
                {
                    case ',':
                        _position++;
                        break;
                    case '@':
                        _position++;
                        route.AddRange(route.Count == 0 ? "@"u8 : ",@"u8);
                        route.AddRange(ReadDomain());
                        break;
                    case ':' when route.Count > 0:
                        _position++;
                        return [.. route];
                    default:
                        _position = start;
                        return null;
                }
            }
        }

        /// <summary>domain, obs-domain or domain-literal, without white space and comments. RFC 5322 §3.4.1, §4.4</summary>
        private byte[] ReadDomain()
        {
            List<byte> domain = [];
            while (true)
            {
                SkipSpace();
                if (Peek == '[' && domain.Count == 0)
                {
                    int close = _value[_position..].IndexOf((byte)']');
                    int end = close < 0 ? _value.Length : _position + close + 1;
                    domain.AddRange(_value[_position..end]);
                    _position = end;
                    return [.. domain];
                }
                if (Peek == '.')
                {
                    domain.Add((byte)'.');
                    _position++;
                    continue;
                }
                if (domain.Count > 0 && domain[^1] != '.')
                {
                    return [.. domain];
                }
                ReadOnlySpan<byte> atom = ReadAtom();
                if (atom.IsEmpty)
                {
                    return [.. domain];
                }
                domain.AddRange(atom);
            }
        }

        private ReadOnlySpan<byte> ReadAtom()
        {
            int length = _value[_position..].IndexOfAny(AtomEnds);
            ReadOnlySpan<byte> atom = length < 0 ? _value[_position..] : _value.Slice(_position, length);
            _position += atom.Length;
            return atom;
        }

        private ReadOnlySpan<byte> ReadQuoted()
        {
            List<byte> text = [];
            for (_position++; !AtEnd && _value[_position] != '"'; _position++)
            {
                _position += _value[_position] == '\\' && _position + 1 < _value.Length ? 1 : 0;
                if (_value[_position] is not ((byte)'\r' or (byte)'\n'))
                {
                    text.Add(_value[_position]);
                }
            }
            _position += AtEnd ? 0 : 1;
            return CollectionsMarshal.AsSpan(text);
        }

        /// <summary>CFWS; the last comment is remembered. True where there was any.</summary>
        private bool SkipSpace()
        {
            int start = _position;
            while (true)
            {
                switch (Peek)
                {
                    case ' ' or '\t' or '\r' or '\n':
                        _position++;
                        break;
                    case '(':
                        int length = MimeScanner.CommentLength(_value[_position..]);
                        _comment = ReadComment(_value.Slice(_position, length));
                        _position += length;
                        break;
                    default:
                        return _position > start;
                }
            }
        }

        private static byte[]? ReadComment(ReadOnlySpan<byte> comment)
        {
            ReadOnlySpan<byte> inside = comment.EndsWith(")"u8) && comment.Length > 1 ? comment[1..^1] : comment[1..];
            List<byte> text = [];
            for (int i = 0; i < inside.Length; i++)
            {
                i += inside[i] == '\\' && i + 1 < inside.Length ? 1 : 0;
                text.Add(inside[i]);
            }
            ReadOnlySpan<byte> trimmed = CollectionsMarshal.AsSpan(text).Trim(" \t"u8);
            return trimmed.IsEmpty ? null : trimmed.ToArray();
        }
    }
}
