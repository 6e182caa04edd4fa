using System.Text;
using System.Text.RegularExpressions;

namespace MailAccess.Message.Tests;

/// <summary>
/// The slow, obvious reading of a message: all lines in a list, one recursive function a part. Its Content-Type reading knows
/// only what the generator writes.
/// </summary>
internal sealed class ReferenceParser
{
    private readonly List<string> _lines = [];
    private readonly List<long> _offsets = [];
    private readonly List<string> _boundaries = [];
    private int _next;

    private ReferenceParser(string message)
    {
        string text = Regex.Replace(message, "(?<!\r)\n", "\r\n");
        long offset = 0;
        foreach (Match line in Regex.Matches(text, "[^\n]*\n|[^\n]+$"))
        {
            _lines.Add(line.Value);
            _offsets.Add(offset);
            offset += line.Length;
        }
        _offsets.Add(offset);
    }

    public static string Describe(byte[] message)
    {
        ReferenceParser parser = new(Encoding.Latin1.GetString(message));
        Node root = parser.ReadPart(isMessage: true, isInDigest: false, out _);
        StringBuilder text = new();
        Write(root, 0, text);
        return text.ToString();
    }

    private sealed class Node
    {
        public string Type = "TEXT", Subtype = "PLAIN", Encoding = "7BIT";
        public string? Charset, Boundary;
        public long HeaderOffset, HeaderOctets, BodyOffset, BodyOctets, BodyLines;
        public List<Node> Children = [];
    }

    /// <summary>Why a part ended: the boundary of this index, opened or closed, or (-1) the end of the message.</summary>
    private readonly record struct Ending(int Boundary, bool Closes, bool InHeader);

    private static void Write(Node node, int depth, StringBuilder text)
    {
        text.Append(' ', depth * 2)
            .Append($"{node.Type}/{node.Subtype} {node.Encoding} {node.Charset} ")
            .Append($"h={node.HeaderOffset}+{node.HeaderOctets} b={node.BodyOffset}+{node.BodyOctets} l={node.BodyLines}\n");
        node.Children.ForEach(child => Write(child, depth + 1, text));
    }

    private Node ReadPart(bool isMessage, bool isInDigest, out Ending ending)
    {
        Node node = new() { HeaderOffset = _offsets[_next] };
        int first = _next;
        StringBuilder header = new();
        Ending? early = null;
        while (_next < _lines.Count)
        {
            string line = _lines[_next];
            if (line == "\r\n")
            {
                _next++;
                break;
            }
            if (Delimiter(line) is Ending found)
            {
                early = found with { InHeader = true };
                break;
            }
            if (_next == first && !isMessage && !Regex.IsMatch(line, @"^[!-9;-~]+[ \t]*:"))
            {
                break;
            }
            header.Append(line);
            _next++;
        }
        node.HeaderOctets = _offsets[_next] - node.HeaderOffset;
        node.BodyOffset = _offsets[_next];
        ReadContent(node, header.ToString(), isInDigest);
        int bodyStart = _next;
        ending = early ?? new Ending(-1, false, _next == _lines.Count && (header.Length == 0 || _lines[^1] != "\r\n"));
        if (node.Type == "MULTIPART")
        {
            ending = ReadMultipart(node, early);
        }
        else if (IsMessage(node) && node.Encoding is "BASE64" or "QUOTED-PRINTABLE")
        {
            (node.Type, node.Subtype) = ("APPLICATION", "OCTET-STREAM");
            ending = early ?? SkipToDelimiter();
        }
        else if (IsMessage(node))
        {
            node.Children.Add(ReadPart(isMessage: true, isInDigest: false, out ending));
        }
        else if (early is null)
        {
            ending = SkipToDelimiter();
        }
        long end = _offsets[_next];
        int lines = _lines.Skip(bodyStart).Take(_next - bodyStart).Count(l => l.EndsWith('\n'));
        if (ending.Boundary >= 0 && !ending.InHeader && end > node.BodyOffset)
        {
            // The line end before the delimiter is the delimiter's, unless it ends a header that is the whole content.
            bool isOwnedByHeader = Deepest(node).BodyOffset == end;
            end -= isOwnedByHeader ? 0 : 2;
            lines -= isOwnedByHeader ? 0 : 1;
        }
        node.BodyOctets = end - node.BodyOffset;
        node.BodyLines = lines;
        if (node.Type == "MULTIPART" && node.Children.Count == 0)
        {
            node.Children.Add(new Node
            {
                HeaderOffset = node.BodyOffset,
                BodyOffset = node.BodyOffset,
                BodyOctets = node.BodyOctets,
                BodyLines = node.BodyLines,
            });
        }
        return node;
    }

