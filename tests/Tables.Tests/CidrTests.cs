namespace MailAccess.Tables.Tests;

/// <summary>cidr_table(5).</summary>
public sealed class CidrTests
{
    private const string Sample =
        """
        192.168.1.1             OK
        192.168.0.0/16          REJECT
        2001:db8::1             OK
        [2001:db8::]/32         REJECT six
        if 10.1.0.0/16
        10.1.2.0/24  inside
        endif
        if !10.0.0.0/8
        172.16.0.0/12 private
        endif
        !10.0.0.0/8  not ten
        """;

    [Theory]
    [InlineData("192.168.1.1", "OK")]
    [InlineData("192.168.1.2", "REJECT")]
    [InlineData("2001:db8:0::1", "OK")]
    [InlineData("2001:0db8:1::1", "REJECT six")]
    [InlineData("10.1.2.3", "inside")]
    [InlineData("10.1.3.3", null)]
    [InlineData("172.20.0.1", "private")]
    [InlineData("8.8.8.8", "not ten")]
    [InlineData("::1", null)]
    [InlineData("::ffff:192.168.1.1", null)]
    [InlineData("[192.168.1.1]", null)]
    [InlineData("010.1.2.3", null)]
    [InlineData("3232235777", null)]
    [InlineData("fe80::1%eth0", null)]
    [InlineData("example.org", null)]
    [InlineData("", null)]
    public async Task The_first_network_that_fits_answers(string key, string? expected)
    {
        await using TableFolder folder = new();
        Assert.Equal(expected, await folder.Open($"cidr:{folder.Write("c", Sample)}").AskAsync(key));
    }

    [Theory]
    [InlineData("192.168.1.1/24 x", "192.168.1.0/24 is meant?")]
    [InlineData("192.168.1.0/33 x", "length of prefix")]
    [InlineData("2001:db8::/129 x", "length of prefix")]
    [InlineData("192.168.1.0/a x", "length of prefix")]
    [InlineData("example.org x", "neither an address nor a network")]
    [InlineData("192.168.1 x", "neither an address nor a network")]
    [InlineData("192.168.1.1", "no result")]
    public async Task Errors_name_file_and_line(string rule, string problem)
    {
        await using TableFolder folder = new();
        string path = folder.Write("c", $"# first\n{rule}\n");
        string error = folder.Refused($"cidr:{path}");
        Assert.StartsWith($"{path}:2: ", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_is_in_the_network_of_length_zero()
    {
        await using TableFolder folder = new();
        ILookUpTable table = folder.Open("cidr:{{0.0.0.0/0 four}, {::/0 six}}");
        Assert.Equal("four", await table.AskAsync("255.255.255.255"));
        Assert.Equal("six", await table.AskAsync("ffff::"));
    }
}
