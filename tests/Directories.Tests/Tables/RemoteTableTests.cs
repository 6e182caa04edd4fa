using MailAccess.Directories.Tables;
using MailAccess.Tables;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Directories.Tests.Tables;

/// <summary>ldap_table(5) and pgsql_table(5) against the real servers.</summary>
public sealed class RemoteTableTests : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-remote-");
    private readonly TableOpener _opener = new(
        new TableContext(TableLimits.Default, TimeProvider.System, NullLogger.Instance),
        new Dictionary<string, TableFactory> { ["ldap"] = LdapTable.Open, ["pgsql"] = PostgresTable.Open });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _opener.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_table_in_an_ldap_directory()
    {
        Assert.SkipUnless(SlapdServer.IsInstalled, "slapd is not installed");
        await using SlapdServer server = await SlapdServer.StartAsync("""
            dn: uid=alice,dc=example,dc=test
            objectClass: inetOrgPerson
            uid: alice
            cn: x
            sn: x
            mail: alice@example.test
            mail: list@example.test

            dn: uid=bob,dc=example,dc=test
            objectClass: inetOrgPerson
            uid: bob
            cn: x
            sn: x
            mail: list@example.test

            """ + "\n");
        string common = $"server_host = {server.Address.ToString().TrimEnd('/')}\nsearch_base = dc=example,dc=test\nbind_dn = {SlapdServer.Reader}\nbind_pw = {SlapdServer.ReaderPassword}\nresult_attribute = uid\n";
        ILookUpTable table = Open("ldap", common + "query_filter = mail=%s\nresult_format = %s@%D\n");
        Assert.Equal("alice@example.test", await AskAsync(table, "Alice@Example.test"));
        Assert.Equal("alice@example.test,bob@example.test", await AskAsync(table, "list@example.test"));
        Assert.Null(await AskAsync(table, "*"));
        Assert.Null(await AskAsync(table, "*@example.test"));
        Assert.Null(await AskAsync(table, "nobody)(uid=*@example.test"));
        Assert.Null(await AskAsync(table, "alice"));
        ILookUpTable parts = Open("ldap", common + "query_filter = (&(uid=%u)(mail=*@%2.%1))\ndomain = example.test\n");
        Assert.Equal("alice", await AskAsync(parts, "alice@example.test"));
        Assert.Null(await AskAsync(parts, "alice@example.net"));
        Assert.Equal(LookUpOutcome.Failed, (await Open("ldap", common + "query_filter = mail=%s\nexpansion_limit = 1\n").FindAsync("list@example.test", Stop)).Outcome);
        Assert.Equal(LookUpOutcome.Failed, (await Open("ldap", common + "query_filter = mail=%s\nsize_limit = 1\n").FindAsync("list@example.test", Stop)).Outcome);
        await server.StopAsync();
        TableAnswer down = await table.FindAsync("alice@example.test", Stop);
        Assert.Equal(LookUpOutcome.Failed, down.Outcome);
        Assert.DoesNotContain(SlapdServer.ReaderPassword, down.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_in_postgresql()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await server.SqlAsync("CREATE TABLE forwardings (source text, target text); INSERT INTO forwardings VALUES ('a@example.test', 'alice'), ('a@example.test', 'bob'), ('o''x@example.test', 'ox'), ('@example.test', NULL), ('x%y', 'percent');");
        string host = server.ConnectionString["Host=".Length..server.ConnectionString.IndexOf(';', StringComparison.Ordinal)];
        string common = $"hosts = unix:{host}\nuser = {PostgresServer.User}\npassword = {PostgresServer.Password}\ndbname = postgres\n";
        ILookUpTable table = Open("pgsql", common + "query = SELECT target FROM forwardings\n  WHERE source='%s' ORDER BY target\n");
        Assert.Equal("alice,bob", await AskAsync(table, "A@example.test"));
        Assert.Equal("ox", await AskAsync(table, "o'x@example.test"));
        Assert.Null(await AskAsync(table, "' OR ''='"));
        Assert.Null(await AskAsync(table, "\\' OR 1=1 --"));
        Assert.Null(await AskAsync(table, "a\0"));
        Assert.Null(await AskAsync(table, "@example.test"));
        ILookUpTable parts = Open("pgsql", common + "query = SELECT target FROM forwardings WHERE source = '%u@%2.' || %1 OR source LIKE 'x%%y'\nresult_format = %s+%U@%D\n");
        Assert.Equal("alice+a@example.test,bob+a@example.test,percent+a@example.test", await AskAsync(parts, "a@example.test"));
        Assert.Null(await AskAsync(parts, "@example.test"));
        TableAnswer whole = await Open("pgsql", common + "query = SELECT generate_series(1, 50000) WHERE '%s' <> ''\n").FindAsync("a", Stop);
        Assert.Equal(LookUpOutcome.Failed, whole.Outcome);
        Assert.EndsWith("more than 10000 results", whole.Error, StringComparison.Ordinal);
        Assert.Equal(LookUpOutcome.Failed, (await Open("pgsql", common + "query = SELECT nothing FROM nowhere WHERE a='%s'\n").FindAsync("a", Stop)).Outcome);
        await server.StopAsync();
        TableAnswer down = await table.FindAsync("a@example.test", Stop);
        Assert.Equal(LookUpOutcome.Failed, down.Outcome);
        Assert.DoesNotContain(PostgresServer.Password, down.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pgsql", "hosts = x\nfrobnicate = 1\n", ":2: the parameter frobnicate is not served")]
    [InlineData("pgsql", "hosts = x\n", "query: is missing")]
    [InlineData("pgsql", "query = SELECT 'a%x'\n", ":1: query: allowed after a percent sign")]
    [InlineData("pgsql", "query = SELECT 'a\n", ":1: query: a quote is not closed")]
    [InlineData("pgsql", "query = SELECT E'%s'\n", ":1: query: the key may stand in plain quotes")]
    [InlineData("pgsql", "query = SELECT 1\nexpansion_limit = x\n", ":2: expansion_limit: is no number")]
    [InlineData("ldap", "query_filter = (uid=%s\n", ":1: query_filter: ")]
    [InlineData("ldap", "query_filter = uid=%s\nscope = one\n", ":2: scope: allowed are sub and base")]
    [InlineData("ldap", "server_host = http://x\n", ":1: server_host: ")]
    public void Errors_name_file_and_line(string type, string text, string problem)
    {
        string path = Path.Combine(_folder.FullName, "t.cf");
        File.WriteAllText(path, text);
        Assert.False(_opener.TryOpen($"{type}:{path}", TableSyntax.Map, out _, out string? error));
        Assert.StartsWith(path, error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    private static async Task<string?> AskAsync(ILookUpTable table, string key)
    {
        TableAnswer answer = await table.FindAsync(key, Stop);
        Assert.True(answer.Outcome != LookUpOutcome.Failed, answer.Error);
        return answer.Value;
    }

    private ILookUpTable Open(string type, string text)
    {
        string path = Path.Combine(_folder.FullName, $"{Directory.GetFiles(_folder.FullName).Length}.cf");
        File.WriteAllText(path, text);
        Assert.True(_opener.TryOpen($"{type}:{path}", TableSyntax.Map, out ILookUpTable? table, out string? error), error);
        return table!;
    }
}
