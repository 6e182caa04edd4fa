using MailAccess.Server.Cli;

namespace MailAccess.Server.Tests.Cli;

/// <summary>What check says of tables that are read well but are hardly meant so.</summary>
public sealed class CheckTablesTests : ExplainFixture
{
    private async Task<string> CheckAsync(string routing)
    {
        string file = Write("m.json", $$"""
            { "hostname": "mail.example.test", "domains": ["example.test"], "postmaster": "root@example.test", "accounts": { "passwdFile": "passwd" }, "routing": { {{routing}} } }
            """);
        StringWriter output = new();
        StringWriter errors = new();
        int code = await CheckCommand.Create(output, errors).Parse(["--config", file]).InvokeAsync(null, TestContext.Current.CancellationToken);
        return $"{code}\n{errors}{output}".Replace(Folder, "~", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_that_only_virtual_aliases_name_is_told_with_its_line()
    {
        Write("virtual", "# virtusertable\nbob@example.test alice\ninfo@v.test bob\n@V.test alice\nw.test anything\nx@w.test bob\n@relay.test bob\n@xn--bcher-kva.test bob\nalone alice\n");
        Write("relays", "relay.test bücher.test");
        const string routing = "\"virtualAliases\": [\"hash:virtual\"], \"relayDomains\": [\"{0}/relays\"]";
        string said = await CheckAsync(routing.Replace("{0}", Folder, StringComparison.Ordinal));
        Assert.StartsWith("0\n", said, StringComparison.Ordinal);
        Assert.Contains(
            "note: ~/virtual:3: v.test is no domain of this server, so mail of strangers for it is refused (relaying denied), although virtual aliases name it; "
            + "if it is yours, name it in routing.virtualAliasDomains, or give the table a line \"v.test anything\"\n", said, StringComparison.Ordinal);
        Assert.Equal(2, said.Split("relaying denied").Length);

        said = await CheckAsync(routing.Replace("{0}", Folder, StringComparison.Ordinal) + ", \"virtualAliasDomains\": [\"v.test\"]");
        Assert.Contains("note: ~/virtual:6: w.test is no domain of this server", said, StringComparison.Ordinal); // The list has taken the place of the line.
        Assert.EndsWith("name it in routing.virtualAliasDomains", said.Split('\n').Single(l => l.Contains("w.test", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_dns_says_whose_mail_is_taken_nothing_is_told()
    {
        Write("virtual", "info@v.test bob\n");
        Assert.DoesNotContain("v.test", await CheckAsync("\"virtualAliases\": [\"hash:virtual\"], \"relayByMx\": true"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_domains_some_are_told()
    {
        Write("virtual", string.Concat(Enumerable.Range(0, 30).Select(n => $"info@v{n}.test bob\n")));
        string said = await CheckAsync("\"virtualAliases\": [\"hash:virtual\"]");
        Assert.Equal(11, said.Split("relaying denied").Length);
        Assert.Contains("note: virtual aliases name 20 more domains that are not of this server", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_says_that_strangers_are_refused()
    {
        Write("virtual", "info@v.test bob\n");
        string said = await ExplainAsync("\"routing\": { \"virtualAliases\": [\"hash:virtual\"] }", "info@v.test", client: "192.0.2.1");
        Assert.Contains("\ndomain info@v.test not ours, although it has virtual aliases: mail of strangers is refused routing.virtualAliasDomains\n", said, StringComparison.Ordinal);
        Assert.Contains("CLIENT 192.0.2.1 may not relay", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Combined_tables_count_their_paths_from_the_folder_of_the_configuration()
    {
        Write("one", "info@example.test bob\n");
        Write("two", "info@example.test alice\n");
        string said = await ExplainAsync("\"routing\": { \"virtualAliases\": [\"unionmap:{hash:one, hash:two}\"] }", "info@example.test");
        Assert.Contains("\nvirtual info@example.test bob@example.test, alice@example.test unionmap:{hash:~/one, hash:~/two}\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_next_hops_are_explained_one_after_the_other()
    {
        Write("transport", "shop.test smtp:gone.test, far.test\n");
        string said = await ExplainAsync("\"routing\": { \"transports\": [\"hash:transport\"] }", "x@shop.test");
        Assert.StartsWith("0\n", said, StringComparison.Ordinal);
        Assert.Contains("x@shop.test SMTP to gone.test, far.test\ngone.test 550 5.1.2 ", said, StringComparison.Ordinal);
        Assert.Contains("\nMX 10 mx.far.test ", said, StringComparison.Ordinal);
    }
}
