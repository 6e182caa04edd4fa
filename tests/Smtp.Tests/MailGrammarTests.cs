using System.Text;

namespace MailAccess.Smtp.Tests;

public sealed class MailGrammarTests
{
    private const SmtpExtensions All =
        SmtpExtensions.Size | SmtpExtensions.EightBitMime | SmtpExtensions.SmtpUtf8 | SmtpExtensions.Auth | SmtpExtensions.Dsn;

    private static readonly string Long64 = new('a', 64);

    [Theory]
    [InlineData("FROM:<alice@example.test>", "alice", "example.test")]
    [InlineData("from:<alice@example.test>", "alice", "example.test")]
    [InlineData("FROM: <alice@example.test>", "alice", "example.test")]
    [InlineData("FROM:<alice@example.test>  ", "alice", "example.test")]
    [InlineData("FROM:<a.b+c=d/e!#$%&'*-?^_`{|}~@x>", "a.b+c=d/e!#$%&'*-?^_`{|}~", "x")]
    [InlineData("FROM:<\"a b\"@x.test>", "a b", "x.test")]
    [InlineData("FROM:<\"a\\\"b\\\\c\"@x.test>", "a\"b\\c", "x.test")]
    [InlineData("FROM:<\"a>b@c\"@x.test>", "a>b@c", "x.test")]
    [InlineData("FROM:<\"\"@x.test>", "", "x.test")]
    [InlineData("FROM:<\"plain\"@x.test>", "plain", "x.test")]
    [InlineData("FROM:<@a.test,@b.test:alice@x.test>", "alice", "x.test")]
    [InlineData("FROM:<@[192.0.2.1]:alice@x.test>", "alice", "x.test")]
    [InlineData("FROM:<alice@[192.0.2.1]>", "alice", "[192.0.2.1]")]
    [InlineData("FROM:<alice@[IPv6:2001:db8::1]>", "alice", "[IPv6:2001:db8::1]")]
    [InlineData("FROM:<alice@[ipv6:::ffff:192.0.2.1]>", "alice", "[ipv6:::ffff:192.0.2.1]")]
    [InlineData("FROM:<alice@xn--bcher-kva.test>", "alice", "xn--bcher-kva.test")]
    [InlineData("FROM:<jörg@bücher.test> SMTPUTF8", "jörg", "bücher.test")]
    [InlineData("FROM:<用户@例子.广告> SMTPUTF8", "用户", "例子.广告")]
    [InlineData("FROM:<\"jörg b\"@x.test> SMTPUTF8", "jörg b", "x.test")]
    public void A_reverse_path_is_taken_apart(string arguments, string local, string domain)
    {
        Assert.Equal(SmtpSyntaxError.None, Parse(arguments, out MailRequest? request));
        Assert.Equal(local, request!.ReversePath.LocalPart);
        Assert.Equal(domain, request.ReversePath.Domain);
    }

    [Theory]
    [InlineData("", SmtpSyntaxError.MissingArgument)]
    [InlineData("TO:<a@x>", SmtpSyntaxError.MissingArgument)]
    [InlineData("FROM", SmtpSyntaxError.MissingArgument)]
    [InlineData("FROM <a@x>", SmtpSyntaxError.MissingArgument)]
    [InlineData("FROM:", SmtpSyntaxError.MissingBracket)]
    [InlineData("FROM:a@x", SmtpSyntaxError.MissingBracket)]
    [InlineData("FROM:<a@x", SmtpSyntaxError.MissingBracket)]
    [InlineData("FROM:<<a@x>>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:< >", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<.a@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<a.@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<a..b@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<a b@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<a,b@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<\"a@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<\"a\"b@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<\"a\u0001\"@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<\"a\u0085b\"@x> SMTPUTF8", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<a\u0085b@x> SMTPUTF8", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<a\u007f@x>", SmtpSyntaxError.BadLocalPart)]
    [InlineData("FROM:<alice>", SmtpSyntaxError.MissingDomain)]
    [InlineData("FROM:<postmaster>", SmtpSyntaxError.MissingDomain)]
    [InlineData("FROM:<a@>", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@x.>", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@.x>", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@x..y>", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@-x.test>", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@x-.test>", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@x_y.test>", SmtpSyntaxError.MissingBracket)]
    [InlineData("FROM:<a@x@y>", SmtpSyntaxError.MissingBracket)]
    [InlineData("FROM:<a@x\u3000y> SMTPUTF8", SmtpSyntaxError.BadDomain)]
    [InlineData("FROM:<a@[256.1.1.1]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[1.1.1.1\0]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[1.1.1]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[1.1.1.0001]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[IPv6:fe80::1%1]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[IPv6:1.2.3.4]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[2001:db8::1]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[tag:text]>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<a@[1.1.1.1>", SmtpSyntaxError.BadAddressLiteral)]
    [InlineData("FROM:<@a.test alice@x>", SmtpSyntaxError.BadSourceRoute)]
    [InlineData("FROM:<@:alice@x>", SmtpSyntaxError.BadSourceRoute)]
    [InlineData("FROM:<@a.test,:alice@x>", SmtpSyntaxError.BadSourceRoute)]
    [InlineData("FROM:<jörg@x.test>", SmtpSyntaxError.NeedsSmtpUtf8)]
    [InlineData("FROM:<a@bücher.test>", SmtpSyntaxError.NeedsSmtpUtf8)]
    public void A_malformed_reverse_path_is_named(string arguments, SmtpSyntaxError expected)
    {
        Assert.Equal(expected, Parse(arguments, out MailRequest? request));
        Assert.Null(request);
    }

