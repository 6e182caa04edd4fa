using System.Text;
using MailAccess.Message;

namespace MailAccess.Imap.Grammar;

/// <summary>What of a message or part a section names.</summary>
internal enum SectionText
{
    /// <summary>All of it; of a part, its body.</summary>
    Whole,
    /// <summary>HEADER</summary>
    Header,
    /// <summary>HEADER.FIELDS</summary>
    HeaderFields,
    /// <summary>HEADER.FIELDS.NOT</summary>
    HeaderFieldsNot,
    /// <summary>TEXT</summary>
    Text,
    /// <summary>MIME</summary>
    Mime,
}

/// <summary>
/// BODY[section]&lt;partial&gt; and the old RFC822 items that mean the same — RFC 3501 §6.4.5, §9; the sections of BINARY, RFC 3516 §7.
/// </summary>
internal sealed record BodySection
{
    /// <summary>Part numbers from the top; empty: the message.</summary>
    public IReadOnlyList<uint> Path { get; init; } = [];

    /// <summary>Which text of it.</summary>
    public SectionText Text { get; init; }

    /// <summary>Field names, for HEADER.FIELDS and its .NOT.</summary>
    public IReadOnlyCollection<byte[]> Names { get; init; } = [];

    /// <summary>Not the octets of the message as they stand, but some of its header's fields.</summary>
    public bool PicksFields => Text is SectionText.HeaderFields or SectionText.HeaderFieldsNot;

    /// <summary>Of <c>&lt;first.count&gt;</c>; null: all.</summary>
    public (long First, long Count)? Partial { get; init; }

    /// <summary>Does not set <c>\Seen</c>.</summary>
    public bool IsPeek { get; init; }

    /// <summary>Asks for nothing but fields that summaries keep: the message itself need not be opened.</summary>
    public bool IsOfKeptFields { get; private init; }

    /// <summary>How the response names it: <c>BODY[1.MIME]&lt;0&gt;</c>.</summary>
    public required byte[] Label { get; init; }

    /// <summary>section ["&lt;" number "." nz-number "&gt;"] behind BODY or BODY.PEEK — RFC 3501 §9.</summary>
    public static bool TryParse(ImapArguments arguments, bool isPeek, out BodySection section)
    {
        section = null!;
        if (!arguments.TryChar((byte)'[', "[") || !TryParsePath(arguments, out List<uint> path, out bool textFollows))
        {
            return false;
        }
        SectionText text = SectionText.Whole;
        List<byte[]> names = [];
        if (textFollows && !TryParseText(arguments, path.Count > 0, out text, names))
        {
            return false;
        }
        if (!arguments.TryChar((byte)']', "]"))
        {
            return false;
        }
        if (!TryParsePartial(arguments, out (long First, long Count)? partial))
        {
            return false;
        }
        section = new BodySection
        {
            Path = path,
            Text = text,
            Names = names,
            Partial = partial,
            IsPeek = isPeek,
            IsOfKeptFields = path.Count == 0 && text == SectionText.HeaderFields
                && names.TrueForAll(name => MessageSummary.KeptHeaderFields.Any(kept => Ascii.EqualsIgnoreCase(name, kept))),
            Label = MakeLabel("BODY[", path, text, names, partial),
        };
        return true;
    }

    /// <summary>section-binary [partial] behind BINARY or BINARY.PEEK: section-binary = "[" [section-part] "]" — RFC 3516 §7.</summary>
    public static bool TryParseBinary(ImapArguments arguments, bool isPeek, out BodySection section)
    {
        (long First, long Count)? partial = null;
        bool parsed = TryParseParts(arguments, out List<uint> path) && TryParsePartial(arguments, out partial);
        section = new BodySection
        {
            Path = path,
            Partial = partial,
            IsPeek = isPeek,
            Label = MakeLabel("BINARY[", path, SectionText.Whole, [], partial),
        };
        return parsed;
    }

    /// <summary>section-binary behind BINARY.SIZE — RFC 3516 §7.</summary>
    public static bool TryParseBinarySize(ImapArguments arguments, out BodySection section)
    {
        bool parsed = TryParseParts(arguments, out List<uint> path);
        section = new BodySection { Path = path, IsPeek = true, Label = MakeLabel("BINARY.SIZE[", path, SectionText.Whole, [], null) };
        return parsed;
    }

    private static bool TryParseParts(ImapArguments arguments, out List<uint> path)
    {
        path = [];
        return arguments.TryChar((byte)'[', "[") && TryParsePath(arguments, out path, out bool textFollows)
            && (!textFollows || arguments.Missing("part numbers or ]")) && arguments.TryChar((byte)']', "]");
    }

