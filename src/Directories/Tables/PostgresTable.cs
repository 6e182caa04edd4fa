using System.Globalization;
using System.Text;
using MailAccess.Tables;
using Npgsql;

namespace MailAccess.Directories.Tables;

/// <summary>
/// <c>pgsql:/file.cf</c>, a table in PostgreSQL: pgsql_table(5). What a key holds goes to the database as a parameter beside the query and is never part of its text.
/// </summary>
public sealed class PostgresTable : ILookUpTable, IAsyncDisposable
{
    private static readonly string[] Parameters = ["hosts", "user", "password", "dbname", "query", "encoding", .. RemoteResults.Parameters];

    /// <summary>A query without its condition must not fill the memory.</summary>
    private const int ResultsMax = 10_000;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly NpgsqlDataSource _database;
    private readonly PostgresQuery _query;
    private readonly RemoteResults _results;

    private PostgresTable(string name, NpgsqlDataSource database, PostgresQuery query, RemoteResults results) =>
        (Name, _database, _query, _results) = (name, database, query, results);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => false;

    /// <summary>A <see cref="TableFactory"/>. Connects when it is first asked.</summary>
    public static ILookUpTable? Open(string name, string argument, TableContext context, out string? error)
    {
        if (TableParameters.Read(argument, Parameters, out error) is not { } parameters || RemoteResults.Read(parameters, out error) is not { } results)
        {
            return null;
        }
        PostgresQuery? query = PostgresQuery.TryParse(parameters.Get("query"), out string? problem);
        error = query is null ? parameters.Problem("query", problem!) : null;
        return query is null ? null : new PostgresTable(name, Connect(parameters), query, results);
    }

    /// <inheritdoc/>
    public async ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
    {
        string asked = key.ToLowerInvariant();
        if (asked.Contains('\0', StringComparison.Ordinal) || !_results.Asks(asked) || _query.Values(asked) is not { } values)
        {
            return TableAnswer.NotFound;
        }
        try
        {
            await using NpgsqlCommand command = _database.CreateCommand(_query.Text);
            foreach (string value in values)
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            }
            List<string> found = [];
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (found.Count >= ResultsMax)
                {
                    return new TableAnswer(LookUpOutcome.Failed, Error: $"{Name}: more than {ResultsMax} results");
                }
                for (int column = 0; column < reader.FieldCount; column++)
                {
                    found.Add(reader.IsDBNull(column) ? "" : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture)!);
                }
            }
            return _results.Answer(Name, asked, found);
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            return new TableAnswer(LookUpOutcome.Failed, Error: $"{Name}: {problem.Message}");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static NpgsqlDataSource Connect(TableParameters parameters)
    {
        NpgsqlDataSourceBuilder builder = new();
        NpgsqlConnectionStringBuilder connection = builder.ConnectionStringBuilder;
        connection.Host = string.Join(',', parameters.List("hosts", "localhost").Select(h => h.StartsWith("unix:", StringComparison.Ordinal) ? h[5..] : h.StartsWith("inet:", StringComparison.Ordinal) ? h[5..] : h));
        connection.Username = parameters.Get("user");
        connection.Database = parameters.Get("dbname");
        connection.Password = parameters.Get("password");
        connection.ApplicationName = "mailaccess";
        connection.IncludeErrorDetail = false;
        connection.Timeout = connection.CommandTimeout = (int)Timeout.TotalSeconds;
        return builder.Build();
    }
}

/// <summary>A query of pgsql_table(5) with places for the key, written with parameters in their stead.</summary>
internal sealed class PostgresQuery
{
    private readonly List<char> _places = [];

    private PostgresQuery()
    {
    }

    /// <summary>With <c>$1</c>, <c>$2</c>… in the places.</summary>
    public string Text { get; private set; } = "";

    /// <returns>Null where there is an error.</returns>
    public static PostgresQuery? TryParse(string query, out string? problem)
    {
        PostgresQuery parsed = new();
        StringBuilder text = new();
        problem = query.Length == 0 ? "is missing: the query whose first column is the value" : null;
        for (int at = 0; at < query.Length && problem is null; at++)
        {
            if (query[at] is '\'' or '"')
            {
                int end = FindQuote(query, at);
                problem = end < 0 ? "a quote is not closed" : parsed.Quoted(query[at..(end + 1)], text);
                at = end;
            }
            else if (query[at] == '%')
            {
                problem = parsed.Place(query, ref at, out string written);
                text.Append(written);
            }
            else
            {
                text.Append(query[at]);
            }
        }
        parsed.Text = text.ToString();
        return problem is null ? parsed : null;
    }

    /// <summary>Of the parameters; null where the key lacks a part that the query wants.</summary>
    public List<string>? Values(string key)
    {
        List<string?> values = [.. _places.Select(p => KeyTemplate.ValueOf(p, key))];
        return values.Contains(null) ? null : [.. values.OfType<string>()];
    }

    /// <summary>Behind a quote that is doubled the text goes on.</summary>
    private static int FindQuote(string query, int opening)
    {
        for (int at = opening + 1; at < query.Length; at++)
        {
            bool isQuote = query[at] == query[opening];
            if (isQuote && at + 1 < query.Length && query[at + 1] == query[opening])
            {
                at++;
            }
            else if (isQuote)
            {
                return at;
            }
        }
        return -1;
    }

    /// <summary><c>'%u@example'</c> becomes <c>($1 || '@example')</c>.</summary>
    private string? Quoted(string literal, StringBuilder text)
    {
        if (KeyTemplate.TryParse(literal) is not { } template)
        {
            return "allowed after a percent sign are s, u, d, 1 to 9 and %";
        }
        if (template.Parts.Count == 1)
        {
            text.Append(template.Parts[0].Literal);
            return null;
        }
        if (literal[0] == '"' || (text.Length > 0 && text[^1] is 'E' or 'e' && (text.Length < 2 || !char.IsLetterOrDigit(text[^2]))))
        {
            return "the key may stand in plain quotes only, or in none";
        }
        text.Append('(');
        for (int part = 0; part < template.Parts.Count; part++)
        {
            (string piece, char place) = template.Parts[part];
            string inner = piece[(part == 0 ? 1 : 0)..(piece.Length - (place == '\0' ? 1 : 0))];
            text.Append(part > 0 ? " || " : "").Append('\'').Append(inner).Append('\'');
            if (place != '\0')
            {
                text.Append(" || ").Append(Parameter(place));
            }
        }
        text.Append(')');
        return null;
    }

    private string? Place(string query, ref int at, out string written)
    {
        written = "";
        if (KeyTemplate.TryParse(query.Substring(at, Math.Min(2, query.Length - at))) is not { } template)
        {
            return "allowed after a percent sign are s, u, d, 1 to 9 and %";
        }
        at++;
        written = template.Parts is [(_, char place), _] ? Parameter(place) : "%";
        return null;
    }

    private string Parameter(char place)
    {
        _places.Add(place);
        return string.Create(CultureInfo.InvariantCulture, $"${_places.Count}::text");
    }
}
