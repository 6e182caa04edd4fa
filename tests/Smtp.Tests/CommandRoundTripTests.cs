using System.Text;

namespace MailAccess.Smtp.Tests;

/// <summary>What a parse accepts is written again and read as an equal value; mutations of legal lines never do worse.</summary>
public sealed class CommandRoundTripTests
{
    private const SmtpExtensions All =
        SmtpExtensions.Size | SmtpExtensions.EightBitMime | SmtpExtensions.SmtpUtf8 | SmtpExtensions.Auth | SmtpExtensions.Dsn;

    private static readonly string[] Seeds =
    [
        "FROM:<alice@example.test> SIZE=1000 BODY=8BITMIME SMTPUTF8 AUTH=<> RET=FULL ENVID=a+2Bb",
        "FROM:<> BODY=7BIT",
        "FROM:<\"a \\\" b\"@[IPv6:2001:db8::1]> RET=HDRS",
        "FROM:<@a.test,@b.test:jörg@bücher.test> SMTPUTF8 AUTH=e+3Dmc2@example.com",
        "TO:<postmaster>",
        "TO:<bob@[192.0.2.1]> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;Bob+2B1@example.test",
        "TO:<用户@例子.广告> NOTIFY=NEVER ORCPT=utf-8;\\x{7528}@x",
    ];

    private static readonly string[] Pieces =
        ["<", ">", "@", "\"", "\\", "[", "]", "\r", "\n", "\0", " ", "=", "+", ",", ":", ".", "..", "IPv6:", "\x7f", "\u0085", "ö", "SIZE=", "NOTIFY=NEVER", "+0A"];

    [Fact]
    public void Forty_thousand_mutations_are_refused_or_survive_the_round_trip()
    {
        Random random = new(5321);
        int accepted = 0;
        for (int i = 0; i < 40_000; i++)
        {
            byte[] octets = Mutate(Encoding.UTF8.GetBytes(Seeds[i % Seeds.Length]), random);
            if (SmtpParser.ParseMail(octets, All, out MailRequest? mail) == SmtpSyntaxError.None)
            {
                accepted++;
                string written = SmtpCommandFormat.Mail(mail!, All);
                AssertOneLine(written);
                Assert.Equal(SmtpSyntaxError.None, SmtpParser.ParseMail(Encoding.UTF8.GetBytes(written), All, out MailRequest? again));
                Assert.Equal(mail, again);
            }
            if (SmtpParser.ParseRcpt(octets, All, out EnvelopeRecipient? recipient) == SmtpSyntaxError.None)
            {
                accepted++;
                string written = SmtpCommandFormat.Rcpt(recipient!, All);
                AssertOneLine(written);
                Assert.Equal(SmtpSyntaxError.None, SmtpParser.ParseRcpt(Encoding.UTF8.GetBytes(written), All, out EnvelopeRecipient? again));
                Assert.Equal(recipient, again);
            }
        }
        Assert.InRange(accepted, 2_000, 38_000); // Else the mutator is too wild or too tame to show anything.
    }

    [Fact]
    public void Only_what_the_peer_announced_is_written()
    {
        MailRequest request = new()
        {
            ReversePath = MailPath.Null,
            Size = new SizeParameter(5),
            Body = BodyType.EightBitMime,
            SmtpUtf8 = true,
            Auth = "<>",
            Return = DsnReturn.Full,
            EnvelopeId = "x",
        };
        Assert.Equal("FROM:<>", SmtpCommandFormat.Mail(request, SmtpExtensions.None));
        Assert.Equal("FROM:<> SIZE=5 BODY=8BITMIME SMTPUTF8 AUTH=<> RET=FULL ENVID=x", SmtpCommandFormat.Mail(request, All));
        EnvelopeRecipient recipient = new() { Path = MailPath.Null, Notify = DsnNotify.Never, OriginalRecipient = "rfc822;a" };
        Assert.Equal("TO:<>", SmtpCommandFormat.Rcpt(recipient, SmtpExtensions.None));
    }

    [Theory]
    [InlineData("a\r\nRCPT TO:<eve@x>")]
    [InlineData("a b")]
    [InlineData("")]
    public void A_value_that_no_parser_gave_never_reaches_the_wire(string value)
    {
        MailRequest request = new() { ReversePath = MailPath.Null, EnvelopeId = value };
        Assert.Throws<ArgumentException>(() => SmtpCommandFormat.Mail(request, All));
    }

    private static void AssertOneLine(string written) => Assert.DoesNotContain(written, char.IsControl);

    private static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> octets = [.. seed];
        for (int n = random.Next(3); n >= 0; n--)
        {
            int at = random.Next(octets.Count);
            switch (random.Next(4))
            {
                case 0:
                    octets.RemoveAt(at);
                    break;
                case 1:
                    octets[at] = (byte)random.Next(256);
                    break;
                case 2:
                    octets.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
                default:
                    octets.InsertRange(at, octets.GetRange(random.Next(at + 1), Math.Min(5, octets.Count - at)).ToArray());
                    break;
            }
        }
        return [.. octets];
    }
}
