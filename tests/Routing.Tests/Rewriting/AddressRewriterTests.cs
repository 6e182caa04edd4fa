using MailAccess.Smtp;

namespace MailAccess.Routing.Tests.Rewriting;

/// <summary>What courses on Sendmail and Postfix teach, and what goes wrong.</summary>
public sealed class AddressRewriterTests
{
    private static readonly RewritingOptions Site = new() { Origin = "example.org", IsOwnDomain = static d => d is "example.org" or "mail.example.org" };

    [Theory]
    [InlineData("jdoe@example.org", "John.Doe@example.org")]
    [InlineData("jdoe+lists@example.org", "John.Doe+lists@example.org")]
    [InlineData("JDoe@Example.ORG", "John.Doe@example.org")]
    [InlineData("jdoe@far.test", "jdoe@far.test")]
    [InlineData("ann@old.test", "ann@new.test")]
    [InlineData("ann+x@old.test", "ann+x@new.test")]
    [InlineData("<>", "<>")]
    public async Task Canonical_tables_map_logins_to_first_and_last_names(string address, string expected)
    {
        TableDouble table = new("canonical", ("jdoe", "John.Doe"), ("@old.test", "@new.test"));
        Assert.Equal(expected, await RewriteAsync(Site with { Canonical = [table] }, address));
    }

    [Fact]
    public async Task A_result_is_looked_up_again_until_it_stands_for_itself()
    {
        TableDouble table = new("canonical", ("a@example.org", "b@example.org"), ("b@example.org", "c@example.org"), ("c@example.org", "C@example.org"));
        Assert.Equal("C@example.org", await RewriteAsync(Site with { Canonical = [table] }, "a@example.org"));
    }

