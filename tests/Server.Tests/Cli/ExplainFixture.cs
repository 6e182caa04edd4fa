using System.Collections;
using System.Net;
using System.Text;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Server.Cli;
using MailAccess.Server.Configuration;
using MailAccess.Smtp;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Tests.Cli;

/// <summary>A folder with a configuration and tables, the accounts alice, bob and root at example.test, and a DNS of the test's own.</summary>
public abstract class ExplainFixture : IDisposable
{
    protected ExplainFixture()
    {
        Write("passwd", "alice@example.test:{PLAIN}x::::::\nbob@example.test:{PLAIN}x::::::\nroot@example.test:{PLAIN}x::::::\nprinter@example.test:{NOPASSWORD}::::::\n");
        Resolver.Mx["far.test"] = [new MxRecord(20, "backup.far.test."), new MxRecord(10, "mx.far.test.")];
        Resolver.Addresses["mx.far.test"] = [IPAddress.Parse("203.0.113.1"), IPAddress.Parse("2001:db8::1")];
        Resolver.Addresses["backup.far.test"] = [IPAddress.Parse("203.0.113.2")];
    }

    protected string Folder { get; } = Directory.CreateTempSubdirectory("mailaccess-explain-").FullName;

    private protected FakeResolver Resolver { get; } = new();

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Write(string name, string content)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>What explain says, after its exit code and with <c>~</c> for the folder, runs of spaces as one.</summary>
    protected async Task<string> ExplainAsync(string sections, string recipient, string sender = "", string? client = null)
    {
        List<ConfigurationError> wrong = [];
        string text = $$"""{ "hostname": "mail.example.test", "domains": ["example.test"], "postmaster": "root@example.test", "accounts": { "passwdFile": "passwd" }, {{sections}} }""";
        ServerConfiguration? configuration = ConfigurationLoader.Read("m.json", Folder, Encoding.UTF8.GetBytes(text), new Hashtable(), wrong);
        Assert.Empty(wrong);
        Assert.True(MailPath.TryParse(recipient, out MailPath? to));
        MailPath from = MailPath.TryParse(sender, out MailPath? given) ? given : MailPath.Null;
        StringWriter output = new();
        StringWriter errors = new();
        int code = await ExplainCommand.RunAsync(
            configuration!, new RoutingRequest { Recipient = to, ReversePath = from, Explain = true }, client is null ? null : IPAddress.Parse(client), Resolver,
            NullLoggerFactory.Instance, ExplainFormat.Table, output, errors, TestContext.Current.CancellationToken);
        string said = errors.ToString() + output;
        return $"{code}\n" + string.Join('\n', said.Replace(Folder, "~", StringComparison.Ordinal).Split('\n')
            .Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }
}
