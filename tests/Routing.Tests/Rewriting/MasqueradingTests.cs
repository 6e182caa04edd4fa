using MailAccess.Smtp;

namespace MailAccess.Routing.Tests.Rewriting;

public sealed class MasqueradingTests
{
    [Theory]
    [InlineData("bob@host.example.org", "bob@example.org")]
    [InlineData("bob@a.b.EXAMPLE.org", "bob@example.org")]
    [InlineData("root@host.example.org", "root@host.example.org")]
    [InlineData("Root@host.example.org", "Root@host.example.org")]
    [InlineData("bob@example.org", "bob@example.org")]
    [InlineData("bob@notexample.org", "bob@notexample.org")]
    [InlineData("bob@[192.0.2.1]", "bob@[192.0.2.1]")]
    public void All_hosts_of_example_org_but_not_root(string address, string expected) =>
        Assert.Equal(expected, Apply(new Masquerading { Domains = ["example.org"], Exceptions = ["root"] }, address));

    // postconf(5), masquerade_domains: from left to right, the first match ends it.
    [Theory]
    [InlineData("u@any.foo.example.com", "u@foo.example.com")]
    [InlineData("u@any.else.example.com", "u@example.com")]
    [InlineData("u@foo.example.com", "u@foo.example.com")]
    [InlineData("u@bar.example.com", "u@bar.example.com")]
    [InlineData("u@host.bar.example.com", "u@host.bar.example.com")]
    public void The_first_domain_that_fits_decides(string address, string expected) =>
        Assert.Equal(expected, Apply(new Masquerading { Domains = ["foo.example.com", "!bar.example.com", "example.com"] }, address));

    [Fact]
    public void Masquerading_leaves_other_classes_alone()
    {
        Masquerading masquerade = new() { Domains = ["example.org"] };
        Assert.Equal("bob@host.example.org", Apply(masquerade, "bob@host.example.org", AddressClasses.EnvelopeRecipient));
        Assert.Equal("bob@example.org", Apply(masquerade, "bob@host.example.org", AddressClasses.HeaderRecipient));
    }

    [Theory]
    [InlineData("bob@mail.example.org", "bob@brand.test")] // class w
    [InlineData("bob@partner.test", "bob@brand.test")] // MASQUERADE_DOMAIN(partner.test)
    [InlineData("bob@host.partner.test", "bob@host.partner.test")] // no FEATURE(masquerade_entire_domain)
    [InlineData("bob@host.entire.test", "bob@brand.test")]
    [InlineData("bob@far.test", "bob@far.test")]
    [InlineData("root@mail.example.org", "root@mail.example.org")] // EXPOSED_USER(root)
    public void Masquerade_as_takes_the_place_of_our_names(string address, string expected) =>
        Assert.Equal(expected, Apply(Brand(isLimited: false), address));

    [Theory]
    [InlineData("bob@mail.example.org", "bob@mail.example.org")]
    [InlineData("bob@partner.test", "bob@brand.test")]
    public void Limited_masquerade_is_for_the_domains_named(string address, string expected) =>
        Assert.Equal(expected, Apply(Brand(isLimited: true), address));

    [Theory]
    [InlineData(AddressClasses.HeaderSender, AddressClasses.HeaderSender, true)]
    [InlineData(AddressClasses.HeaderSender, AddressClasses.EnvelopeSender, false)]
    [InlineData(AddressClasses.HeaderSender | AddressClasses.EnvelopeSender, AddressClasses.EnvelopeSender, true)] // FEATURE(masquerade_envelope)
    [InlineData(AddressClasses.HeaderSender, AddressClasses.HeaderRecipient, false)]
    [InlineData(AddressClasses.HeaderSender | AddressClasses.HeaderRecipient, AddressClasses.HeaderRecipient, true)] // FEATURE(allmasquerade)
    public void Envelope_and_recipients_are_masqueraded_where_that_is_wanted(AddressClasses classes, AddressClasses role, bool isMasqueraded)
    {
        Masquerading masquerade = new() { As = "brand.test", AsClasses = classes, IsOwnDomain = d => d == "mail.example.org" };
        Assert.Equal(isMasqueraded ? "bob@brand.test" : "bob@mail.example.org", Apply(masquerade, "bob@mail.example.org", role));
    }

    private static Masquerading Brand(bool isLimited) => new()
    {
        As = "brand.test",
        AsDomains = ["partner.test", ".entire.test"],
        IsLimited = isLimited,
        Exceptions = ["root"],
        IsOwnDomain = d => d == "mail.example.org",
    };

    private static string Apply(Masquerading masquerade, string address, AddressClasses role = AddressClasses.HeaderSender)
    {
        Assert.True(MailPath.TryParse(address, out MailPath? path));
        return masquerade.Apply(path, role, null).ToString();
    }
}
