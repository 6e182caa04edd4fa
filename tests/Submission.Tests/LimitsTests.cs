using MailAccess.Auth;
using MailAccess.Smtp;
using MailAccess.Submission.Commands;

namespace MailAccess.Submission.Tests;

/// <summary>Defaults against the RFCs' floors, and every mapping over every member.</summary>
public sealed class LimitsTests
{
    private static readonly SubmissionLimits Limits = new();

    [Fact]
    public void Defaults_keep_what_the_RFCs_demand()
    {
        Assert.True(Limits.CommandOctetsMax >= 512); // RFC 5321 §4.5.3.1.4
        Assert.True(Limits.ExtendedCommandOctetsMax >= 512 + 26 + 16 + 10 + 500 + 9 + 107); // RFC 1870, 6152, 6531, 4954, 3461
        Assert.True(Limits.AuthenticationLineOctetsMax >= 12288); // RFC 4954 §4
        Assert.True(Limits.TextLineOctetsMax >= 1000); // RFC 5321 §4.5.3.1.6
        Assert.True(Limits.RecipientsMax >= 100); // RFC 5321 §4.5.3.1.8
        Assert.True(Limits.HopsMax >= 100); // RFC 5321 §6.3
        Assert.True(Limits.CommandTimeout >= TimeSpan.FromMinutes(5)); // RFC 5321 §4.5.3.2.7
        Assert.True(Limits.DataWindow >= TimeSpan.FromMinutes(3)); // RFC 5321 §4.5.3.2.5
    }

    [Fact]
    public void Every_verdict_has_a_reply_in_every_role()
    {
        foreach (RecipientKind kind in Enum.GetValues<RecipientKind>())
        {
            foreach (SubmissionRole role in (SubmissionRole[])[SubmissionRole.Submission, SubmissionRole.SubmissionWithoutRelay, SubmissionRole.Exchange, SubmissionRole.Lmtp])
            {
                SmtpReply reply = RcptCommand.Judge(role, new RecipientVerdict(kind));
                bool taken = kind == RecipientKind.Local || (kind == RecipientKind.Remote && role == SubmissionRole.Submission);
                Assert.Equal(taken, reply.IsPositive);
            }
        }
    }

    [Fact]
    public void Every_failed_login_has_a_reply()
    {
        foreach (AuthenticationFailure failure in Enum.GetValues<AuthenticationFailure>().Where(f => f != AuthenticationFailure.None))
        {
            Assert.True(AuthCommand.ToReply(failure).Code >= 400);
        }
    }

    [Fact]
    public void Every_verb_stands_in_a_transcript()
    {
        string[] all = [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "transcripts"), "*.session", SearchOption.AllDirectories)
            .Select(File.ReadAllText)];
        foreach (SubmissionCommand command in SubmissionCommands.All)
        {
            Assert.True(all.Any(t => t.Contains($"C1: {command.Verb}", StringComparison.Ordinal)), command.Verb);
        }
    }

    [Fact]
    public void Submission_without_authenticator_is_a_configuration_error()
    {
        ServerFixture server = new(SubmissionRole.Submission);
        Assert.Throws<ArgumentException>(() =>
            new SubmissionSessionFactory(server.Options, server.Sink, null, Limits, server.Clock, server.Log));
        Assert.Throws<ArgumentException>(() => new SubmissionSessionFactory(
            server.Options with { HostName = "mx example" }, server.Sink, new AuthenticatorDouble(), Limits, server.Clock, server.Log));
    }
}
