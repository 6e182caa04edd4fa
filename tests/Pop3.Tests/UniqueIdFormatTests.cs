using MailAccess.Store;

namespace MailAccess.Pop3.Tests;

/// <summary>Unique-ids in the notation that administrators bring from other servers.</summary>
public sealed class UniqueIdFormatTests
{
    [Theory]
    [InlineData("%08Xu%08Xv", "0000000a6b0191e8")]
    [InlineData("UID%u-%v", "UID10-1795265000")]
    [InlineData("%v-%u", "1795265000-10")]
    [InlineData("%v.%u", "1795265000.10")]
    [InlineData("%08Xv%08Xu", "6b0191e80000000a")]
    [InlineData("%u", "10")]
    [InlineData("%Xu.%UXv", "a.6B0191E8")]
    [InlineData("%f", "1.M1.host,S=5")]
    [InlineData("%g/%%", "Guid/%")]
    [InlineData("%3f", "1.M")]
    [InlineData("%Ug-%Lg", "GUID-guid")]
    public void A_format_makes_what_the_other_server_made(string text, string expected)
    {
        Assert.True(UniqueIdFormat.TryParse(text, out UniqueIdFormat? format, out _));
        Assert.Equal(expected, format.Format(new Uid(10), new UidValidity(1795265000), new MessageNames("1.M1.host,S=5", null, "Guid")));
    }

    [Theory]
    [InlineData("%m", "mbox")]
    [InlineData("%v", "same unique-id")]
    [InlineData("abc", "same unique-id")]
    [InlineData("%q%u", "known are")]
    [InlineData("%", "known are")]
    [InlineData("%u %v", "printable")]
    [InlineData("%u\u00fc", "printable")]
    [InlineData("%99u", "width")]
    public void What_it_does_not_know_it_refuses_with_the_reason(string text, string reason)
    {
        Assert.False(UniqueIdFormat.TryParse(text, out _, out string? problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_no_reply_can_hold_gives_the_default()
    {
        Assert.True(UniqueIdFormat.TryParse("%f", out UniqueIdFormat? format, out _));
        Assert.Equal("0000000100000005", format.Format(new Uid(1), new UidValidity(5), new MessageNames("a b", null, "g")));
        Assert.Equal("0000000100000005", format.Format(new Uid(1), new UidValidity(5), null));
    }
}
