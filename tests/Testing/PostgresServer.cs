using Xunit;

namespace MailAccess.Testing;

/// <summary>A real PostgreSQL in a folder of its own, heard at a Unix socket there, whose one user must show a password.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>Of the user <see cref="User"/>.</summary>
    public const string Password = "database secret";

    /// <summary>The owner of the database <c>postgres</c>.</summary>
    public const string User = "mailaccess";

    private readonly string _programs;
    private readonly string _folder;

    private PostgresServer(string programs, string folder)
    {
        _programs = programs;
        _folder = folder;
    }

    /// <summary>How to connect, in Npgsql's notation, without the password.</summary>
    public string ConnectionString => $"Host={_folder};Database=postgres;Username={User}";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Skips the test, saying why, where PostgreSQL is not installed.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        string? programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).FirstOrDefault(b => File.Exists(Path.Combine(b, "initdb"))) : null;
        Assert.SkipUnless(programs is not null, "postgresql is not installed");
        PostgresServer server = new(programs!, Directory.CreateTempSubdirectory("mailaccess-pg-").FullName);
        string secret = Path.Combine(server._folder, "secret");
        await File.WriteAllTextAsync(secret, Password + "\n");
        if (Environment.UserName == "root")
        {
            await PeerProgram.RunAsync("chown", ["-R", "nobody", server._folder]); // It does not run as root.
        }
        await server.RunAsync("initdb", "-D", server.Data, "-U", User, "--auth=scram-sha-256", "--pwfile=" + secret, "-E", "UTF8", "--no-sync");
        await server.ResumeAsync();
        return server;
    }

    /// <summary>Starts it, again.</summary>
    public Task ResumeAsync() =>
        RunAsync("pg_ctl", "start", "-w", "-t", "120", "-s", "-D", Data, "-l", Path.Combine(_folder, "log"), "-o", $"-c listen_addresses='' -c unix_socket_directories='{_folder}' -c fsync=off -c max_connections=20");

    /// <summary>Stops it as a failing machine would.</summary>
    public Task StopAsync() => RunAsync("pg_ctl", "stop", "-w", "-t", "120", "-s", "-m", "immediate", "-D", Data);

    /// <summary>Runs statements.</summary>
    public Task SqlAsync(string statements) =>
        PeerProgram.RunAsync(Path.Combine(_programs, "psql"), ["-h", _folder, "-U", User, "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1"], statements, Password);

    /// <summary>Makes the tables that stand in docs/accounts.md.</summary>
    public Task CreateTablesAsync()
    {
        string documentation = File.ReadAllText(Path.Combine(Repository.Root, "docs", "accounts.md"));
        int start = documentation.IndexOf("```sql\n", StringComparison.Ordinal) + "```sql\n".Length;
        return SqlAsync(documentation[start..documentation.IndexOf("```", start, StringComparison.Ordinal)]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await StopAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private Task RunAsync(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        return Environment.UserName == "root"
            ? PeerProgram.RunAsync("setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", path, .. arguments]) : PeerProgram.RunAsync(path, arguments);
    }
}
