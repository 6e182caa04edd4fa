using System.Text;

namespace MailAccess.Pop3.Commands;

/// <summary>LANG — RFC 6856 §3. The texts of this server are English.</summary>
internal static class LangCommand
{
    private const string Language = "en";

    public static readonly Pop3Command Definition =
        new("LANG", Pop3States.Any, (session, arguments) => new(Execute(arguments)));

    private static Pop3Reply Execute(Pop3Arguments arguments)
    {
        if (arguments.AtEnd)
        {
            return Pop3Reply.Multiline("languages follow", new ListBody([$"{Language} English"]));
        }
        if (!arguments.TryReadWord(out ReadOnlyMemory<byte> range) || !arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: LANG [range]");
        }
        // Basic filtering: a range matches a tag that it equals, or that goes on behind it with a hyphen. RFC 4647 §3.3.1.
        return range.Span.SequenceEqual("*"u8) || Ascii.EqualsIgnoreCase(range.Span, Language)
            ? Pop3Reply.Ok($"{Language} this is the language")
            : Pop3Reply.Error("no such language; LANG lists those that there are");
    }
}