    [Theory]
    [InlineData("RSET\r\nX")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void Line_ends_and_nul_never_pass_the_grammar(string inside)
    {
        Assert.NotEqual(SmtpSyntaxError.None, Parse($"FROM:<\"{inside}\"@x>", out _));
        Assert.NotEqual(SmtpSyntaxError.None, Parse($"FROM:<a@{inside}>", out _));
        Assert.NotEqual(SmtpSyntaxError.None, Parse($"FROM:<a@x> ENVID={inside}", out _));
        Assert.False(MailPath.TryCreate(inside, "x.test", out _));
        Assert.False(MailPath.TryCreate("a", inside, out _));
        Assert.False(MailPath.TryParse($"\"{inside}\"@x", out _));
    }

    [Fact]
    public void Octets_that_are_not_utf8_are_refused()
    {
        byte[] overlong = [.. "FROM:<a"u8, 0xC0, 0xBF, .. "@x> SMTPUTF8"u8];
        byte[] inDomain = [.. "FROM:<a@x"u8, 0xFF, .. "> SMTPUTF8"u8];
        Assert.Equal(SmtpSyntaxError.BadUtf8, SmtpParser.ParseMail(overlong, All, out _));
        Assert.Equal(SmtpSyntaxError.BadUtf8, SmtpParser.ParseMail(inDomain, All, out _));
    }

    [Fact]
    public void Lengths_are_bounded_by_octets_and_labels()
    {
        Assert.Equal(SmtpSyntaxError.None, Parse($"FROM:<{Long64}@x>", out _));
        Assert.Equal(SmtpSyntaxError.None, Parse($"FROM:<{new string('a', 255)}@x>", out _));
        Assert.Equal(SmtpSyntaxError.LocalPartTooLong, Parse($"FROM:<{new string('a', 256)}@x>", out _));
        Assert.Equal(SmtpSyntaxError.LocalPartTooLong, Parse($"FROM:<{new string('ö', 128)}@x> SMTPUTF8", out _));
        Assert.Equal(SmtpSyntaxError.None, Parse($"FROM:<a@{new string('b', 63)}.test>", out _));
        Assert.Equal(SmtpSyntaxError.LabelTooLong, Parse($"FROM:<a@{new string('b', 64)}.test>", out _));
        string domain255 = string.Join('.', Enumerable.Repeat(new string('b', 63), 4));
        Assert.Equal(255, domain255.Length);
        Assert.Equal(SmtpSyntaxError.None, Parse($"FROM:<a@{domain255}>", out _));
        Assert.Equal(SmtpSyntaxError.DomainTooLong, Parse($"FROM:<a@{domain255[..250]}.bbbbb>", out _));
    }

    [Fact]
    public void The_null_reverse_path_is_not_an_address()
    {
        Assert.Equal(SmtpSyntaxError.None, Parse("FROM:<> SIZE=0", out MailRequest? request));
        Assert.True(request!.ReversePath.IsNull);
        Assert.Equal("", request.ReversePath.ToString());
    }

    [Fact]
    public void All_parameters_of_MAIL_are_read()
    {
        Assert.Equal(SmtpSyntaxError.None, Parse(
            "FROM:<a@x> SIZE=12345 body=8bitmime SMTPUTF8 AUTH=e+3Dmc2@example.com RET=HDRS ENVID=QQ+2B314159", out MailRequest? request));
        Assert.Equal(12345, request!.Size!.Value.Octets);
        Assert.Equal(BodyType.EightBitMime, request.Body);
        Assert.True(request.SmtpUtf8);
        Assert.Equal("e+3Dmc2@example.com", request.Auth);
        Assert.Equal(DsnReturn.Headers, request.Return);
        Assert.Equal("QQ+2B314159", request.EnvelopeId);
    }

    [Fact]
    public void Binary_is_a_body_only_where_it_was_announced() // RFC 3030 §3
    {
        Assert.Equal(SmtpSyntaxError.None, SmtpParser.ParseMail("FROM:<a@x> BODY=BinaryMime"u8, SmtpExtensions.EightBitMime | SmtpExtensions.BinaryMime, out MailRequest? request));
        Assert.Equal(BodyType.BinaryMime, request!.Body);
        Assert.Equal("FROM:<a@x> BODY=BINARYMIME", SmtpCommandFormat.Mail(request, SmtpExtensions.EightBitMime | SmtpExtensions.BinaryMime));
        Assert.Equal("FROM:<a@x>", SmtpCommandFormat.Mail(request, SmtpExtensions.EightBitMime));
        Assert.Equal(SmtpSyntaxError.BadBody, SmtpParser.ParseMail("FROM:<a@x> BODY=BINARYMIME"u8, SmtpExtensions.EightBitMime, out _));
    }

    [Theory]
    [InlineData("SIZE", SmtpSyntaxError.BadSize)]
    [InlineData("SIZE=", SmtpSyntaxError.BadParameter)]
    [InlineData("SIZE=+5", SmtpSyntaxError.BadSize)]
    [InlineData("SIZE=1e9", SmtpSyntaxError.BadSize)]
    [InlineData("SIZE=123456789012345678901", SmtpSyntaxError.BadSize)]
    [InlineData("SIZE=1 SIZE=1", SmtpSyntaxError.DuplicateParameter)]
    [InlineData("BODY=BINARYMIME", SmtpSyntaxError.BadBody)]
    [InlineData("BODY", SmtpSyntaxError.BadBody)]
    [InlineData("SMTPUTF8=yes", SmtpSyntaxError.BadSmtpUtf8)]
    [InlineData("AUTH", SmtpSyntaxError.BadAuth)]
    [InlineData("AUTH=a+b", SmtpSyntaxError.BadAuth)]
    [InlineData("RET=ALL", SmtpSyntaxError.BadReturn)]
    [InlineData("RET", SmtpSyntaxError.BadReturn)]
    [InlineData("ENVID", SmtpSyntaxError.BadEnvelopeId)]
    [InlineData("ENVID=a+0D+0Ab", SmtpSyntaxError.BadEnvelopeId)]
    [InlineData("ENVID=+", SmtpSyntaxError.BadEnvelopeId)]
    [InlineData("X-FOO=1", SmtpSyntaxError.UnknownParameter)]
    [InlineData("NOTIFY=NEVER", SmtpSyntaxError.UnknownParameter)]
    [InlineData("-A", SmtpSyntaxError.BadParameter)]
    [InlineData("A=B=C", SmtpSyntaxError.BadParameter)]
    [InlineData("=", SmtpSyntaxError.BadParameter)]
    public void A_bad_parameter_of_MAIL_is_named(string parameter, SmtpSyntaxError expected) =>
        Assert.Equal(expected, Parse($"FROM:<a@x> {parameter}", out _));

    [Fact]
    public void A_parameter_that_was_not_announced_is_unknown()
    {
        foreach (string parameter in (string[])["SIZE=1", "BODY=7BIT", "SMTPUTF8", "AUTH=<>", "RET=FULL", "ENVID=a"])
        {
            byte[] arguments = Encoding.UTF8.GetBytes($"FROM:<a@x> {parameter}");
            Assert.Equal(SmtpSyntaxError.UnknownParameter, SmtpParser.ParseMail(arguments, SmtpExtensions.None, out _));
            Assert.Equal(SmtpSyntaxError.None, SmtpParser.ParseMail(arguments, All, out _));
        }
    }

    [Fact]
    public void A_size_beyond_63_bits_is_the_largest_size()
    {
        Assert.Equal(SmtpSyntaxError.None, Parse("FROM:<a@x> SIZE=99999999999999999999", out MailRequest? request));
        Assert.Equal(long.MaxValue, request!.Size!.Value.Octets);
    }

    [Fact]
    public void An_envelope_id_may_have_a_hundred_characters()
    {
        Assert.Equal(SmtpSyntaxError.None, Parse($"FROM:<a@x> ENVID={new string('a', 100)}", out _));
        Assert.Equal(SmtpSyntaxError.BadEnvelopeId, Parse($"FROM:<a@x> ENVID={new string('a', 101)}", out _));
    }

    private static SmtpSyntaxError Parse(string arguments, out MailRequest? request) =>
        SmtpParser.ParseMail(Encoding.UTF8.GetBytes(arguments), All, out request);
}
