using System.Net;
using System.Text;
using MailAccess.Tables.Combined;
using MailAccess.Tables.Lists;
using MailAccess.Tables.Patterns;
using MailAccess.Tables.Socketmap;
using MailAccess.Tables.Text;

namespace MailAccess.Tables;

/// <summary>Makes a table of a type that this project does not know.</summary>
/// <param name="name">The specification, which is the table's name.</param>
/// <param name="argument">What stands behind the type and its colon.</param>
/// <param name="context">Limits, clock, logger.</param>
/// <param name="error">Why there is none, with file and line.</param>
/// <returns>Null where there is an error. The opener disposes of it, where it is an <see cref="IAsyncDisposable"/>.</returns>
public delegate ILookUpTable? TableFactory(string name, string argument, TableContext context, out string? error);

/// <summary>
/// Opens tables by their specification, as Postfix writes it (<c>hash:/etc/postfix/virtual</c>, DATABASE_README) or Sendmail (<c>hash -o /etc/mail/virtusertable</c>,
/// cf/README). The same specification gives the same table. Thread-safe. Owns what it opened: disposing ends the connections of the tables, which then fail.
/// </summary>
/// <param name="context">Limits, clock, logger.</param>
/// <param name="factories">Types that come from outside, by name without the colon: <c>ldap</c>, <c>pgsql</c>.</param>
public sealed class TableOpener(TableContext context, IReadOnlyDictionary<string, TableFactory> factories) : IAsyncDisposable
{
    private static readonly string[] Known = ["hash", "btree", "lmdb", "cdb", "dbm", "texthash", "regexp", "pcre", "cidr", "static", "inline", "socketmap", CombinedName.Union, CombinedName.Pipe];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string, TableSyntax), ILookUpTable> _tables = [];
    private int _depth;

    /// <summary>Opens a table; a file is read at once.</summary>
    /// <param name="specification">Type, colon and argument; a path alone is a text file. For lists also names, several items, and <c>!</c>.</param>
    /// <param name="syntax">How it is written where it is a text file.</param>
    /// <param name="table">The table; null where there is an error.</param>
    /// <param name="error">For people: what is wrong, with file and line, and what is allowed; null where there is a table.</param>
    public bool TryOpen(string specification, TableSyntax syntax, out ILookUpTable? table, out string? error)
    {
        lock (_gate)
        {
            if (_tables.TryGetValue((specification, syntax), out table))
            {
                error = null;
                return true;
            }
            if (_depth >= context.Limits.NestingMax)
            {
                error = $"{specification}: tables name one another more than {context.Limits.NestingMax} deep";
                return false;
            }
            _depth++;
            try
            {
                table = syntax == TableSyntax.List ? OpenList(specification, out error) : Open(specification, syntax, out error);
            }
            finally
            {
                _depth--;
            }
            if (table is not null)
            {
                _tables[(specification, syntax)] = table;
            }
            return table is not null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ILookUpTable[] opened;
        lock (_gate)
        {
            opened = [.. _tables.Values.Distinct()];
            _tables.Clear();
        }
        foreach (IAsyncDisposable owned in opened.OfType<IAsyncDisposable>())
        {
            await owned.DisposeAsync();
        }
    }

    private ILookUpTable? Open(string name, TableSyntax syntax, out string? error)
    {
        if (!TableSpecification.TryParse(name, out TableSpecification specification, out error))
        {
            return null;
        }
        if (specification.IsText)
        {
            return OpenText(name, specification, syntax, out error);
        }
        string argument = specification.Argument;
        switch (specification.Type)
        {
            case "regexp":
                return OpenRules(name, argument, (o, r) => PatternTable.Parse(o, r, PatternKind.Posix, context.Limits.PatternTimeout), (n, s, l) => new PatternTable(n, s, l), out error);
            case "pcre":
                return OpenRules(name, argument, (o, r) => PatternTable.Parse(o, r, PatternKind.Perl, context.Limits.PatternTimeout), (n, s, l) => new PatternTable(n, s, l), out error);
            case "cidr":
                return OpenRules<IPAddress>(name, argument, CidrTable.Parse, (n, s, l) => new CidrTable(n, s, l), out error);
            case "static":
                return new StaticTable(name, Braces.TryUnwrap(argument, out string value) ? value : argument);
            case "inline":
                return InlineTable.Parse(name, argument, out error);
            case "socketmap":
                return SocketmapTable.Parse(name, argument, context, out error);
            case CombinedName.Union or CombinedName.Pipe:
                return OpenCombined(name, syntax, out error);
            case var type when factories.TryGetValue(type, out TableFactory? make):
                return make(name, argument, context, out error);
            default:
                error = $"{name}: tables of type {specification.Type}: are not served; allowed are {string.Join(", ", Known.Concat(factories.Keys).Select(k => $"{k}:"))}, or the path of a text file";
                return null;
        }
    }

    private ILookUpTable? OpenCombined(string name, TableSyntax syntax, out string? error)
    {
        if (!CombinedName.TryRead(name, out string type, out IReadOnlyList<string> members))
        {
            error = $"{name}: the tables stand in braces: {name[..name.IndexOf(':', StringComparison.Ordinal)]}:{{hash:/etc/one, hash:/etc/two}}";
            return null;
        }
        List<ILookUpTable> tables = [];
        foreach (string member in members)
        {
            if (!TryOpen(member, syntax, out ILookUpTable? table, out error))
            {
                return null;
            }
            tables.Add(table!);
            syntax = type == CombinedName.Pipe ? TableSyntax.Map : syntax; // Names stand in the first table alone.
        }
        error = null;
        return type == CombinedName.Union ? new UnionTable(name, tables) : new PipeTable(name, tables);
    }

    private TextTable? OpenText(string name, TableSpecification specification, TableSyntax syntax, out string? error)
    {
        WatchedFile<TextEntries> file = new(
            context, Path.GetFullPath(specification.Argument), specification.IsOptional, syntax == TableSyntax.Aliases ? AliasText.Parse : MapText.Parse, e => e.Count);
        return file.TryOpen(out error) ? new TextTable(name, file) : null;
    }

    /// <summary>Of a file, or of rules in braces.</summary>
    private ILookUpTable? OpenRules<TKey>(
        string name,
        string argument,
        Func<byte[], TableReport, RuleList<TKey>?> parse,
        Func<string, string, Func<RuleList<TKey>>, ILookUpTable> make,
        out string? error)
    {
        if (!argument.StartsWith('{'))
        {
            WatchedFile<RuleList<TKey>> file = new(context, Path.GetFullPath(argument), isOptional: false, parse, l => l.Count);
            return file.TryOpen(out error) ? make(name, file.Path, () => file.Content) : null;
        }
        if (!Braces.TryUnwrap(argument, out string content))
        {
            error = $"{name}: a brace is not closed";
            return null;
        }
        IEnumerable<string> rules = Braces.Split(content).Select(r => Braces.TryUnwrap(r, out string rule) ? rule : r);
        TableReport report = new();
        RuleList<TKey>? list = parse(Encoding.UTF8.GetBytes(string.Join('\n', rules)), report);
        error = report.Error is { } fault ? $"{name}: rule {fault.Line}: {fault.Problem}" : null;
        return list is null ? null : make(name, name, () => list);
    }

    private ListTable? OpenList(string name, out string? error)
    {
        IReadOnlyList<IListPart>? parts = TableSpecification.TryParse(name, out TableSpecification single, out _) && single.IsText && single.IsOptional
            ? OpenListFile(single.Argument, negated: false, isOptional: true, out error) is { } optional ? [optional] : null
            : NewListText().ParseSpecification(name, out error);
        return parts is null ? null : new ListTable(name, parts);
    }

    private ListText NewListText() => new(
        (string specification, out string? error) => TryOpen(specification, TableSyntax.Map, out ILookUpTable? table, out error) ? table : null,
        (string path, bool negated, out string? error) => OpenListFile(path, negated, isOptional: false, out error));

    private FilePart? OpenListFile(string path, bool negated, bool isOptional, out string? error)
    {
        string full = Path.GetFullPath(path);
        WatchedFile<IReadOnlyList<IListPart>> file = new(context, full, isOptional, (octets, report) => ParseListFile(full, octets, report), p => p.Count);
        return file.TryOpen(out error) ? new FilePart(file, negated) : null;
    }

    private IReadOnlyList<IListPart>? ParseListFile(string path, byte[] octets, TableReport report)
    {
        lock (_gate) // Also when it is read again: what it names is opened then.
        {
            if (_depth >= context.Limits.NestingMax)
            {
                report.Fail(1, $"lists name one another more than {context.Limits.NestingMax} deep");
                return null;
            }
            _depth++;
            try
            {
                return NewListText().ParseFile(path, octets, report);
            }
            finally
            {
                _depth--;
            }
        }
    }
}
