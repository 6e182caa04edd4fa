using System.Text;

namespace MailAccess.Message.Tests;

/// <summary>Short ways from text to octets and through the parser.</summary>
internal static class Octets
{
    /// <summary>Latin-1 octets of a text whose lines end in LF here and in CRLF there.</summary>
    public static byte[] Crlf(string text) => Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n"));

    public static byte[] Raw(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> octets) => Encoding.Latin1.GetString(octets);

    public static string Text(ReadOnlyMemory<byte> octets) => Text(octets.Span);

    public static (MimePart Root, MessageSummary Summary, MessageParser Parser) Parse(ReadOnlySpan<byte> message, MessageLimits? limits = null)
    {
        MessageParser parser = new(limits ?? MessageLimits.Default);
        parser.Feed(message);
        MimePart root = parser.Finish();
        return (root, parser.Summarize(), parser);
    }

    public static MimePart Root(string text) => Parse(Crlf(text)).Root;

    public static string Envelope(string text) => Text(Parse(Crlf(text)).Summary.Envelope);

    public static string BodyStructure(string text) => Text(Parse(Crlf(text)).Summary.BodyStructure);

    public static string Body(string text) => Text(Parse(Crlf(text)).Summary.Body);

    /// <summary>The tree with all numbers, one part a line.</summary>
    public static string Describe(MimePart part, int depth = 0)
    {
        StringBuilder text = new();
        text.Append(' ', depth * 2)
            .Append($"{part.Type}/{part.Subtype} {part.TransferEncoding} {part.Charset} ")
            .Append($"h={part.HeaderOffset}+{part.HeaderOctets} b={part.BodyOffset}+{part.BodyOctets} l={part.BodyLines}\n");
        foreach (MimePart child in part.Parts)
        {
            text.Append(Describe(child, depth + 1));
        }
        return text.ToString();
    }

    /// <summary>The octets of a part's body.</summary>
    public static string BodyOf(MimePart part, string message) =>
        Text(Crlf(message).AsSpan((int)part.BodyOffset, (int)part.BodyOctets));
}