    /// <summary>partial = "&lt;" number64 "." nz-number64 "&gt;" — RFC 9051 §9; RFC 3501 has 32 bits.</summary>
    private static bool TryParsePartial(ImapArguments arguments, out (long First, long Count)? partial)
    {
        partial = null;
        if (!arguments.TryWord("<"u8))
        {
            return true;
        }
        if (!(arguments.TryNumber64(out long first) && arguments.TryChar((byte)'.', ".")
              && arguments.TryNzNumber64(out long count) && arguments.TryChar((byte)'>', ">")))
        {
            return false;
        }
        partial = (first, count);
        return true;
    }

    /// <summary>section-part = nz-number *("." nz-number); says whether a section-text follows.</summary>
    private static bool TryParsePath(ImapArguments arguments, out List<uint> path, out bool textFollows)
    {
        path = [];
        textFollows = arguments.Next != (byte)']';
        while (char.IsAsciiDigit((char)arguments.Next))
        {
            if (path.Count >= arguments.Limits.SectionDepthMax || !arguments.TryNzNumber(out uint number))
            {
                return arguments.Missing("fewer part numbers, none of them 0");
            }
            path.Add(number);
            textFollows = arguments.TryWord("."u8);
            if (!textFollows)
            {
                return true;
            }
        }
        return true;
    }

    /// <summary>
    /// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"; section-text = section-msgtext / "MIME".
    /// </summary>
    private static bool TryParseText(ImapArguments arguments, bool inPart, out SectionText text, List<byte[]> names)
    {
        text = arguments.TryWord("HEADER.FIELDS.NOT"u8) ? SectionText.HeaderFieldsNot
            : arguments.TryWord("HEADER.FIELDS"u8) ? SectionText.HeaderFields
            : arguments.TryWord("HEADER"u8) ? SectionText.Header
            : arguments.TryWord("TEXT"u8) ? SectionText.Text
            : inPart && arguments.TryWord("MIME"u8) ? SectionText.Mime
            : SectionText.Whole;
        return text switch
        {
            SectionText.Whole => arguments.Missing("HEADER, HEADER.FIELDS, TEXT or a part's MIME"),
            SectionText.HeaderFields or SectionText.HeaderFieldsNot => TryParseNames(arguments, names),
            _ => true,
        };
    }

    /// <summary>header-list = "(" header-fld-name *(SP header-fld-name) ")"; header-fld-name = astring.</summary>
    private static bool TryParseNames(ImapArguments arguments, List<byte[]> names)
    {
        if (!arguments.TrySpace() || !arguments.TryChar((byte)'(', "a list of field names"))
        {
            return false;
        }
        do
        {
            if (names.Count >= arguments.Limits.HeaderNamesMax || !arguments.TryAstring(out ReadOnlyMemory<byte> name)
                || name.Span.ContainsAnyInRange((byte)0, (byte)31)) // No field has such a name, and it would stand in the response.
            {
                return arguments.Missing("a field name, and not too many");
            }
            names.Add(name.ToArray());
        }
        while (arguments.Next == (byte)' ' && arguments.TrySpace());
        return arguments.TryChar((byte)')', "a field name or )");
    }

    private static byte[] MakeLabel(string item, List<uint> path, SectionText text, List<byte[]> names, (long First, long Count)? partial)
    {
        StringBuilder label = new(item);
        label.AppendJoin('.', path);
        label.Append(path.Count > 0 && text != SectionText.Whole ? "." : "");
        label.Append(text switch
        {
            SectionText.Header => "HEADER",
            SectionText.HeaderFields => "HEADER.FIELDS (",
            SectionText.HeaderFieldsNot => "HEADER.FIELDS.NOT (",
            SectionText.Text => "TEXT",
            SectionText.Mime => "MIME",
            _ => "",
        });
        label.AppendJoin(' ', names.Select(Astring));
        label.Append(names.Count > 0 ? ")]" : "]");
        if (partial is { } range)
        {
            label.Append('<').Append(range.First).Append('>');
        }
        return Encoding.Latin1.GetBytes(label.ToString());
    }

    /// <summary>A field name as the client wrote it, in the shortest form that the grammar allows.</summary>
    private static string Astring(byte[] name)
    {
        string text = Encoding.Latin1.GetString(name);
        if (name.Length > 0 && name.All(o => o is > 0x20 and < 0x7F && !"(){%*\"\\".Contains((char)o, StringComparison.Ordinal)))
        {
            return text;
        }
        return name.All(o => o is >= 0x20 and < 0x7F)
            ? "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\""
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{{{name.Length}}}\r\n{text}");
    }
}
