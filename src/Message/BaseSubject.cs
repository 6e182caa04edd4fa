using System.Text;

namespace MailAccess.Message;

/// <summary>
/// The base subject of RFC 5256 §2.1: what is left of a decoded subject without "Re:", "Fwd:", "(fwd)" and "[list]".
/// </summary>
internal static class BaseSubject
{
    /// <summary>Of longer subjects the rest is not looked at: the rules would let a hostile one cost the square of its length.</summary>
    public const int CharsMax = 1_000;

    /// <param name="subject">With encoded words decoded.</param>
    /// <param name="isReply">The rules removed what makes it a reply or forward. RFC 5256 §3, "considered to be a reply".</param>
    public static string Extract(string subject, out bool isReply)
    {
        isReply = false;
        ReadOnlySpan<char> text = CollapseSpaces(subject); // (1)
        while (true)
        {
            text = TrimTrailers(text, ref isReply); // (2)
            while (TryLeader(text, out int leader, ref isReply) || TryBlobBeforeBase(text, out leader)) // (3), (4), (5)
            {
                text = text[leader..];
            }
            // (6) subj-fwd = "[fwd:" subject "]"
            if (!text.StartsWith("[fwd:", StringComparison.OrdinalIgnoreCase) || text[^1] != ']')
            {
                return text.ToString();
            }
            isReply = true;
            text = text["[fwd:".Length..^1];
        }
    }

    private static string CollapseSpaces(string subject)
    {
        var text = new StringBuilder(Math.Min(subject.Length, CharsMax));
        foreach (char c in subject)
        {
            bool isSpace = c is ' ' or '\t' or '\r' or '\n' or '\0';
            if (!isSpace)
            {
                text.Append(c);
            }
            else if (text.Length == 0 || text[^1] != ' ')
            {
                text.Append(' ');
            }
            if (text.Length >= CharsMax)
            {
                text.Length -= char.IsHighSurrogate(c) ? 1 : 0;
                break;
            }
        }
        return text.ToString();
    }

    /// <summary>subj-trailer = "(fwd)" / WSP</summary>
    private static ReadOnlySpan<char> TrimTrailers(ReadOnlySpan<char> text, scoped ref bool isReply)
    {
        text = text.TrimEnd(' ');
        while (text.EndsWith("(fwd)", StringComparison.OrdinalIgnoreCase))
        {
            isReply = true;
            text = text[..^"(fwd)".Length].TrimEnd(' ');
        }
        return text;
    }

    /// <summary>subj-leader = (*subj-blob subj-refwd) / WSP; subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"</summary>
    private static bool TryLeader(ReadOnlySpan<char> text, out int length, ref bool isReply)
    {
        length = 1;
        if (text.StartsWith(" "))
        {
            return true;
        }
        int at = 0;
        while (BlobLength(text[at..]) is int blob and > 0)
        {
            at += blob;
        }
        ReadOnlySpan<char> rest = text[at..];
        int word = rest.StartsWith("re", StringComparison.OrdinalIgnoreCase) ? 2
            : rest.StartsWith("fwd", StringComparison.OrdinalIgnoreCase) ? 3
            : rest.StartsWith("fw", StringComparison.OrdinalIgnoreCase) ? 2
            : 0;
        if (word == 0)
        {
            return false;
        }
        at += word;
        at += SpacesAt(text[at..]);
        at += BlobLength(text[at..]);
        if (at >= text.Length || text[at] != ':')
        {
            return false;
        }
        isReply = true;
        length = at + 1;
        return true;
    }

    /// <summary>A subj-blob that leaves a subj-base when it goes; the last one is the base itself.</summary>
    private static bool TryBlobBeforeBase(ReadOnlySpan<char> text, out int length)
    {
        length = BlobLength(text);
        return length > 0 && length < text.Length;
    }

    /// <summary>subj-blob = "[" *BLOBCHAR "]" *WSP; 0 where there is none. BLOBCHAR is all but brackets.</summary>
    private static int BlobLength(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("["))
        {
            return 0;
        }
        int end = text[1..].IndexOfAny('[', ']') + 1;
        return end > 0 && text[end] == ']' ? end + 1 + SpacesAt(text[(end + 1)..]) : 0;
    }

    private static int SpacesAt(ReadOnlySpan<char> text) => text.Length - text.TrimStart(' ').Length;
}
