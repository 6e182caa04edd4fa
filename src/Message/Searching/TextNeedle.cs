using System.Buffers;
using System.Text;

namespace MailAccess.Message.Searching;

/// <summary>A string to look for in many messages, prepared once. Immutable: many threads may use it.</summary>
public sealed class TextNeedle
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private readonly AsciiNeedle? _ascii;
    private readonly AsciiNeedle? _word;

    /// <summary>Prepares the string.</summary>
    public TextNeedle(string text)
    {
        Text = text;
        Folded = TextMatcher.Fold(text);
        HasLineEnd = Folded.AsSpan().ContainsAny('\r', '\n');
        if (Folded.Length > 0 && Ascii.IsValid(Folded))
        {
            byte[] octets = Encoding.ASCII.GetBytes(Folded);
            _ascii = new AsciiNeedle(octets);
            // What of it must stand in a header as it is, however that is folded and spaced.
            string word = Folded.Split([' ', '\t', '\r', '\n', ':']).MaxBy(w => w.Length)!;
            _word = word.Length == 0 ? null : new AsciiNeedle(Encoding.ASCII.GetBytes(word));
        }
    }

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>As it is compared (<see cref="TextMatcher.Fold"/>).</summary>
    public string Folded { get; }

    /// <summary>It has CR or LF: it cannot be looked for in text whose line ends were changed.</summary>
    public bool HasLineEnd { get; }

    /// <summary>It has nothing but ASCII when it is compared.</summary>
    internal bool IsAscii => _ascii is not null;

    /// <summary>In text whose octets below 128 are ASCII, a hit here is a hit in the decoded text.</summary>
    internal bool IsInOctets(ReadOnlySpan<byte> octets) => _ascii is not null && _ascii.IndexIn(octets) >= 0;

    /// <summary>False: a header without encoded words and with nothing but ASCII cannot have it.</summary>
    internal bool MayBeInAsciiHeader(ReadOnlySpan<byte> header) => IsAscii && (_word is null || _word.IndexIn(header) >= 0);

    /// <summary>Whether the header has a field of this name whose decoded value has the string; an empty string: a field of this name.</summary>
    public bool IsInField(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name)
    {
        if (Folded.Length > 0 && IsPlain(header) && !MayBeInAsciiHeader(header))
        {
            return false;
        }
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (field.Is(name) && (Folded.Length == 0 || IsInValue(field)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Nothing but ASCII and no encoded word.</summary>
    internal static bool IsPlain(ReadOnlySpan<byte> octets) => Ascii.IsValid(octets) && octets.IndexOf("=?"u8) < 0;

    private bool IsInValue(in HeaderField field)
    {
        if (HasLineEnd || !IsPlain(field.RawValue))
        {
            return TextMatcher.Contains(field.Decode(), Text);
        }
        ReadOnlySpan<byte> value = field.RawValue.Trim(" \t\r\n"u8);
        return IsAscii && IsInOctets(value.ContainsAny(LineEnds) ? field.Unfold() : value);
    }
}
