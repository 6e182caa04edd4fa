using System.Text;

namespace MailAccess.Smtp.Tests;

/// <summary>The parameters of MAIL that say when and how a message travels.</summary>
public sealed class DeliveryParameterTests
{
    [Theory]
    [InlineData("HOLDFOR=1", 1, null, "for;1")]
    [InlineData("holdfor=999999999", 999_999_999, null, "for;999999999")]
    [InlineData("HOLDUNTIL=2026-11-22T08:00:00Z", null, "2026-11-22T08:00:00", "until;2026-11-22T08:00:00Z")]
    [InlineData("HOLDUNTIL=2026-11-22t08:00:00.5z", null, "2026-11-22T08:00:00.5", "until;2026-11-22T08:00:00.5Z")]
    public void A_release_time_is_an_interval_or_a_time_in_utc(string parameter, int? seconds, string? until, string shown) // RFC 4865 §3
    {
        Assert.Equal(SmtpSyntaxError.None, Parse(parameter, SmtpExtensions.FutureRelease, out MailRequest? request));
        Assert.Equal(seconds is { } number ? TimeSpan.FromSeconds(number) : null, request!.Hold!.For);
        Assert.Equal(until is null ? null : DateTimeOffset.Parse(until + "Z", System.Globalization.CultureInfo.InvariantCulture), request.Hold.Until);
        Assert.Equal(shown, request.Hold.ToString());
    }

    [Theory]
    [InlineData("HOLDFOR", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=0", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=01", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=-5", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=+5", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=1000000000", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=5s", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL=tomorrow", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL=2026-11-22T08:00:00", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL=2026-11-22T08:00:00+01:00", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL=2026-11-22", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL=2026-02-30T08:00:00Z", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDUNTIL=2026-11-22T25:00:00Z", SmtpSyntaxError.BadHold)]
    [InlineData("HOLDFOR=5 HOLDFOR=5", SmtpSyntaxError.DuplicateParameter)]
    [InlineData("HOLDFOR=5 HOLDUNTIL=2026-11-22T08:00:00Z", SmtpSyntaxError.DuplicateParameter)]
    [InlineData("HOLDUNTIL=2026-11-22T08:00:00Z HOLDFOR=5", SmtpSyntaxError.DuplicateParameter)]
    public void A_bad_release_time_is_named(string parameter, SmtpSyntaxError expected) =>
        Assert.Equal(expected, Parse(parameter, SmtpExtensions.FutureRelease, out _));

    [Theory]
    [InlineData("BY=120;R", 120, DeliverByMode.Return, false)]
    [InlineData("by=+1;rt", 1, DeliverByMode.Return, true)]
    [InlineData("BY=0;N", 0, DeliverByMode.Notify, false)]
    [InlineData("BY=-999999999;NT", -999_999_999, DeliverByMode.Notify, true)]
    public void A_time_to_deliver_by_is_read_and_written(string parameter, int seconds, DeliverByMode mode, bool trace) // RFC 2852 §4
    {
        Assert.Equal(SmtpSyntaxError.None, Parse(parameter, SmtpExtensions.DeliverBy, out MailRequest? request));
        Assert.Equal(new DeliverByParameter(seconds, mode, trace), request!.DeliverBy);
        string written = SmtpCommandFormat.Mail(request, SmtpExtensions.DeliverBy);
        Assert.Equal(SmtpSyntaxError.None, SmtpParser.ParseMail(Encoding.UTF8.GetBytes(written), SmtpExtensions.DeliverBy, out MailRequest? again));
        Assert.Equal(request, again);
        Assert.Equal("FROM:<a@x>", SmtpCommandFormat.Mail(request, SmtpExtensions.None));
    }

    [Fact]
    public void A_priority_is_read_and_written() // RFC 6710 §7
    {
        for (int priority = -9; priority <= 9; priority++)
        {
            Assert.Equal(SmtpSyntaxError.None, Parse($"MT-PRIORITY={priority}", SmtpExtensions.MtPriority, out MailRequest? request));
            Assert.Equal(priority, request!.Priority);
            Assert.Equal($"FROM:<a@x> MT-PRIORITY={priority}", SmtpCommandFormat.Mail(request, SmtpExtensions.MtPriority));
            Assert.Equal("FROM:<a@x>", SmtpCommandFormat.Mail(request, SmtpExtensions.None));
        }
    }

    [Fact]
    public void REQUIRETLS_is_read_and_written() // RFC 8689 §2
    {
        Assert.Equal(SmtpSyntaxError.None, Parse("REQUIRETLS", SmtpExtensions.RequireTls, out MailRequest? request));
        Assert.True(request!.RequiresTls);
        Assert.Equal("FROM:<a@x> REQUIRETLS", SmtpCommandFormat.Mail(request, SmtpExtensions.RequireTls));
        Assert.Equal("FROM:<a@x>", SmtpCommandFormat.Mail(request, SmtpExtensions.None));
    }

    [Theory]
    [InlineData("REQUIRETLS")]
    [InlineData("MT-PRIORITY=1")]
    [InlineData("BY=5;N")]
    [InlineData("HOLDFOR=5")]
    [InlineData("HOLDUNTIL=2026-11-22T08:00:00Z")]
    public void What_was_not_announced_is_unknown(string parameter) =>
        Assert.Equal(SmtpSyntaxError.UnknownParameter, Parse(parameter, SmtpExtensions.Dsn, out _));

    private static SmtpSyntaxError Parse(string parameters, SmtpExtensions announced, out MailRequest? request) =>
        SmtpParser.ParseMail(Encoding.UTF8.GetBytes($"FROM:<a@x> {parameters}"), announced, out request);
}
