using MailAccess.Tables.Files;
using MailAccess.Tables.Text;

namespace MailAccess.Tables;

/// <summary>The parameters of a table's own file, <c>name = value</c> as in Postfix's main.cf: ldap_table(5), pgsql_table(5).</summary>
public sealed class TableParameters
{
    private const long OctetsMax = 1 << 20;

    private readonly TextEntries _entries = new();
    private readonly string _path;

    private TableParameters(string path) => _path = path;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="known">Names that may stand there.</param>
    /// <param name="error">What is wrong with it, with file and line, without values.</param>
    /// <returns>Null where there is an error.</returns>
    public static TableParameters? Read(string path, IReadOnlyCollection<string> known, out string? error)
    {
        TableParameters parameters = new(Path.GetFullPath(path));
        TableReport report = new();
        try
        {
            LogicalLines lines = new((TableFile.Read(parameters._path, OctetsMax) ?? throw new IOException("it does not exist")).Octets, report);
            while (lines.MoveNext())
            {
                int sign = lines.Text.IndexOf('=', StringComparison.Ordinal);
                string name = sign < 0 ? "" : lines.Text[..sign].TrimEnd(LogicalLines.Spaces);
                if (!known.Contains(name))
                {
                    report.Fail(lines.Line, sign < 0 || name.Any(LogicalLines.IsSpace) ? "is no parameter; one is name = value" : $"the parameter {name} is not served; allowed are {string.Join(", ", known.Order(StringComparer.Ordinal))}");
                    break;
                }
                parameters._entries.Add(name, lines.Text[(sign + 1)..].TrimStart(LogicalLines.Spaces), lines.Line, report);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = $"{parameters._path} cannot be read: {failure.Message}";
            return null;
        }
        error = report.Error is { } fault ? $"{new TablePlace(parameters._path, fault.Line)}: {fault.Problem}" : null;
        return error is null ? parameters : null;
    }

    /// <summary>A value; where it is missing or empty, the default.</summary>
    public string Get(string name, string byDefault = "") => _entries.TryFind(name, out TextEntries.Entry entry) && entry.Value.Length > 0 ? entry.Value : byDefault;

    /// <summary>A list between commas and white space.</summary>
    public IReadOnlyList<string> List(string name, string byDefault = "") => Braces.Split(Get(name, byDefault));

    /// <summary>A message about a parameter, with file and line.</summary>
    public string Problem(string name, string problem) =>
        $"{new TablePlace(_path, _entries.TryFind(name, out TextEntries.Entry entry) ? entry.Line : 0)}: {name}: {problem}";
}
