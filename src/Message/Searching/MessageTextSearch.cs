using System.Buffers;
using System.Text;

namespace MailAccess.Message.Searching;

/// <summary>
/// Looks for terms in messages that lie in memory, one after the other. What can be decided on the octets is not decoded; every
/// answer is that of looking through the decoded text with <see cref="TextExtractor"/> and <see cref="TextMatcher"/>.
/// </summary>
/// <remarks>Not for concurrent use. Memory stays with it for the next message.</remarks>
public sealed class MessageTextSearch
{
    private readonly TextTerm[] _terms;
    private readonly bool[] _found;
    private readonly bool[] _isOpen;
    private readonly PartText _part = new();
    private readonly TextMatcher _matcher;
    private int _missing;

    /// <summary>Looks for these.</summary>
    public MessageTextSearch(IReadOnlyList<TextTerm> terms)
    {
        _terms = [.. terms];
        _found = new bool[_terms.Length];
        _isOpen = new bool[_terms.Length];
        _matcher = new TextMatcher([.. _terms.Select(t => t.Needle.Text)]);
    }

    /// <summary>After <see cref="Match"/>: the term of this index is in the message.</summary>
    public bool IsFound(int index) => _found[index];

    /// <summary>Whether a message with LF line ends can be searched as it lies; else its line ends must become CRLF first.</summary>
    public static bool CanSearchBareLf(ReadOnlySpan<byte> octets, MimePart root, IReadOnlyList<TextTerm> terms) =>
        !octets.Contains((byte)'\r') && HasOnlyAsciiCharsets(root) && !terms.Any(t => t.Needle.HasLineEnd);

    /// <summary>Searches one message: as it lies, and its structure, whose offsets count CRLF.</summary>
    public void Match(ReadOnlySpan<byte> octets, bool hasBareLf, MimePart root)
    {
        MessageOctets message = new(octets, hasBareLf);
        ReadOnlySpan<byte> header = message.Slice(root.HeaderOffset, root.HeaderOctets);
        _missing = _terms.Length;
        for (int i = 0; i < _terms.Length; i++)
        {
            TextTerm term = _terms[i];
            _found[i] = term.Kind == TextTermKind.Header ? term.Needle.IsInField(header, term.FieldName.Span) : term.Needle.Folded.Length == 0;
            bool isDecided = term.Kind == TextTermKind.Header || _found[i];
            _missing -= isDecided ? 1 : 0;
        }
        if (_missing > 0)
        {
            SearchHeader(header, isOfBody: false);
            SearchBody(ref message, root);
        }
    }

    internal static bool HasOnlyAsciiCharsets(MimePart part)
    {
        if (part.Parts.Count == 0)
        {
            return !part.IsReadable || Charsets.IsAsciiEverywhere(part.Charset);
        }
        foreach (MimePart child in part.Parts)
        {
            if (!HasOnlyAsciiCharsets(child))
            {
                return false;
            }
        }
        return true;
    }

    private void SearchBody(ref MessageOctets message, MimePart part)
    {
        if (part.Parts.Count == 0)
        {
            if (part.IsReadable)
            {
                SearchText(message.Slice(part.BodyOffset, part.BodyOctets), part);
            }
            return;
        }
        foreach (MimePart child in part.Parts)
        {
            if (_missing > 0)
            {
                SearchHeader(message.Slice(child.HeaderOffset, child.HeaderOctets), isOfBody: part.IsMessage);
                SearchBody(ref message, child);
            }
        }
    }

    private bool IsOpen(int index, bool isBody) =>
        !_found[index] && (_terms[index].Kind == TextTermKind.Text || (isBody && _terms[index].Kind == TextTermKind.Body));

    private void Mark(int index)
    {
        _found[index] = true;
        _missing--;
    }

    private void SearchHeader(ReadOnlySpan<byte> header, bool isOfBody)
    {
        bool isPlain = TextNeedle.IsPlain(header);
        bool mayBeThere = false;
        for (int i = 0; i < _terms.Length && !mayBeThere; i++)
        {
            mayBeThere = IsOpen(i, isOfBody) && (!isPlain || _terms[i].Needle.MayBeInAsciiHeader(header));
        }
        HeaderReader reader = new(header);
        while (mayBeThere && reader.TryRead(out HeaderField field))
        {
            if (MayBeInField(field, isOfBody))
            {
                BeginSlow(isOfBody);
                _matcher.Write(Encoding.ASCII.GetString(field.Name) + ": " + field.Decode());
                EndSlow();
            }
        }
    }

    private bool MayBeInField(in HeaderField field, bool isOfBody)
    {
        bool isPlain = TextNeedle.IsPlain(field.Raw);
        for (int i = 0; i < _terms.Length; i++)
        {
            if (IsOpen(i, isOfBody) && (!isPlain || _terms[i].Needle.MayBeInAsciiHeader(field.Raw)))
            {
                return true;
            }
        }
        return false;
    }

    private void SearchText(ReadOnlySpan<byte> body, MimePart part)
    {
        ReadOnlySpan<byte> text = _part.Decode(body, part.TransferEncoding);
        if (part.Subtype == "HTML" || !Charsets.IsAsciiEverywhere(part.Charset))
        {
            BeginSlow(isBody: true);
            _part.Write(text, part, _matcher);
            EndSlow();
            return;
        }
        bool isAscii = Ascii.IsValid(text);
        int contextMax = 0;
        for (int i = 0; i < _terms.Length; i++)
        {
            if (IsOpen(i, isBody: true))
            {
                if (_terms[i].Needle.IsInOctets(text))
                {
                    Mark(i);
                }
                else
                {
                    contextMax = Math.Max(contextMax, _terms[i].Needle.Folded.Length - 1);
                }
            }
        }
        if (!isAscii && _missing > 0)
        {
            SearchAroundLetters(text, contextMax, Charsets.ForReading(part.Charset));
        }
    }

    /// <summary>
    /// Where the octets themselves have no hit, a hit holds a letter beyond ASCII: only such letters are decoded, with as much around
    /// them as a hit can reach (each octet of ASCII is one character of what is compared).
    /// </summary>
    private void SearchAroundLetters(ReadOnlySpan<byte> text, int context, Encoding charset)
    {
        BeginSlow(isBody: true);
        int start = text.IndexOfAnyExceptInRange((byte)0, (byte)127);
        while (start >= 0 && !_matcher.IsAllFound)
        {
            int end = start;
            int next = start;
            while (next >= 0 && next - end <= 2 * context)
            {
                int letters = text[next..].IndexOfAnyInRange((byte)0, (byte)127);
                end = letters < 0 ? text.Length : next + letters;
                int further = text[end..].IndexOfAnyExceptInRange((byte)0, (byte)127);
                next = further < 0 ? -1 : end + further;
            }
            _part.Write(text[Math.Max(0, start - context)..Math.Min(text.Length, end + context)], charset, _matcher);
            _matcher.EndOfText();
            start = next;
        }
        EndSlow();
    }

    /// <summary>The matcher looks for what is still missing here.</summary>
    private void BeginSlow(bool isBody)
    {
        _matcher.Reset();
        for (int i = 0; i < _terms.Length; i++)
        {
            _isOpen[i] = IsOpen(i, isBody);
            if (!_isOpen[i])
            {
                _matcher.MarkFound(i);
            }
        }
    }

    private void EndSlow()
    {
        _matcher.EndOfText();
        for (int i = 0; i < _terms.Length; i++)
        {
            if (_isOpen[i] && _matcher.IsFound(i))
            {
                Mark(i);
            }
        }
    }
}
