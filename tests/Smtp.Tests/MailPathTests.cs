namespace MailAccess.Smtp.Tests;

public sealed class MailPathTests
{
    [Theory]
    [InlineData("alice@example.test", "alice@example.test")]
    [InlineData("\"alice\"@example.test", "alice@example.test")]
    [InlineData("\"a b\"@example.test", "\"a b\"@example.test")]
    [InlineData("\"a..b\"@example.test", "\"a..b\"@example.test")]
    [InlineData("\"\"@example.test", "\"\"@example.test")]
    [InlineData("\"a\\\"b\\\\\"@example.test", "\"a\\\"b\\\\\"@example.test")]
    [InlineData("jörg@bücher.test", "jörg@bücher.test")]
    [InlineData("alice@[IPv6:::1]", "alice@[IPv6:::1]")]
    [InlineData("postmaster", "postmaster")]
    public void Configuration_text_becomes_a_path_and_text_again(string text, string expected)
    {
        Assert.True(MailPath.TryParse(text, out MailPath? path));
        Assert.Equal(expected, path.ToString());
        Assert.True(MailPath.TryParse(path.ToString(), out MailPath? again));
        Assert.Equal(path, again);
        Assert.True(MailPath.TryCreate(path.LocalPart, path.Domain, out MailPath? created));
        Assert.Equal(path, created);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<>")]
    [InlineData("alice")]
    [InlineData("<alice@example.test>")]
    [InlineData("alice@example.test ")]
    [InlineData("alice@example.test, bob@example.test")]
    [InlineData("alice@example.test\r\nRCPT TO:<eve@example.test>")]
    [InlineData("a\uFFFDb@example.test")]
    [InlineData("a\uD800@example.test")]
    [InlineData("@example.test")]
    public void What_is_not_one_address_is_refused(string text) => Assert.False(MailPath.TryParse(text, out _));

    [Theory]
    [InlineData("", "")]
    [InlineData("alice", "")]
    [InlineData("a\tb", "x.test")]
    [InlineData("a", "x test")]
    [InlineData("a", "[1.2.3.4")]
    [InlineData("a", "x.test>")]
    [InlineData("a\uD800", "x.test")]
    public void Parts_that_no_grammar_gave_make_no_path(string local, string domain) =>
        Assert.False(MailPath.TryCreate(local, domain, out _));

    [Fact]
    public void A_local_part_with_specials_is_quoted()
    {
        Assert.True(MailPath.TryCreate("a>b @\"c\\", "x.test", out MailPath? path));
        Assert.Equal("\"a>b @\\\"c\\\\\"@x.test", path.ToString());
        Assert.True(MailPath.TryParse(path.ToString(), out MailPath? again));
        Assert.Equal(path, again);
    }
}
