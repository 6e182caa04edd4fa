using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace MailAccess.Wire.Tests;

public sealed class ProxyHeaderTests
{
    private const int OctetsMax = 600;

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", "192.0.2.1:56324", "198.51.100.2:443")]
    [InlineData("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", "255.255.255.255:65535", "0.0.0.0:0")]
    [InlineData("PROXY TCP6 2001:db8::1 ::1 1 25\r\n", "[2001:db8::1]:1", "[::1]:25")]
    [InlineData("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")]
    [InlineData("PROXY UNKNOWN\r\n", null, null)]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff whatever 1 2\r\n", null, null)]
    public void A_line_of_version_1_is_read_at_every_split(string line, string? source, string? destination) =>
        AssertRead(Encoding.ASCII.GetBytes(line), source, destination);

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443 \r\n")]
    [InlineData("PROXY TCP4  192.0.2.1 198.51.100.2 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443 1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.256 198.51.100.2 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.01 198.51.100.2 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2 198.51.100.2 56324 443\r\n")]
    [InlineData("PROXY TCP4 0x7f.0.0.1 198.51.100.2 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 056324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 +1 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n")]
    [InlineData("PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 [::1] ::1 1 2\r\n")]
    [InlineData("PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n")]
    [InlineData("PROXY UNKNOWNS\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("PROXY\r\n")]
    [InlineData("proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n")]
    [InlineData("PROXY UNKNOWN 000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\r\n")]
    [InlineData("EHLO proxy\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\r\n")]
    [InlineData("\x16\x03\x01")]
    public void What_is_no_header_is_refused_at_every_split(string line) => AssertRefused(Encoding.Latin1.GetBytes(line));

    [Fact]
    public void Version_2_is_read_at_every_split_and_its_TLVs_are_skipped()
    {
        byte[] four = [192, 0, 2, 1, 198, 51, 100, 2, 0xDC, 0x04, 0x01, 0xBB];
        AssertRead(Version2(0x21, 0x11, four), "192.0.2.1:56324", "198.51.100.2:443");
        AssertRead(Version2(0x21, 0x11, [.. four, .. new byte[500]]), "192.0.2.1:56324", "198.51.100.2:443");
        byte[] six = [.. IPAddress.Parse("2001:db8::1").GetAddressBytes(), .. IPAddress.IPv6Loopback.GetAddressBytes(), 0, 1, 0, 25];
        AssertRead(Version2(0x21, 0x21, six), "[2001:db8::1]:1", "[::1]:25");
        AssertRead(Version2(0x20, 0x11, four), null, null); // LOCAL: the addresses are not for us.
        AssertRead(Version2(0x20, 0x00, []), null, null);
        AssertRead(Version2(0x21, 0x00, [1, 2, 3]), null, null);
        AssertRead(Version2(0x21, 0x31, new byte[216]), null, null);
    }

    [Fact]
    public void Version_2_with_what_it_does_not_know_is_refused()
    {
        byte[] four = new byte[12];
        AssertRefused(Version2(0x11, 0x11, four)); // version 1
        AssertRefused(Version2(0x31, 0x11, four)); // version 3
        AssertRefused(Version2(0x22, 0x11, four)); // command 2
        AssertRefused(Version2(0x21, 0x12, four)); // UDP
        AssertRefused(Version2(0x21, 0x21, four)); // IPv6 cut short
        AssertRefused(Version2(0x21, 0x11, four[..11]));
        AssertRefused(Version2(0x21, 0x41, four)); // a family nobody defined
        AssertRefused(Version2(0x21, 0x11, new byte[OctetsMax])); // beyond our bound
    }

    private static void AssertRead(byte[] header, string? source, string? destination)
    {
        byte[] wire = [.. header, .. "EHLO"u8];
        foreach (byte[][] pieces in Pieces.OfEveryKind(wire))
        {
            (ProxyHeader read, ProxyHeaderStatus status, int consumed) = Feed(pieces);
            Assert.Equal((ProxyHeaderStatus.Complete, header.Length), (status, consumed));
            Assert.Equal((source, destination), (read.Source?.ToString(), read.Destination?.ToString()));
        }
        Assert.Equal(ProxyHeaderStatus.NeedMore, Feed([header[..^1]]).Status);
    }

    private static void AssertRefused(byte[] header)
    {
        foreach (byte[][] pieces in Pieces.OfEveryKind(header))
        {
            (ProxyHeader read, ProxyHeaderStatus status, _) = Feed(pieces);
            Assert.Equal(ProxyHeaderStatus.Invalid, status);
            Assert.Null(read.Source);
        }
    }

    private static (ProxyHeader Header, ProxyHeaderStatus Status, int Consumed) Feed(byte[][] pieces)
    {
        var header = new ProxyHeader(OctetsMax);
        int total = 0;
        foreach (byte[] piece in pieces)
        {
            ProxyHeaderStatus status = header.Feed(piece, out int consumed);
            total += consumed;
            if (status != ProxyHeaderStatus.NeedMore)
            {
                return (header, status, total);
            }
            Assert.Equal(piece.Length, consumed);
        }
        return (header, ProxyHeaderStatus.NeedMore, total);
    }

    private static byte[] Version2(byte command, byte family, byte[] rest)
    {
        byte[] header = [.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, 0, 0, .. rest];
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), (ushort)rest.Length);
        return header;
    }
}
