using System.Globalization;
using System.Text;

namespace MailAccess.Testing;

/// <summary>What a line of a transcript asks for.</summary>
public enum TranscriptAction
{
    /// <summary><c>C1: text</c>: the client sends the line with CRLF.</summary>
    Send,
    /// <summary><c>C1&gt; text</c>: the client sends the octets, with C escapes, without CRLF.</summary>
    SendRaw,
    /// <summary><c>C1* 70000 x</c>: the client sends the text so many times.</summary>
    SendRepeated,
    /// <summary><c>S1: pattern</c>: the server's next line.</summary>
    Expect,
    /// <summary><c>S1~ pattern</c>: some line of the server's; those before it are passed over.</summary>
    ExpectLater,
    /// <summary><c>S1! pattern</c>: must not come before the next <c>S1:</c>.</summary>
    Forbid,
    /// <summary><c>@word arguments</c>: something outside the conversation.</summary>
    Directive,
}

/// <summary>One line of a transcript.</summary>
public sealed record TranscriptLine(int Number, TranscriptAction Action, int Session, string Text);

/// <summary>A conversation as a file: the form in which protocol behaviour is specified. See CONTRIBUTING.md.</summary>
public sealed record Transcript(string Name, IReadOnlyList<TranscriptLine> Lines)
{
    /// <summary>The names of all transcripts below <c>transcripts/</c> beside the test program, for a theory.</summary>
    public static IEnumerable<string> NamesBelow(string folder)
    {
        string root = Path.Combine(AppContext.BaseDirectory, "transcripts");
        string start = Path.Combine(root, folder);
        return Directory.Exists(start)
            ? Directory.EnumerateFiles(start, "*.session", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(root, f)).Order(StringComparer.Ordinal)
            : [];
    }

    /// <summary>Reads one of <see cref="NamesBelow"/>.</summary>
    public static Transcript Load(string name) =>
        Parse(name, File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "transcripts", name), Encoding.UTF8));

    /// <summary>Reads the lines of a transcript.</summary>
    public static Transcript Parse(string name, IEnumerable<string> lines)
    {
        List<TranscriptLine> parsed = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (line.Trim().Length > 0 && line[0] != '#')
            {
                parsed.Add(ParseLine(name, number, line));
            }
        }
        return new Transcript(name, parsed);
    }

    private static TranscriptLine ParseLine(string name, int number, string line)
    {
        if (line[0] == '@')
        {
            return new TranscriptLine(number, TranscriptAction.Directive, 0, line[1..].Trim());
        }
        int mark = 1;
        while (mark < line.Length && char.IsAsciiDigit(line[mark]))
        {
            mark++;
        }
        TranscriptAction? action = mark >= line.Length ? null : (line[0], line[mark]) switch
        {
            ('C', ':') => TranscriptAction.Send,
            ('C', '>') => TranscriptAction.SendRaw,
            ('C', '*') => TranscriptAction.SendRepeated,
            ('S', ':') => TranscriptAction.Expect,
            ('S', '~') => TranscriptAction.ExpectLater,
            ('S', '!') => TranscriptAction.Forbid,
            _ => null,
        };
        if (action is not { } known)
        {
            throw new FormatException($"{name}:{number}: neither C:, C>, C*, S:, S~, S!, @ nor #: {line}");
        }
        int session = mark == 1 ? 1 : int.Parse(line.AsSpan(1, mark - 1), CultureInfo.InvariantCulture);
        string text = line[(mark + 1)..];
        return new TranscriptLine(number, known, session, text.StartsWith(' ') ? text[1..] : text);
    }
}
