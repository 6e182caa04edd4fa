using MailAccess.Smtp;

namespace MailAccess.Routing.Tests;

/// <summary>A domain with other letters than ASCII, in tables that are written in either form and in addresses that come in either form.</summary>
public sealed class DomainFormsTests : RouterFixture
{
    private const string Unicode = "bücher.test";
    private const string Ascii = "xn--bcher-kva.test";

    public static TheoryData<string, string> Both => new()
    {
        { Unicode, Unicode },
        { Unicode, Ascii },
        { Ascii, Unicode },
        { Ascii, "XN--Bcher-KVA.test" },
    };

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Routing_finds_them_all(string table, string address)
    {
        Options = Options with
        {
            Origin = "example.test",
            VirtualAliases = MemoryTable.Of("virtual", $"{table} ours", $"info@{table} bob", $"@sub.{table} alice"),
            Transports = MemoryTable.Of("transport", $".hop.{table} smtp:[192.0.2.1]", $"vip@hop.{table} smtp:[192.0.2.2]"),
            MailerTable = MemoryTable.Of("mailertable", $".mailer.{table} smtp:%1.inside.test"),
            RelayDomains = MemoryTable.Of("relay", $"relay.{table}"),
            DomainTable = MemoryTable.Of("domaintable", $"old.{table} example.test"),
            SenderSmartHosts = MemoryTable.Of("senders", $"@{table} [smart.test]"),
            SmartHostPasswords = MemoryTable.Of("passwords", $"boss@{table} boss:secret"),
        };
        Assert.Equal("bob@example.test=bob", await WhereAsync($"info@{address}"));
        Assert.Equal("alice@example.test=alice", await WhereAsync($"x@sub.{address}"));
        Assert.Equal($"x@{address}=550/5.1.1", await WhereAsync($"x@{address}"));
        Assert.Equal($"x@a.hop.{address}=[192.0.2.1]", await WhereAsync($"x@a.hop.{address}"));
        Assert.Equal($"vip@hop.{address}=[192.0.2.2]", await WhereAsync($"vip@hop.{address}"));
        Assert.Equal($"x@dept.mailer.{address}=dept.inside.test", await WhereAsync($"x@dept.mailer.{address}"));
        Assert.True(await AcceptsAsync($"x@a.relay.{address}"));
        Assert.Equal("bob@example.test=bob", await WhereAsync($"bob@old.{address}"));
        NextHop hop = Assert.IsType<Target.Relay>(await TargetAsync("x@far.test", $"boss@{address}")).Hop;
        Assert.Equal(("smart.test", "boss"), (hop.Host, hop.Credentials?.UserName));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Rewriting_finds_them_all(string table, string address)
    {
        AddressRewriter rewriter = new(new RewritingOptions
        {
            DomainTable = [new MemoryTable("domaintable", $"old.{table} {table}")],
            Canonical = [new MemoryTable("canonical", $"jd@{table} John.Doe@example.test")],
            Masquerade = new Masquerading { Domains = [MailDomain.NormalizeEntry(table)] },
        });
        GenericRewriter generics = new(new RewritingOptions { Generics = [new MemoryTable("generics", $"@{table} one@example.test")], GenericsDomains = [table] });
        Assert.Equal("John.Doe@example.test", await RewriteAsync(rewriter, $"jd@old.{address}"));
        Assert.Equal("one@example.test", await RewriteAsync(generics, $"x@{address}"));
        Assert.Equal($"x@{Ascii}", await RewriteAsync(rewriter, $"x@host.{address}"));
    }

    [Fact]
    public async Task A_pattern_is_asked_for_the_whole_address_in_both_forms()
    {
        MemoryTable pattern = new("regexp") { TakesWholeKeysOnly = true };
        Options = Options with { VirtualAliases = new RoutingTables("routing.virtualAliases", [pattern]) };
        await WhereAsync($"bob+x@{Unicode}");
        Assert.Equal([$"bob+x@{Ascii}", $"bob+x@{Unicode}"], pattern.Asked);
    }

    [Theory]
    [InlineData("xn--bcher-2pa.test")] // A capital Ü, which a table that knows no case takes for a small one.
    [InlineData("xn--zzzzzzzz.test")] // Nothing at all.
    public async Task Nobody_passes_for_another_domain(string domain)
    {
        MemoryTable table = new("virtual");
        Options = Options with { VirtualAliases = new RoutingTables("routing.virtualAliases", [table]), VirtualAliasDomains = MemoryTable.Of("domains", "none.test") };
        await WhereAsync($"bob@{domain}");
        Assert.Equal([$"bob@{domain}", $"@{domain}"], table.Asked);
    }

    [Fact]
    public async Task A_user_whose_name_looks_like_an_A_label_is_nobody_else()
    {
        Options = Options with { Origin = "example.test", Aliases = MemoryTable.Of("aliases", "bücher alice") };
        Assert.Equal("xn--bcher-kva@example.test=550/5.1.1", await WhereAsync("xn--bcher-kva@example.test"));
    }

    private static async Task<string> RewriteAsync(IAddressRewriter rewriter, string address) =>
        (await rewriter.RewriteAsync(Path(address), AddressClasses.EnvelopeSender, null, None)).Path.ToString();
}
