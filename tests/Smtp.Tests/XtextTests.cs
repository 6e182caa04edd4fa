using System.Text;

namespace MailAccess.Smtp.Tests;

public sealed class XtextTests
{
    [Theory]
    [InlineData("a+b=c d", "a+2Bb+3Dc+20d")]
    [InlineData("", "")]
    [InlineData("ö", "+C3+B6")]
    public void Octets_become_xtext_and_octets_again(string text, string xtext)
    {
        Assert.Equal(xtext, Xtext.Encode(Encoding.UTF8.GetBytes(text)));
        Assert.True(Xtext.TryDecode(Encoding.ASCII.GetBytes(xtext), out byte[] decoded));
        Assert.Equal(text, Encoding.UTF8.GetString(decoded));
    }

    [Fact]
    public void Every_octet_survives()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(o => (byte)o)];
        string xtext = Xtext.Encode(all);
        Assert.True(Xtext.TryDecode(Encoding.ASCII.GetBytes(xtext), out byte[] decoded));
        Assert.Equal(all, decoded);
        Assert.False(Xtext.TryDecodePrintable(xtext, out _));
    }

    [Theory]
    [InlineData("+")]
    [InlineData("+4")]
    [InlineData("+4g")]
    [InlineData("+ 4")]
    [InlineData("+4\0")]
    [InlineData("a=b")]
    [InlineData("a b")]
    [InlineData("a\u0001")]
    public void What_is_no_xtext_is_refused(string text) => Assert.False(Xtext.TryDecode(Encoding.ASCII.GetBytes(text), out _));
}
