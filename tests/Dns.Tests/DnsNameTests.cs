namespace MailAccess.Dns.Tests;

public sealed class DnsNameTests
{
    [Theory]
    [InlineData("example.test")]
    [InlineData("xn--bcher-kva.test")]
    [InlineData("_25._tcp.mail.example.test")]
    [InlineData("a\\.b.test")]
    [InlineData("a\\\\b.test")]
    [InlineData("tab\\009\\255.test")]
    [InlineData(".")]
    public void A_name_comes_back_as_it_went(string text)
    {
        List<byte> octets = [0xFF];
        Assert.True(DnsName.TryWrite(text, octets));
        int offset = 1;
        Assert.True(DnsName.TryRead(octets.ToArray(), ref offset, out string back));
        Assert.Equal(text, back);
        Assert.Equal(octets.Count, offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("bücher.test")]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("a\\")]
    [InlineData("a\\25")]
    [InlineData("a\\999")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234.test")]
    public void What_is_no_name_is_not_written(string text)
    {
        List<byte> octets = [];
        Assert.False(DnsName.TryWrite(text, octets));
        Assert.Empty(octets);
    }

    [Fact]
    public void A_name_of_255_octets_fits_and_one_more_does_not()
    {
        string longest = string.Join('.', Enumerable.Repeat(new string('a', 63), 3)) + "." + new string('b', 61);
        Assert.True(DnsName.TryWrite(longest, []));
        Assert.False(DnsName.TryWrite(longest + "b", []));
    }

    [Theory]
    [InlineData(new byte[] { 0xC0, 0 }, 0)] // To itself.
    [InlineData(new byte[] { 0xC0, 2, 0xC0, 0 }, 2)] // To one that points forward again.
    [InlineData(new byte[] { 0xC0, 2, 0 }, 0)] // Forward.
    [InlineData(new byte[] { 0x40, 1, 0 }, 0)] // Reserved label type.
    [InlineData(new byte[] { 0x80, 1, 0 }, 0)]
    [InlineData(new byte[] { 3, 65, 65 }, 0)]
    [InlineData(new byte[] { 0xC0 }, 0)]
    public void Loops_and_cuts_are_refused(byte[] message, int offset) => Assert.False(DnsName.TryRead(message, ref offset, out _));

    [Fact]
    public void A_chain_of_backward_pointers_is_bounded()
    {
        byte[] message = new byte[400];
        for (int i = 2; i < 400; i += 2)
        {
            message[i] = 0xC0 | 0;
            message[i + 1] = (byte)((i - 2) & 0xFF);
            message[i] |= (byte)((i - 2) >> 8);
        }
        int near = 100;
        Assert.True(DnsName.TryRead(message, ref near, out string root));
        Assert.Equal(".", root);
        int far = 398;
        Assert.False(DnsName.TryRead(message, ref far, out _));
    }
}
