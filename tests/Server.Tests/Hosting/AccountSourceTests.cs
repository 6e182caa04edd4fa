using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Tests.Hosting;

/// <summary>Logging in over IMAP, and mail from outside, with accounts of each source.</summary>
public sealed class AccountSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-sources-").FullName;

    public AccountSourceTests() => File.WriteAllText(Path.Combine(_folder, "passwd"), "alice@example.test:{PLAIN}file\ndaemon:{PLAIN}file\n");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task System_users_log_in_behind_the_passwd_file()
    {
        Assert.SkipUnless(PamService("auth required pam_permit.so"), "libpam.so.0 is not installed");
        await using LoopbackServer server = await LoopbackServer.StartAsync(_folder, SystemUsers("""["passwd", "system"]"""));
        Assert.StartsWith("OK", await server.LogInAsync("alice@example.test", "file"), StringComparison.Ordinal);
        Assert.StartsWith("OK", await server.LogInAsync("bin@example.test", "whatever the service permits"), StringComparison.Ordinal);
        Assert.StartsWith("NO", await server.LogInAsync("daemon", "whatever"), StringComparison.Ordinal); // The passwd file knows him.
        Assert.StartsWith("NO", await server.LogInAsync("root", "whatever"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.RecipientAsync("bin@example.test"), StringComparison.Ordinal);
        Assert.StartsWith("550", await server.RecipientAsync("no-such-user@example.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_system_service_that_refuses_is_a_wrong_password_and_one_that_fails_is_not()
    {
        Assert.SkipUnless(PamService("auth required pam_deny.so"), "libpam.so.0 is not installed");
        await using LoopbackServer server = await LoopbackServer.StartAsync(_folder, SystemUsers("""["system"]"""));
        Assert.StartsWith("NO [AUTHENTICATIONFAILED]", await server.LogInAsync("bin", "x"), StringComparison.Ordinal);
        PamService("auth required pam_debug.so auth=authinfo_unavail");
        Assert.StartsWith("NO [UNAVAILABLE]", await server.LogInAsync("bin", "x"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accounts_of_a_database_log_in_and_get_mail_and_while_it_is_away_everything_is_temporary()
    {
        await using PostgresServer database = await PostgresServer.StartAsync();
        await database.CreateTablesAsync();
        await database.SqlAsync("INSERT INTO accounts (name, password) VALUES ('bob@example.test', '{PLAIN}row'), ('alice@example.test', '{PLAIN}row');");
        await File.WriteAllTextAsync(Path.Combine(_folder, "secret"), PostgresServer.Password, TestContext.Current.CancellationToken);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_folder, $$"""
            "cacheTime": "1h", "sources": ["passwd", "postgresql"], "postgresql": { "connection": "{{database.ConnectionString}}", "passwordFile": "secret" }
            """);
        Assert.StartsWith("OK", await server.LogInAsync("bob@example.test", "row"), StringComparison.Ordinal);
        Assert.StartsWith("NO [AUTHENTICATIONFAILED]", await server.LogInAsync("bob@example.test", "file"), StringComparison.Ordinal);
        Assert.StartsWith("NO [AUTHENTICATIONFAILED]", await server.LogInAsync("alice@example.test", "row"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.RecipientAsync("bob@example.test"), StringComparison.Ordinal);
        Assert.StartsWith("550", await server.RecipientAsync("mallory@example.test"), StringComparison.Ordinal);

        await database.StopAsync();
        Assert.StartsWith("OK", await server.LogInAsync("alice@example.test", "file"), StringComparison.Ordinal);
        Assert.StartsWith("NO [UNAVAILABLE]", await server.LogInAsync("bob@example.test", "row"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.RecipientAsync("bob@example.test"), StringComparison.Ordinal); // Remembered.
        Assert.StartsWith("451", await server.RecipientAsync("carol@example.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accounts_of_a_directory_log_in_and_get_mail_and_while_it_is_away_everything_is_temporary()
    {
        await using SlapdServer directory = await SlapdServer.StartAsync(
            "dn: uid=bob,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: bob\ncn: b\nsn: b\nmail: b@example.test\nuserPassword: entry\n");
        await File.WriteAllTextAsync(Path.Combine(_folder, "secret"), SlapdServer.ReaderPassword, TestContext.Current.CancellationToken);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_folder, $$"""
            "sources": ["passwd", "ldap"], "ldap": {
              "servers": ["{{directory.Address}}"], "authorities": "{{directory.CertificateFile}}", "base": "dc=example,dc=test",
              "bindDn": "{{SlapdServer.Reader}}", "passwordFile": "secret" }
            """);
        Assert.StartsWith("OK", await server.LogInAsync("bob", "entry"), StringComparison.Ordinal);
        Assert.StartsWith("OK", await server.LogInAsync("b@example.test", "entry"), StringComparison.Ordinal);
        Assert.StartsWith("NO", await server.LogInAsync("bob", ""), StringComparison.Ordinal);
        Assert.StartsWith("NO [AUTHENTICATIONFAILED]", await server.LogInAsync("bob", "wrong"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.RecipientAsync("b@example.test"), StringComparison.Ordinal);
        Assert.StartsWith("550", await server.RecipientAsync("mallory@example.test"), StringComparison.Ordinal);

        await directory.StopAsync();
        Assert.StartsWith("OK", await server.LogInAsync("alice@example.test", "file"), StringComparison.Ordinal);
        Assert.StartsWith("NO [UNAVAILABLE]", await server.LogInAsync("bob", "entry"), StringComparison.Ordinal);
        Assert.StartsWith("451", await server.RecipientAsync("carol@example.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_tries_each_source()
    {
        using AccountSources sources = new(
            LoopbackServer.Read(_folder, """ "sources": ["passwd", "system"], "passwdFile": "absent", "system": { "service": "absent-service" } """),
            TimeProvider.System, NullLoggerFactory.Instance);
        List<string> problems = [];
        foreach (NamedSource source in sources.Sources)
        {
            problems.Add($"{source.Key}: {await source.FindProblemAsync(TestContext.Current.CancellationToken)}");
        }
        Assert.Collection(
            problems,
            p => Assert.Contains(Path.Combine(_folder, "absent"), p, StringComparison.Ordinal),
            p => Assert.StartsWith("accounts.system: ", p, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(""" "sources": [] """, "accounts.sources", "at least one")]
    [InlineData(""" "sources": ["passwd", "passwd"] """, "accounts.sources", "each once")]
    [InlineData(""" "sources": ["nis"] """, "accounts.sources[0]", "\"passwd\"")]
    [InlineData(""" "system": { "uidMin": 500 } """, "accounts.system", "not in accounts.sources")]
    [InlineData(""" "sources": ["system"], "system": { "service": "../passwd" } """, "accounts.system.service", "not the name of a file")]
    [InlineData(""" "sources": ["system"], "system": { "uidMin": 5, "uidMax": 4 } """, "accounts.system.uidMin", "uidMax")]
    [InlineData(""" "sources": ["postgresql"] """, "accounts.postgresql.connection", "no Host")]
    [InlineData(""" "sources": ["postgresql"], "postgresql": { "connection": "Host=h;Password=p" } """, "accounts.postgresql.connection", "passwordFile")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "base": "dc=x" } """, "accounts.ldap.servers", "ldaps://host")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "servers": ["ldap://h"], "base": "dc=x", "loginFilter": "uid=%u" } """, "accounts.ldap.loginFilter", "(")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "servers": ["ldap://h"], "base": "dc=x", "bindDn": "cn=x" } """, "accounts.ldap.bindDn", "passwordFile")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "servers": ["ldap://h", "http://h"], "base": "dc=x" } """, "accounts.ldap.servers", "ldaps://host")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "servers": ["ldap://h"] } """, "accounts.ldap.base", "missing")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "servers": ["ldap://h"], "base": "dc=x", "userDn": "uid=%s,dc=x" } """, "accounts.ldap.userDn", "percent")]
    [InlineData(""" "sources": ["ldap"], "ldap": { "servers": ["ldap://h"], "base": "dc=x", "quotaAttribute": "a)(b" } """, "accounts.ldap.quotaAttribute", "attribute")]
    [InlineData(""" "cacheTime": "2h" """, "accounts.cacheTime", "1h")]
    public void A_mistake_is_told_with_its_key(string accounts, string key, string problem)
    {
        List<ConfigurationError> errors = [];
        Assert.Null(ConfigurationLoader.Read(
            "mailaccess.json", _folder, System.Text.Encoding.UTF8.GetBytes($$"""{ "accounts": { {{accounts}} } }"""), new System.Collections.Hashtable(), errors));
        ConfigurationError error = Assert.Single(errors);
        Assert.Equal(key, error.Key);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    private static string SystemUsers(string sources) =>
        $$""" "sources": {{sources}}, "system": { "service": "mail", "serviceFolder": "pam", "uidMin": 1 } """;

    /// <summary>False where there is no PAM to ask.</summary>
    private bool PamService(string authentication)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "pam")).FullName;
        File.WriteAllText(Path.Combine(folder, "mail"), authentication + "\naccount required pam_permit.so\n");
        return System.Runtime.InteropServices.NativeLibrary.TryLoad("libpam.so.0", out _);
    }
}