    private static bool IsMessage(Node node) => node is { Type: "MESSAGE", Subtype: "RFC822" };

    private static Node Deepest(Node node) => node.Children.Count == 0 ? node : Deepest(node.Children[^1]);

    private Ending ReadMultipart(Node node, Ending? early)
    {
        if (early is Ending outer)
        {
            return outer;
        }
        if (node.Boundary is null)
        {
            return SkipToDelimiter();
        }
        _boundaries.Add(node.Boundary);
        int own = _boundaries.Count - 1;
        Ending ending = SkipToDelimiter();
        while (ending.Boundary == own && !ending.Closes)
        {
            _next++;
            node.Children.Add(ReadPart(isMessage: false, node.Subtype == "DIGEST", out ending));
        }
        _boundaries.RemoveAt(own);
        if (ending.Boundary == own)
        {
            _next++;
            ending = SkipToDelimiter();
        }
        return ending;
    }

    /// <summary>To the next line that is a delimiter of any open multipart.</summary>
    private Ending SkipToDelimiter()
    {
        for (; _next < _lines.Count; _next++)
        {
            if (Delimiter(_lines[_next]) is Ending found)
            {
                return found;
            }
        }
        return new Ending(-1, false, false);
    }

    private Ending? Delimiter(string line)
    {
        string text = line.TrimEnd(' ', '\t', '\r', '\n');
        for (int i = _boundaries.Count - 1; i >= 0; i--)
        {
            if (Regex.IsMatch(text, $@"^--{Regex.Escape(_boundaries[i])}([ \t]*--)?\z"))
            {
                return new Ending(i, text != "--" + _boundaries[i], false);
            }
        }
        for (int i = _boundaries.Count - 1; i >= 0; i--)
        {
            string start = Regex.Escape("--" + _boundaries[i]);
            bool closes = Regex.IsMatch(text, $"^{start}--", RegexOptions.Singleline);
            if (closes || Regex.IsMatch(text, $"^{start}[^-0-9A-Za-z'()+_,./:=?]", RegexOptions.Singleline))
            {
                return new Ending(i, closes, false);
            }
        }
        return null;
    }

    private static void ReadContent(Node node, string header, bool isInDigest)
    {
        string unfolded = Regex.Replace(header, "\r\n(?=[ \t])", "");
        Match type = Regex.Match(unfolded, @"^Content-Type:\s*([a-z]+)/([a-z0-9]+)([^\r\n]*)", RegexOptions.Multiline | RegexOptions.IgnoreCase);
        if (type.Success)
        {
            (node.Type, node.Subtype) = (type.Groups[1].Value.ToUpperInvariant(), type.Groups[2].Value.ToUpperInvariant());
            Match boundary = Regex.Match(type.Groups[3].Value, "boundary=\"([^\"\r\n]+)");
            node.Boundary = boundary.Success ? boundary.Groups[1].Value : null;
            Match charset = Regex.Match(type.Groups[3].Value, "charset=([a-z0-9-]+)");
            node.Charset = charset.Success ? charset.Groups[1].Value : null;
        }
        else if (isInDigest)
        {
            (node.Type, node.Subtype) = ("MESSAGE", "RFC822");
        }
        Match encoding = Regex.Match(unfolded, @"^Content-Transfer-Encoding:\s*([!-~]+)", RegexOptions.Multiline);
        node.Encoding = encoding.Success ? encoding.Groups[1].Value.ToUpperInvariant() : "7BIT";
    }
}
