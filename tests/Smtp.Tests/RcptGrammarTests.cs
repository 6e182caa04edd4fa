using System.Text;

namespace MailAccess.Smtp.Tests;

public sealed class RcptGrammarTests
{
    private const SmtpExtensions All = SmtpExtensions.SmtpUtf8 | SmtpExtensions.Dsn;

    [Theory]
    [InlineData("TO:<postmaster>")]
    [InlineData("TO:<PostMaster>")]
    [InlineData("to: <postmaster>")]
    public void Postmaster_needs_no_domain(string arguments)
    {
        Assert.Equal(SmtpSyntaxError.None, Parse(arguments, All, out EnvelopeRecipient? recipient));
        Assert.Equal("", recipient!.Path.Domain);
    }

    [Theory]
    [InlineData("TO:<>", SmtpSyntaxError.NullForwardPath)]
    [InlineData("TO:<alice>", SmtpSyntaxError.MissingDomain)]
    [InlineData("FROM:<a@x>", SmtpSyntaxError.MissingArgument)]
    [InlineData("TO:<a@x>NOTIFY=NEVER", SmtpSyntaxError.BadParameter)]
    [InlineData("TO:<a@x> SIZE=1", SmtpSyntaxError.UnknownParameter)]
    [InlineData("TO:<a@x> NOTIFY", SmtpSyntaxError.BadNotify)]
    [InlineData("TO:<a@x> NOTIFY=NEVER,SUCCESS", SmtpSyntaxError.BadNotify)]
    [InlineData("TO:<a@x> NOTIFY=SUCCESS,", SmtpSyntaxError.BadNotify)]
    [InlineData("TO:<a@x> NOTIFY=SOMETIMES", SmtpSyntaxError.BadNotify)]
    [InlineData("TO:<a@x> NOTIFY=NEVER NOTIFY=NEVER", SmtpSyntaxError.DuplicateParameter)]
    [InlineData("TO:<a@x> ORCPT=a@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=rfc822;", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=;a@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=rfc822;a+0Ab", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=rfc822;a+b@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=rfc822;jörg@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=rfc822;j+C3rg@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=rfc822;j+C2+85rg@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=x400;j+C3+B6rg@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=utf-8;a\\x@x", SmtpSyntaxError.BadOriginalRecipient)]
    [InlineData("TO:<a@x> ORCPT=utf-8;a\\x{ZZ}@x", SmtpSyntaxError.BadOriginalRecipient)]
    public void A_malformed_RCPT_is_named(string arguments, SmtpSyntaxError expected)
    {
        Assert.Equal(expected, Parse(arguments, All, out EnvelopeRecipient? recipient));
        Assert.Null(recipient);
    }

    [Theory]
    [InlineData("NEVER", DsnNotify.Never)]
    [InlineData("success,delay", DsnNotify.Success | DsnNotify.Delay)]
    [InlineData("SUCCESS,FAILURE,DELAY", DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay)]
    public void NOTIFY_is_a_set(string value, DsnNotify expected)
    {
        Assert.Equal(SmtpSyntaxError.None, Parse($"TO:<a@x> NOTIFY={value}", All, out EnvelopeRecipient? recipient));
        Assert.Equal(expected, recipient!.Notify);
    }

    [Theory]
    [InlineData("rfc822;Bob+2Bwork@example.com")]
    [InlineData("x400;/C=+20US/")]
    [InlineData("utf-8;j\\x{F6}rg@example.com")]
    [InlineData("utf-8;jörg@bücher.test")]
    [InlineData("rfc822;j+C3+B6rg@example.com")] // As Postfix writes it.
    public void ORCPT_is_kept_as_given(string value)
    {
        string legal = value.Replace("/C=", "/C+3D", StringComparison.Ordinal);
        Assert.Equal(SmtpSyntaxError.None, Parse($"TO:<a@x> ORCPT={legal}", All, out EnvelopeRecipient? recipient));
        Assert.Equal(legal, recipient!.OriginalRecipient);
    }

    [Fact]
    public void An_address_beyond_ASCII_needs_SMTPUTF8_on_MAIL()
    {
        Assert.Equal(SmtpSyntaxError.NeedsSmtpUtf8, Parse("TO:<jörg@x.test>", SmtpExtensions.Dsn, out _));
        Assert.Equal(SmtpSyntaxError.NeedsSmtpUtf8, Parse("TO:<a@x.test> ORCPT=utf-8;ö@x", SmtpExtensions.Dsn, out _));
        Assert.Equal(SmtpSyntaxError.BadOriginalRecipient, Parse("TO:<a@x.test> ORCPT=rfc822;j+C3+B6rg@x", SmtpExtensions.Dsn, out _));
        Assert.Equal(SmtpSyntaxError.None, Parse("TO:<jörg@x.test>", All, out _));
    }

    [Fact]
    public void An_original_recipient_may_have_500_characters()
    {
        Assert.Equal(SmtpSyntaxError.None, Parse($"TO:<a@x> ORCPT=rfc822;{new string('a', 493)}", All, out _));
        Assert.Equal(SmtpSyntaxError.BadOriginalRecipient, Parse($"TO:<a@x> ORCPT=rfc822;{new string('a', 494)}", All, out _));
    }

    [Theory]
    [InlineData("mail.example.test", true)]
    [InlineData("[192.0.2.1]", true)]
    [InlineData("[IPv6:2001:db8::1]", true)]
    [InlineData("Anna_PC", false)]
    [InlineData("(comment)", false)]
    public void Any_word_is_a_greeting_but_only_names_are_well_formed(string name, bool wellFormed)
    {
        Assert.Equal(SmtpSyntaxError.None, SmtpParser.ParseHello(Encoding.ASCII.GetBytes($" {name} "), out string parsed));
        Assert.Equal(name, parsed);
        Assert.Equal(wellFormed, SmtpParser.IsDomain(parsed));
    }

    [Theory]
    [InlineData("", SmtpSyntaxError.MissingArgument)]
    [InlineData("  ", SmtpSyntaxError.MissingArgument)]
    [InlineData("two words", SmtpSyntaxError.BadHelloName)]
    [InlineData("büro", SmtpSyntaxError.BadHelloName)]
    [InlineData("a\tb", SmtpSyntaxError.BadHelloName)]
    public void A_greeting_is_one_printable_word(string arguments, SmtpSyntaxError expected) =>
        Assert.Equal(expected, SmtpParser.ParseHello(Encoding.UTF8.GetBytes(arguments), out _));

    private static SmtpSyntaxError Parse(string arguments, SmtpExtensions announced, out EnvelopeRecipient? recipient) =>
        SmtpParser.ParseRcpt(Encoding.UTF8.GetBytes(arguments), announced, out recipient);
}
