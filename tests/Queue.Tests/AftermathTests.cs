using MailAccess.Smtp;

namespace MailAccess.Queue.Tests;

public sealed class AftermathTests
{
    private static readonly QueueOptions Options = new() { HostName = "mail.example.test", SpoolFolder = "" };

    private static SpoolMessage With(RecipientStatus status, DsnNotify notify = DsnNotify.Unspecified, string from = "alice@example.test", bool told = false)
    {
        SpoolMessage message = Samples.Message(1, "x@far.test") with { ReversePath = Samples.Path(from), Attempts = 1 };
        SpoolRecipient recipient = message.Recipients[0];
        return message with { Recipients = [recipient with { Status = status, Told = told, Recipient = recipient.Recipient with { Notify = notify } }] };
    }

    private static NotificationKind[] Told(SpoolMessage message, double hours = 0) =>
        [.. Aftermath.DecideNotifications(message, Options, Samples.Start.AddHours(hours)).Select(n => n.Kind)];

    [Theory]
    [InlineData(DsnNotify.Unspecified, true)]
    [InlineData(DsnNotify.Failure, true)]
    [InlineData(DsnNotify.Failure | DsnNotify.Success, true)]
    [InlineData(DsnNotify.Success, false)]
    [InlineData(DsnNotify.Never, false)]
    [InlineData(DsnNotify.Delay, false)]
    public void Failure_is_told_unless_the_sender_asked_for_something_else(DsnNotify notify, bool told) // RFC 3461 §4.1
    {
        Assert.Equal(told ? [NotificationKind.Failure] : [], Told(With(RecipientStatus.Failed, notify)));
        Assert.Empty(Told(With(RecipientStatus.Failed, notify, told: true)));
    }

    [Theory]
    [InlineData(DsnNotify.Unspecified, false)]
    [InlineData(DsnNotify.Failure, false)]
    [InlineData(DsnNotify.Never, false)]
    [InlineData(DsnNotify.Success, true)]
    [InlineData(DsnNotify.Success | DsnNotify.Delay, true)]
    public void Success_is_told_on_request_where_nobody_else_will(DsnNotify notify, bool told) // RFC 3461 §5.2.2
    {
        NotificationKind[] expected = told ? [NotificationKind.Success] : [];
        Assert.Equal(expected, Told(With(RecipientStatus.Delivered, notify)));
        Assert.Equal(expected, Told(With(RecipientStatus.RelayedBlind, notify)));
        Assert.Empty(Told(With(RecipientStatus.Relayed, notify)));
    }

    [Theory]
    [InlineData(DsnNotify.Unspecified, true)]
    [InlineData(DsnNotify.Delay, true)]
    [InlineData(DsnNotify.Failure, false)]
    [InlineData(DsnNotify.Never, false)]
    public void Delay_is_told_once_after_four_hours(DsnNotify notify, bool told)
    {
        SpoolMessage message = With(RecipientStatus.Pending, notify);
        Assert.Empty(Told(message, 3.9));
        Assert.Equal(told ? [NotificationKind.Delay] : [], Told(message, 4));
        Assert.Empty(Told(message.Apply(Aftermath.Told(new Notification(NotificationKind.Delay, [0]))), 10));
    }

    [Fact]
    public void A_message_without_sender_is_answered_by_nothing_and_its_failure_is_a_double_bounce() // RFC 5321 §4.5.5
    {
        SpoolMessage message = With(RecipientStatus.Failed, from: "");
        Assert.Empty(Told(message));
        Assert.Equal([0], Aftermath.DoubleBounces(message));
        Assert.Empty(Aftermath.DoubleBounces(With(RecipientStatus.Failed)));
        Assert.Empty(Aftermath.DoubleBounces(message.Apply(Aftermath.Told(new Notification(NotificationKind.Failure, [0])))));
    }

    [Fact]
    public void Failures_are_told_to_each_by_whom_they_concern_and_aliases_by_what_they_are()
    {
        SpoolMessage message = Samples.Message(1, "alias@example.test", "list@example.test", "single@example.test", "a@far.test", "b@far.test", "c@far.test");
        RecipientStatus[] statuses = [RecipientStatus.Expanded, RecipientStatus.Distributed, RecipientStatus.Redirected, RecipientStatus.Failed, RecipientStatus.Failed, RecipientStatus.Failed];
        MailPath owner = Samples.Path("owner@example.test");
        message = message with
        {
            Recipients = [.. message.Recipients.Select((r, i) => r with
            {
                Status = statuses[i],
                Owner = i is 4 or 5 ? owner : null,
                Recipient = r.Recipient with { Notify = i < 3 ? DsnNotify.Success : DsnNotify.Unspecified },
            })],
        };
        IReadOnlyList<Notification> all = Aftermath.DecideNotifications(message, Options, Samples.Start);
        Assert.Equal(["Failure  3", "Failure owner@example.test 4 5", "Success  0 1"], all.Select(n => $"{n.Kind} {n.Owner} {string.Join(' ', n.Recipients)}"));
        Assert.Empty(Aftermath.DecideNotifications(all.Aggregate(message, (m, n) => m.Apply(Aftermath.Told(n))), Options, Samples.Start));
        Assert.Equal([3, 4, 5], Aftermath.DoubleBounces(message with { ReversePath = MailPath.Null }));
    }

    [Fact]
    public void Reports_have_a_lifetime_of_their_own()
    {
        QueueOptions options = Options with { Retry = new RetryPolicy { GiveUpBouncesAfter = TimeSpan.FromHours(1) } };
        SpoolMessage bounce = With(RecipientStatus.Pending, from: "");
        DateTimeOffset later = Samples.Start.AddHours(1);
        Assert.NotNull(Aftermath.DecideRetry(bounce, options, Samples.Start).NextAttempt);
        Assert.Equal(RecipientStatus.Failed, Assert.Single(Aftermath.DecideRetry(bounce, options, later).Recipients).Status);
        Assert.NotNull(Aftermath.DecideRetry(With(RecipientStatus.Pending), options, later).NextAttempt);
        options = Options with { Retry = new RetryPolicy { GiveUpBouncesAfter = TimeSpan.Zero } };
        Assert.Single(Aftermath.DecideRetry(bounce, options, Samples.Start).Recipients); // Tried once.
    }

    [Fact]
    public void After_its_lifetime_what_is_pending_fails_with_the_last_reply()
    {
        SpoolMessage message = With(RecipientStatus.Pending);
        message = message with { Recipients = [message.Recipients[0] with { LastReply = new SmtpReply(450, new(4, 2, 0), "busy"), RemoteHost = "mx.far.test" }] };
        Assert.Equal(Samples.Start.AddMinutes(5), Aftermath.DecideRetry(message, Options, Samples.Start).NextAttempt);
        SpoolMessage after = message.Apply(Aftermath.DecideRetry(message, Options, Samples.Start.AddDays(5)));
        Assert.Equal(RecipientStatus.Failed, after.Recipients[0].Status);
        Assert.Equal(new EnhancedCode(5, 4, 7), after.Recipients[0].LastReply!.Enhanced);
        Assert.Contains("450 4.2.0 busy", after.Recipients[0].LastReply!.Text, StringComparison.Ordinal);
        Assert.Equal("mx.far.test", after.Recipients[0].RemoteHost);
    }
}
