using System.Data;
using System.Globalization;
using MailAccess.Auth;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MailAccess.Directories.Postgres;

/// <summary>Accounts of tables in PostgreSQL, with their stored credentials.</summary>
public sealed class PostgresDirectory : IAccountDirectory, IDisposable
{
    private static readonly char[] Separators = [',', ' ', '\t', '\n'];

    private readonly PostgresOptions _options;
    private readonly NpgsqlDataSource _database;
    private readonly RowReader _rows;

    /// <summary>Connects when it is first asked. The connection string is one without <see cref="PostgresOptions.FindProblem"/>.</summary>
    public PostgresDirectory(PostgresOptions options, ILogger log)
    {
        _options = options;
        _rows = new RowReader("PostgreSQL", options.DefaultDomains, log);
        int seconds = Math.Max(1, (int)Math.Ceiling(options.Timeout.TotalSeconds));
        NpgsqlDataSourceBuilder builder = new(options.ConnectionString);
        builder.ConnectionStringBuilder.MaxPoolSize = options.ConnectionsMax;
        builder.ConnectionStringBuilder.Timeout = seconds;
        builder.ConnectionStringBuilder.CommandTimeout = seconds;
        builder.ConnectionStringBuilder.ApplicationName ??= "mailaccess";
        builder.ConnectionStringBuilder.IncludeErrorDetail = false;
        if (options.ReadPassword is { } read)
        {
            builder.UsePasswordProvider(_ => read(), (_, _) => new(read()));
        }
        _database = builder.Build();
    }

    /// <inheritdoc/>
    public async ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
    {
        string name = loginName.ToLowerInvariant();
        List<AccountRow> found = await QueryAsync(_options.LoginQuery, ("login", name), Spellings(name), cancellationToken);
        // Of two accounts nobody can say whose password is meant.
        return found.Count > 1 ? throw new IOException("PostgreSQL: loginQuery gives more than one account") : found is [{ } only] ? _rows.Read(only) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken)
    {
        string address = $"{localPart}@{domain}".ToLowerInvariant();
        foreach (AccountRow row in await QueryAsync(_options.AddressQuery, ("address", address), null, cancellationToken))
        {
            if (_rows.ReadOwner(row, address) is { } owner)
            {
                return owner;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken)
    {
        List<Account> all = [];
        foreach (AccountRow row in await QueryAsync(_options.ListQuery, null, null, cancellationToken))
        {
            if (_rows.Read(row) is { } account)
            {
                all.Add(account.Account);
            }
        }
        return all;
    }

    /// <summary>Connects and has the queries looked at by the database, without running them: what is wrong, or null.</summary>
    public async ValueTask<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        foreach ((string key, string query) in new[] { ("loginQuery", _options.LoginQuery), ("addressQuery", _options.AddressQuery), ("listQuery", _options.ListQuery) })
        {
            try
            {
                await using NpgsqlCommand command = _database.CreateCommand(query);
                AddParameters(command, ("login", "a@b"), [""]);
                command.Parameters.AddWithValue("address", "a@b");
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancellationToken);
                if (!Enumerable.Range(0, reader.FieldCount).Any(i => reader.GetName(i) == "name"))
                {
                    return $"{key} gives no column \"name\"";
                }
            }
            catch (PostgresException refused) when (refused.SqlState.StartsWith("42", StringComparison.Ordinal))
            {
                return $"{key}: {refused.MessageText}"; // Class 42: syntax errors, tables and columns that are not there, access that is not granted.
            }
            catch (Exception problem) when (IsUnavailable(problem))
            {
                return problem.Message;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static bool IsUnavailable(Exception problem) => problem is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException;

    /// <summary>A name, and what it is with a default domain or without.</summary>
    private string[] Spellings(string name)
    {
        int at = name.LastIndexOf('@');
        bool isDefault = at > 0 && _options.DefaultDomains.Contains(name[(at + 1)..], StringComparer.OrdinalIgnoreCase);
        return at < 0 ? [name, .. AccountRow.AddressesOf(name, _options.DefaultDomains)] : isDefault ? [name, name[..at]] : [name];
    }

    /// <summary>Throws <see cref="IOException"/> for whatever the database says that is not an answer.</summary>
    private async Task<List<AccountRow>> QueryAsync(
        string query, (string Name, string Value)? asked, string[]? spellings, CancellationToken cancellationToken)
    {
        List<AccountRow> rows = [];
        if (asked is { } key && key.Value.Contains('\0', StringComparison.Ordinal))
        {
            return rows; // No text of PostgreSQL holds it.
        }
        try
        {
            await using NpgsqlCommand command = _database.CreateCommand(query);
            AddParameters(command, asked, spellings);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(Read(reader));
            }
            return rows;
        }
        catch (Exception problem) when (IsUnavailable(problem))
        {
            throw new IOException($"PostgreSQL: {problem.Message}", problem);
        }
    }

    private static void AddParameters(NpgsqlCommand command, (string Name, string Value)? asked, string[]? spellings)
    {
        if (asked is not { } key)
        {
            return;
        }
        int at = key.Value.LastIndexOf('@');
        command.Parameters.AddWithValue(key.Name, key.Value);
        command.Parameters.AddWithValue("local", at < 0 ? key.Value : key.Value[..at]);
        command.Parameters.AddWithValue("domain", at < 0 ? "" : key.Value[(at + 1)..]);
        if (spellings is not null)
        {
            command.Parameters.AddWithValue("logins", spellings);
        }
    }

    private AccountRow Read(NpgsqlDataReader reader)
    {
        return new AccountRow
        {
            Name = Text("name") ?? "",
            Password = Text("password"),
            DefaultScheme = _options.DefaultScheme,
            Addresses = List("addresses"),
            Quota = List("quota"),
            Home = Text("home"),
            DisabledImapCapabilities = List("disabled_capabilities"),
            MayLogIn = Value("enabled") is not (false or 0 or 0L or (short)0 or "f" or "false" or "n" or "no" or "0"),
        };

        object? Value(string column)
        {
            for (int i = 0; i < reader.FieldCount; i++)
            {
                if (reader.GetName(i) == column)
                {
                    return reader.IsDBNull(i) ? null : reader.GetValue(i);
                }
            }
            return null;
        }

        string? Text(string column) => Value(column) is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;

        IReadOnlyList<string> List(string column) => Value(column) switch
        {
            null => [],
            string[] texts => texts,
            object other => Convert.ToString(other, CultureInfo.InvariantCulture)!.Split(Separators, StringSplitOptions.RemoveEmptyEntries),
        };
    }
}
