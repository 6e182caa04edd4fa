using MailAccess.Server.Cli;

namespace MailAccess.Server.Tests.Cli;

/// <summary>mailaccess lookup.</summary>
public sealed class LookupCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-lookup-");

    private string Table => Path.Combine(_folder.FullName, "t");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_answer_has_its_file_and_line()
    {
        File.WriteAllText(Table, "# a\nbob@example.org robert\n");
        Assert.Equal((0, $"robert\t{Table}:2\n", ""), await RunAsync("", $"hash:{Table}", "Bob@example.org"));
        Assert.Equal((1, "", ""), await RunAsync("", $"hash:{Table}", "nobody"));
        Assert.Equal((0, $$"""{"key":"bob@example.org","outcome":"found","value":"robert","source":"{{Table}}","line":2,"error":null}""" + "\n", ""), await RunAsync("", Table, "bob@example.org", "--json"));
        Assert.Equal((0, $"bob@example.org\trobert\t{Table}:2\n", ""), await RunAsync("nobody\nbob@example.org\n", Table, "-"));
    }

    [Fact]
    public async Task Aliases_and_lists_are_looked_up_too()
    {
        File.WriteAllText(Table, "root: bob, carol\n");
        Assert.Equal((0, $"bob, carol\t{Table}:1\n", ""), await RunAsync("", Table, "root", "--aliases"));
        Assert.Equal((0, "a.example\ta.example, b.example\n", ""), await RunAsync("", "a.example, b.example", "a.example", "--list"));
    }

    [Fact]
    public async Task A_key_of_the_configuration_stands_for_all_its_tables_in_their_order()
    {
        File.WriteAllText(Table, "bob@example.org robert\n");
        File.WriteAllText(Table + "2", "bob@example.org nobody\ncarol@example.org caroline\n");
        string config = Path.Combine(_folder.FullName, "m.json");
        File.WriteAllText(config, """
            { "hostname": "mail.example.org", "domains": ["example.org"], "rewriting": { "canonical": ["hash:t", "hash:t2"] }, "routing": { "localDomains": ["a.test"], "aliases": ["t3"] } }
            """);
        File.WriteAllText(Table + "3", "root: bob, carol\n");
        Assert.Equal((0, $"robert\t{Table}:1\n", ""), await RunAsync("", "rewriting.canonical", "bob@example.org", "--config", config));
        Assert.Equal((0, $"caroline\t{Table}2:2\n", ""), await RunAsync("", "rewriting.canonical", "carol@example.org", "--config", config));
        Assert.Equal((0, $"bob, carol\t{Table}3:1\n", ""), await RunAsync("", "routing.aliases", "root", "--config", config));
        Assert.Equal((1, "", ""), await RunAsync("", "routing.localDomains", "b.test", "--config", config));
        Assert.Equal((78, "", "mailaccess: rewriting.generics names no table\n"), await RunAsync("", "rewriting.generics", "x", "--config", config));
    }

    [Fact]
    public async Task What_cannot_be_told_now_is_75_and_what_is_no_table_78()
    {
        (int code, string output, string errors) = await RunAsync("", $"socketmap:unix:{Table}:x", "a");
        Assert.Equal((75, ""), (code, output));
        Assert.StartsWith($"mailaccess: a: socketmap:unix:{Table}:x: ", errors, StringComparison.Ordinal);
        Assert.Equal((78, "", $"mailaccess: {Table} does not exist\n"), await RunAsync("", Table, "a"));
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string input, params string[] arguments)
    {
        using StringReader reader = new(input);
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await LookupCommand.Create(reader, output, errors).Parse(arguments).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);
        return (code, output.ToString(), errors.ToString());
    }
}
