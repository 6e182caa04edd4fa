using System.Net;

namespace MailAccess.Dns.Tests;

public sealed class DnsMessageTests
{
    private static byte[] Typical() => new ResponseBuilder(0x1234, "example.test", DnsType.Mx, 0x81A0)
        .Cname("example.test", "other.test", 60).Mx(10, "mx1.example.test").Mx(20, "mx2.example.test").Soa(900, 300).Opt().Build();

    private static byte[] EveryType() => new ResponseBuilder(7, "x.test", DnsType.Txt, 0x81A0)
        .Text("v=STSv1; ", "id=1").Tlsa(3, 1, 1, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]).Service(1, 2, 993, "imap.test")
        .Address("2001:db8::1").Cname("x.test", "y.test").Build();

    [Fact]
    public void A_typical_response_is_read_whole()
    {
        Assert.True(DnsMessageCodec.TryReadResponse(Typical(), 100, out DnsMessage? message));
        Assert.Equal(0x1234, message!.Id);
        Assert.Equal(new DnsQuestion("example.test", DnsType.Mx), message.Question);
        Assert.True(message.IsAuthenticData);
        Assert.False(message.IsTruncated);
        Assert.Equal(TimeSpan.FromSeconds(300), message.NegativeTtl);
        Assert.Equal([null, "mx1.example.test", "mx2.example.test"], message.Answers.Select(a => a.Type == DnsType.Mx ? a.Target : null));
        Assert.Equal([0, 10, 20], message.Answers.Select(a => a.Preference));
        Assert.Equal("other.test", message.Answers[0].Target);
    }

    [Fact]
    public void Cut_anywhere_it_is_refused()
    {
        foreach (byte[] whole in (byte[][])[Typical(), EveryType()])
        {
            for (int length = 0; length < whole.Length; length++)
            {
                Assert.False(DnsMessageCodec.TryReadResponse(whole.AsSpan(0, length), 100, out _), $"cut at {length}");
            }
        }
    }

    [Fact]
    public void Text_services_and_associations_are_read()
    {
        Assert.True(DnsMessageCodec.TryReadResponse(EveryType(), 100, out DnsMessage? message));
        Assert.Equal("v=STSv1; id=1", message!.Answers[0].Text); // RFC 7208 §3.3
        Assert.Equal("3 1 1 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", message.Answers[1].Association!.ToString());
        Assert.Equal((1, (2, 993), "imap.test"), (message.Answers[2].Preference, message.Answers[2].Service, message.Answers[2].Target));
    }

    [Theory]
    [InlineData(16, new byte[] { })]
    [InlineData(16, new byte[] { 2, 65 })]
    [InlineData(16, new byte[] { 1, 65, 1 })]
    [InlineData(52, new byte[] { 3, 1, 1 })]
    [InlineData(33, new byte[] { 0, 1, 0, 1, 0, 25 })]
    [InlineData(33, new byte[] { 0, 1, 0, 1, 0, 25, 0, 0 })]
    [InlineData(33, new byte[] { 0, 1, 0, 1, 0, 25, 0xC0, 0xFF })]
    [InlineData(5, new byte[] { 0xC0, 12, 1 })]
    [InlineData(15, new byte[] { 0, 1 })]
    public void Data_that_is_not_of_its_type_spoils_the_message(int number, byte[] data)
    {
        DnsType type = (DnsType)number;
        byte[] octets = new ResponseBuilder(1, "a.test", type).Answer(ResponseBuilder.Pointer, type, 1, data).Build();
        Assert.False(DnsMessageCodec.TryReadResponse(octets, 100, out _));
    }

    [Fact]
    public void Names_that_point_at_each_other_or_at_themselves_end() // RFC 1035 §4.1.4
    {
        ResponseBuilder loop = new ResponseBuilder(1, "a.test", DnsType.Ptr);
        int here = loop.Length + 12; // The data of the record to come: name pointer, type, class, TTL, length.
        byte[] itself = loop.Answer(ResponseBuilder.Pointer, DnsType.Ptr, 1, (byte)(0xC0 | (here >> 8)), (byte)here).Build();
        Assert.False(DnsMessageCodec.TryReadResponse(itself, 100, out _));
        int next = here + 2;
        byte[] forward = new ResponseBuilder(1, "a.test", DnsType.Ptr).Answer(ResponseBuilder.Pointer, DnsType.Ptr, 1, 0xC0, (byte)next, 0xC0, (byte)here).Build();
        Assert.False(DnsMessageCodec.TryReadResponse(forward, 100, out _));
    }

    [Fact]
    public void Queries_and_other_opcodes_are_no_responses()
    {
        Assert.False(DnsMessageCodec.TryReadResponse(DnsMessageCodec.TryWriteQuery(1, new("a.test", DnsType.A), 1232), 100, out _));
        Assert.False(DnsMessageCodec.TryReadResponse(new ResponseBuilder(1, "a.test", DnsType.A, 0x9180).Build(), 100, out _));
    }

    [Fact]
    public void The_extended_response_code_is_put_together()
    {
        byte[] badVersion = new ResponseBuilder(1, "a.test", DnsType.A).Opt(extendedCode: 1).Build();
        Assert.True(DnsMessageCodec.TryReadResponse(badVersion, 100, out DnsMessage? message));
        Assert.Equal(16, (int)message!.ResponseCode); // BADVERS, RFC 6891 §9.
    }

    [Fact]
    public void A_ttl_with_its_top_bit_set_is_zero() // RFC 2181 §8.
    {
        byte[] octets = new ResponseBuilder(1, "a.test", DnsType.A).Address("192.0.2.1", 0x80000001).Build();
        Assert.True(DnsMessageCodec.TryReadResponse(octets, 100, out DnsMessage? message));
        Assert.Equal(TimeSpan.Zero, message!.Answers.Single().Ttl);
    }

    [Fact]
    public void Records_beyond_the_limit_are_dropped()
    {
        ResponseBuilder many = new(1, "a.test", DnsType.A);
        for (int i = 0; i < 300; i++)
        {
            many.Address($"192.0.2.{i & 255}");
        }
        Assert.True(DnsMessageCodec.TryReadResponse(many.Build(), 128, out DnsMessage? message));
        Assert.Equal(128, message!.Answers.Count);
    }

    [Fact]
    public void An_address_of_wrong_length_spoils_the_message()
    {
        byte[] octets = new ResponseBuilder(1, "a.test", DnsType.A).Answer(ResponseBuilder.Pointer, DnsType.A, 1, 1, 2, 3).Build();
        Assert.False(DnsMessageCodec.TryReadResponse(octets, 100, out _));
    }

    [Fact]
    public void The_query_asks_for_recursion_and_the_ad_bit_and_offers_edns()
    {
        byte[] query = DnsMessageCodec.TryWriteQuery(0xABCD, new("a.test", DnsType.Mx), 1232)!;
        Assert.Equal("abcd012000010000000000010161047465737400000f000100002904d0000000000000", Convert.ToHexStringLower(query));
        Assert.Null(DnsMessageCodec.TryWriteQuery(1, new("a..test", DnsType.Mx), 1232));
    }

    [Fact]
    public void Damaged_octets_never_throw_and_what_is_read_is_bounded()
    {
        byte[][] wholes = [Typical(), EveryType()];
        Random random = new(20260314);
        int read = 0;
        for (int round = 0; round < 200_000; round++)
        {
            byte[] damaged = (byte[])wholes[round & 1].Clone();
            for (int hits = random.Next(1, 6); hits > 0; hits--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }
            if (DnsMessageCodec.TryReadResponse(damaged.AsSpan(0, round % 4 == 0 ? random.Next(damaged.Length + 1) : damaged.Length), 4, out DnsMessage? message))
            {
                read++;
                Assert.True(message!.Answers.Count <= 4);
                Assert.All(message.Answers, a => Assert.True(a.Target is null || a.Target.All(c => c is > ' ' and <= '~')));
                Assert.All(message.Answers, a => Assert.True(a.Target is null || DnsName.TryWrite(a.Target, [])));
            }
        }
        Assert.True(read > 1000, "the mutator hardly ever left a readable message");
    }

    [Theory]
    [InlineData("192.0.2.17", "17.2.0.192.in-addr.arpa")]
    [InlineData("::ffff:192.0.2.17", "17.2.0.192.in-addr.arpa")]
    [InlineData("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")]
    public void The_reverse_name_of_an_address(string address, string name) => Assert.Equal(name, StubResolver.ReverseName(IPAddress.Parse(address)));
}
