using MailAccess.Tables.Text;

namespace MailAccess.Tables;

/// <summary>A table's specification taken apart.</summary>
/// <param name="Type"><c>hash</c>, <c>regexp</c>, …; <c>text</c> where there is a path alone.</param>
/// <param name="IsOptional">Sendmail's <c>-o</c>: the file need not exist.</param>
/// <param name="Argument">What is behind the colon and the flags.</param>
internal readonly record struct TableSpecification(string Type, bool IsOptional, string Argument)
{
    /// <summary>Names of types that look up whole keys in a database; here in the text beside it.</summary>
    private static readonly string[] Databases = ["hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "ndbm", "newdb", "implicit", "texthash", "text"];

    /// <summary>Is a text file whose syntax the caller says.</summary>
    public bool IsText => Databases.Contains(Type, StringComparer.Ordinal);

    /// <summary>Begins with a type and a colon. An address literal or a name with a port does not.</summary>
    public static bool HasType(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && text.AsSpan(0, colon).IndexOfAnyExceptInRange('a', 'z') < 0;
    }

    /// <summary>Postfix's <c>type:argument</c>, Sendmail's <c>type -o argument</c> and <c>type: -o argument</c>, or a path.</summary>
    public static bool TryParse(string text, out TableSpecification specification, out string? error)
    {
        string rest = text.Trim(LogicalLines.Spaces);
        while (rest.StartsWith("proxy:", StringComparison.Ordinal))
        {
            rest = rest["proxy:".Length..];
        }
        string type = "text";
        int letters = 0;
        while (letters < rest.Length && char.IsAsciiLetterLower(rest[letters]))
        {
            letters++;
        }
        if (letters > 0 && letters < rest.Length && (rest[letters] == ':' || LogicalLines.IsSpace(rest[letters])))
        {
            type = rest[..letters];
            rest = rest[(letters + 1)..];
        }
        specification = new TableSpecification(type, false, rest);
        return !specification.IsText ? Finish(specification, rest.TrimEnd(LogicalLines.Spaces), out specification, out error) : TryFlags(specification, out specification, out error);
    }

    private static bool Finish(TableSpecification parsed, string argument, out TableSpecification specification, out string? error)
    {
        specification = parsed with { Argument = argument };
        error = argument.Length == 0 ? $"{parsed.Type}: names no table" : null;
        return error is null;
    }

    /// <summary>The flags of Sendmail's K lines that have a meaning for a text, or none that matters: <c>-N</c>, <c>-O</c> (null octets), <c>-T</c> (temporary failures).</summary>
    private static bool TryFlags(TableSpecification parsed, out TableSpecification specification, out string? error)
    {
        string rest = parsed.Argument.TrimStart(LogicalLines.Spaces);
        while (rest.StartsWith('-'))
        {
            int end = rest.AsSpan().IndexOfAny(LogicalLines.Spaces);
            string flag = end < 0 ? rest : rest[..end];
            if (flag is not ("-o" or "-N" or "-O") && !flag.StartsWith("-T", StringComparison.Ordinal))
            {
                specification = parsed;
                error = $"the flag {flag} is not served; allowed are -o (the file need not exist), -N, -O and -T";
                return false;
            }
            parsed = parsed with { IsOptional = parsed.IsOptional || flag == "-o" };
            rest = end < 0 ? "" : rest[end..].TrimStart(LogicalLines.Spaces);
        }
        return Finish(parsed, rest.TrimEnd(LogicalLines.Spaces), out specification, out error);
    }
}