    [Fact]
    public async Task A_circle_of_canonical_addresses_ends_and_the_message_waits()
    {
        TableDouble table = new("canonical", ("a@example.org", "b@example.org"), ("b@example.org", "a@example.org"));
        AddressRewriting result = await new AddressRewriter(Site with { Canonical = [table] })
            .RewriteAsync(Path("a@example.org"), AddressClasses.EnvelopeSender, null, None);
        Assert.Equal(("canonical: a@example.org leads in a circle", "a@example.org"), (result.Error, result.Path.ToString()));
        Assert.Equal(Site.RepeatsMax, table.Asked.Count);
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("@")]
    [InlineData("@a b")]
    [InlineData(",")]
    public async Task What_is_no_address_makes_the_message_wait(string value)
    {
        AddressRewriting result = await new AddressRewriter(Site with { Canonical = [new TableDouble("canonical", ("a@example.org", value))] })
            .RewriteAsync(Path("a@example.org"), AddressClasses.HeaderSender, null, None);
        Assert.StartsWith("canonical: canonical:1: no address", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b@example.org, c@example.org", "b@example.org")]
    [InlineData("Bob <b@example.org>", "b@example.org")]
    [InlineData("b@example.org\r\nBcc: c@example.org", "b@example.org")]
    [InlineData("\"b c\"@example.org", "\"b c\"@example.org")]
    public async Task The_first_address_of_a_right_hand_side_counts(string value, string expected) =>
        Assert.Equal(expected, await RewriteAsync(Site with { Canonical = [new TableDouble("canonical", ("a@example.org", value))] }, "a@example.org"));

    [Fact]
    public async Task Senders_and_recipients_have_tables_of_their_own()
    {
        AddressRewriter rewriter = new(Site with
        {
            SenderCanonical = [new TableDouble("sender", ("bob", "as.sender"))],
            RecipientCanonical = [new TableDouble("recipient", ("bob", "as.recipient"))],
        });
        foreach (AddressClasses role in (AddressClasses[])[AddressClasses.EnvelopeSender, AddressClasses.HeaderSender, AddressClasses.EnvelopeRecipient, AddressClasses.HeaderRecipient])
        {
            string expected = (role & (AddressClasses.EnvelopeSender | AddressClasses.HeaderSender)) != 0 ? "as.sender@example.org" : "as.recipient@example.org";
            Assert.Equal(expected, (await rewriter.RewriteAsync(Path("bob@example.org"), role, null, None)).Path.ToString());
        }
    }

    [Fact]
    public async Task Canonical_classes_leave_other_addresses_alone()
    {
        RewritingOptions options = Site with { Canonical = [new TableDouble("canonical", ("bob", "Bob.Brown"))], CanonicalClasses = AddressClasses.HeaderSender };
        Assert.Equal("bob@example.org", await RewriteAsync(options, "bob@example.org", AddressClasses.EnvelopeSender));
        Assert.Equal("Bob.Brown@example.org", await RewriteAsync(options, "bob@example.org", AddressClasses.HeaderSender));
    }

    [Fact]
    public async Task The_domain_table_comes_first_and_tells_its_line()
    {
        List<RoutingStep> steps = [];
        AddressRewriter rewriter = new(Site with
        {
            DomainTable = [new TableDouble("/etc/mail/domaintable", ("other.test", "x.test"), ("oldname.test", "example.org"))],
            SenderCanonical = [new TableDouble("/etc/postfix/sender_canonical", ("bob", "Bob.Brown"))],
            Masquerade = new Masquerading { As = "brand.test", IsOwnDomain = Site.IsOwnDomain },
        });
        AddressRewriting result = await rewriter.RewriteAsync(Path("bob@OldName.test"), AddressClasses.HeaderSender, steps, None);
        Assert.Equal("Bob.Brown@brand.test", result.Path.ToString());
        Assert.Equal(
            [
                "domaintable: bob@OldName.test -> bob@example.org (/etc/mail/domaintable:2)",
                "senderCanonical: bob@example.org -> Bob.Brown@example.org (/etc/postfix/sender_canonical:1)",
                "masquerade: Bob.Brown@example.org -> Bob.Brown@brand.test (rewriting.masquerade.as)",
            ],
            steps.Select(s => $"{s.Stage}: {s.Input} -> {s.Output} ({s.Place})"));
    }

    [Theory]
    [InlineData("domaintable")]
    [InlineData("senderCanonical")]
    [InlineData("canonical")]
    public async Task A_table_that_is_away_makes_the_message_wait_with_its_address_unchanged(string stage)
    {
        TableDouble down = new("t") { IsDown = true };
        RewritingOptions options = stage switch
        {
            "domaintable" => Site with { DomainTable = [down] },
            "senderCanonical" => Site with { SenderCanonical = [down] },
            _ => Site with { Canonical = [down] },
        };
        AddressRewriting result = await new AddressRewriter(options).RewriteAsync(Path("bob@example.org"), AddressClasses.EnvelopeSender, null, None);
        Assert.Equal(($"{stage}: texthash:t: no connection", "bob@example.org"), (result.Error, result.Path.ToString()));
    }

    [Fact]
    public async Task Postmaster_alone_gets_our_domain()
    {
        Assert.True(MailPath.TryCreate("postmaster", "", out MailPath? path));
        AddressRewriter rewriter = new(Site with { Canonical = [new TableDouble("canonical")] });
        Assert.Equal("postmaster@example.org", (await rewriter.RewriteAsync(path, AddressClasses.EnvelopeSender, null, None)).Path.ToString());
    }

    [Theory]
    [InlineData("gshapiro@example.org", "Greg.Shapiro@example.org")] // FEATURE(genericstable) with GENERICS_DOMAIN(example.org)
    [InlineData("gshapiro@mail.example.org", "gshapiro@mail.example.org")]
    [InlineData("gshapiro+x@example.org", "Greg.Shapiro@example.org")]
    [InlineData("gshapiro@far.test", "gshapiro@far.test")]
    public async Task Generics_are_for_the_domains_named(string address, string expected)
    {
        TableDouble table = new("genericstable", ("gshapiro", "Greg.Shapiro@example.org"), ("@far.test", "@near.test"));
        Assert.Equal(expected, await LeaveAsync(Site with { Generics = [table], GenericsDomains = ["example.org"] }, address));
    }

    [Theory]
    [InlineData("his@localdomain.local", "hisaccount@hisisp.example")] // generic(5)
    [InlineData("her@localdomain.local", "heraccount@herisp.example")]
    [InlineData("its+x@localdomain.local", "hisaccount@hisisp.example")]
    [InlineData("root@example.org", "hostmaster@example.org")]
    public async Task Generic_tables_make_local_addresses_valid_outside(string address, string expected)
    {
        TableDouble table = new("generic",
            ("his@localdomain.local", "hisaccount@hisisp.example"), ("her@localdomain.local", "heraccount@herisp.example"), ("@localdomain.local", "hisaccount@hisisp.example"),
            ("root", "hostmaster"), ("hostmaster", "never@looked.up.again"));
        Assert.Equal(expected, await LeaveAsync(Site with { Generics = [table] }, address));
    }

    [Fact]
    public async Task Generics_keep_a_detail_where_that_is_wanted()
    {
        TableDouble table = new("generic", ("bob", "b@isp.test"));
        Assert.Equal("b@isp.test", await LeaveAsync(Site with { Generics = [table] }, "bob+x@example.org"));
        Assert.Equal("b+x@isp.test", await LeaveAsync(Site with { Generics = [table], GenericsKeepDetail = true }, "bob+x@example.org"));
    }

    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static async Task<string> RewriteAsync(RewritingOptions options, string address, AddressClasses role = AddressClasses.EnvelopeSender)
    {
        AddressRewriting result = await new AddressRewriter(options).RewriteAsync(Path(address), role, null, None);
        Assert.Null(result.Error);
        return result.Path.IsNull ? "<>" : result.Path.ToString();
    }

    private static async Task<string> LeaveAsync(RewritingOptions options, string address)
    {
        AddressRewriting result = await new GenericRewriter(options).RewriteAsync(Path(address), AddressClasses.HeaderSender, null, None);
        Assert.Null(result.Error);
        return result.Path.ToString();
    }

    private static MailPath Path(string address)
    {
        MailPath? path = MailPath.Null;
        Assert.True(address == "<>" || MailPath.TryParse(address, out path));
        return path!;
    }
}
