using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using MailAccess.Store;

namespace MailAccess.Pop3;

/// <summary>
/// How unique-ids are made, in the notation of Dovecot's <c>pop3_uidl_format</c>: <c>%u</c> UID, <c>%v</c> UIDVALIDITY, <c>%f</c> name of the file,
/// <c>%g</c> GUID; between percent sign and letter a width (zeros in front with a leading 0), <c>X</c> hexadecimal, <c>L</c> and <c>U</c> case.
/// </summary>
/// <remarks>RFC 1939 §7: one to 70 characters 0x21 to 0x7E. A name that has others is replaced by the default.</remarks>
public sealed class UniqueIdFormat
{
    private const int WidthMax = 32;
    private readonly IReadOnlyList<Piece> _pieces;

    private UniqueIdFormat(IReadOnlyList<Piece> pieces) => _pieces = pieces;

    /// <summary>Eight hexadecimal digits of the UID and eight of the UIDVALIDITY: what Dovecot gives by default, so that who comes from there downloads nothing twice.</summary>
    public static UniqueIdFormat Default { get; } = new([new Piece("", 'u', 8, true, true), new Piece("", 'v', 8, true, true)]);

    /// <summary>The names of files are needed.</summary>
    internal bool NeedsNames => _pieces.Any(p => p.Variable is 'f' or 'g');

    /// <summary>Reads a format; says what is wrong with it otherwise.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out UniqueIdFormat? format, [NotNullWhen(false)] out string? problem)
    {
        format = null;
        List<Piece> pieces = [];
        int at = 0;
        while (at < text.Length)
        {
            if (text[at] is <= ' ' or > '~')
            {
                problem = "a unique-id has only printable US-ASCII characters without spaces (RFC 1939 §7)";
                return false;
            }
            if (text[at] != '%' || (at + 1 < text.Length && text[at + 1] == '%'))
            {
                pieces.Add(new Piece(text[at].ToString(), '\0', 0, false, false));
                at += text[at] == '%' ? 2 : 1;
                continue;
            }
            at++;
            if (!TryReadVariable(text, ref at, out Piece piece, out problem))
            {
                return false;
            }
            pieces.Add(piece);
        }
        problem = pieces.Exists(p => p.Variable is 'u' or 'f' or 'g') ? null : "without %u, %f or %g all messages would have the same unique-id";
        format = problem is null ? new UniqueIdFormat(pieces) : null;
        return problem is null;
    }

    /// <summary>The unique-id of a message.</summary>
    internal string Format(Uid uid, UidValidity validity, MessageNames? names)
    {
        var id = new StringBuilder();
        foreach (Piece piece in _pieces)
        {
            switch (piece.Variable)
            {
                case 'u':
                    id.Append(piece.Number(uid.Value));
                    break;
                case 'v':
                    id.Append(piece.Number(validity.Value));
                    break;
                case 'f':
                    id.Append(piece.Text(names?.FileName ?? ""));
                    break;
                case 'g':
                    id.Append(piece.Text(names?.Guid ?? ""));
                    break;
                default:
                    id.Append(piece.Literal);
                    break;
            }
        }
        string text = id.ToString();
        return IsUniqueId(text) && (names is not null || !NeedsNames) ? text : Default.Format(uid, validity, null);
    }

    /// <summary>True for what may stand in a reply. Other servers give longer ones than 70, and clients know them.</summary>
    internal static bool IsUniqueId(string text) => text.Length is > 0 and <= 255 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static bool TryReadVariable(string text, ref int at, out Piece piece, [NotNullWhen(false)] out string? problem)
    {
        piece = default;
        problem = null;
        bool isHex = false;
        bool hasZeros = at < text.Length && text[at] == '0';
        char letterCase = '\0';
        int width = 0;
        for (; at < text.Length; at++)
        {
            char c = text[at];
            if (char.IsAsciiDigit(c))
            {
                width = Math.Min((width * 10) + (c - '0'), WidthMax + 1);
            }
            else if (c is 'X' or 'L' or 'U')
            {
                isHex |= c == 'X';
                letterCase = c == 'X' ? letterCase : c;
            }
            else
            {
                break;
            }
        }
        char variable = at < text.Length ? text[at++] : '\0';
        problem = variable switch
        {
            'm' => "%m (a digest of the header) is Dovecot's for mbox only; not supported",
            'u' or 'v' or 'f' or 'g' when width > WidthMax => $"a width is at most {WidthMax}",
            'u' or 'v' or 'f' or 'g' => null,
            _ => "known are %u, %v, %f and %g, with a width, 0, X, L or U before the letter, and %%",
        };
        piece = new Piece("", variable, width, hasZeros, isHex, letterCase);
        return problem is null;
    }

    private readonly record struct Piece(string Literal, char Variable, int Width, bool HasZeros, bool IsHex, char LetterCase = '\0')
    {
        public string Number(uint value) => Text(value.ToString(IsHex ? "x" : "D", CultureInfo.InvariantCulture));

        /// <summary>With zeros a width is a least one; without, Dovecot cuts what is longer.</summary>
        public string Text(string text)
        {
            text = LetterCase switch { 'U' => text.ToUpperInvariant(), 'L' => text.ToLowerInvariant(), _ => text };
            if (HasZeros)
            {
                return text.PadLeft(Width, '0');
            }
            return Width > 0 && text.Length > Width ? text[..Width] : text;
        }
    }
}
