using MailAccess.Tables;

namespace MailAccess.Directories.Tables;

/// <summary>What ldap_table(5) and pgsql_table(5) have in common: which keys are asked, and how results become one value.</summary>
/// <param name="Domains">Only keys of these domains are asked; empty: all.</param>
/// <param name="Format">result_format.</param>
/// <param name="ExpansionMax">expansion_limit: more results are a failure; 0: as many as there are.</param>
internal sealed record RemoteResults(IReadOnlyList<string> Domains, KeyTemplate Format, int ExpansionMax)
{
    public static readonly string[] Parameters = ["domain", "result_format", "expansion_limit"];

    public static RemoteResults? Read(TableParameters parameters, out string? error)
    {
        KeyTemplate? format = KeyTemplate.TryParse(parameters.Get("result_format", "%s"));
        bool isNumber = int.TryParse(parameters.Get("expansion_limit", "0"), out int limit) && limit >= 0;
        error = format is null ? parameters.Problem("result_format", "allowed after a percent sign are s, u, d, S, U, D, 1 to 9 and %")
            : !isNumber ? parameters.Problem("expansion_limit", "is no number")
            : null;
        IReadOnlyList<string> domains = parameters.List("domain");
        if (error is null && domains.FirstOrDefault(d => d.Contains('/', StringComparison.Ordinal) || d.Contains(':', StringComparison.Ordinal)) is { } foreign)
        {
            error = parameters.Problem("domain", $"{foreign}: only names of domains are served here");
        }
        return error is null ? new RemoteResults(domains, format!, limit) : null;
    }

    /// <summary>With a list of domains, a key without one is not asked, nor is one of another.</summary>
    public bool Asks(string key) => Domains.Count == 0
        || (key.LastIndexOf('@') is int at and >= 0 && Domains.Contains(key[(at + 1)..], StringComparer.OrdinalIgnoreCase))
        || (!key.Contains('@', StringComparison.Ordinal) && Domains.Contains(key, StringComparer.OrdinalIgnoreCase));

    public TableAnswer Answer(string name, string key, IEnumerable<string> results)
    {
        List<string> values = [];
        foreach (string result in results.Where(r => r.Length > 0))
        {
            if (Format.Expand(result, key) is { } value)
            {
                values.Add(value);
            }
            if (ExpansionMax > 0 && values.Count > ExpansionMax)
            {
                return new TableAnswer(LookUpOutcome.Failed, Error: $"{name}: more than {ExpansionMax} results (expansion_limit)");
            }
        }
        return values.Count == 0 ? TableAnswer.NotFound : new TableAnswer(LookUpOutcome.Found, string.Join(',', values), new TablePlace(name, 0));
    }
}
