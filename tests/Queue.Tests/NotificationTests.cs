using System.Globalization;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Reports as they arrive in the sender's mailbox.</summary>
public sealed class NotificationTests
{
    private static async Task<string> ReportAsync(QueueHarness harness, string kind = "non-delivery")
    {
        await harness.Logger.SawAsync($"sender {kind} notification");
        await harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        return Assert.Single(await harness.InboxAsync("alice"));
    }

    [Fact]
    public async Task A_failure_report_says_who_why_and_returns_the_message()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        await using ScriptedPeer peer = new(c => c.Line.Contains("gone@", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null);
        harness.Ports["far.test"] = peer.Port;
        Envelope envelope = new()
        {
            ReversePath = Samples.Path("alice@example.test"),
            Recipients =
            [
                new EnvelopeRecipient { Path = Samples.Path("gone@far.test"), OriginalRecipient = "rfc822;old+2Bname@far.test" },
                new EnvelopeRecipient { Path = Samples.Path("fine@far.test") },
                new EnvelopeRecipient { Path = Samples.Path("quiet-gone@far.test"), Notify = DsnNotify.Never },
            ],
            EnvelopeId = "QQ+2B314",
        };
        await harness.SendAsync(envelope);
        string report = await ReportAsync(harness);
        Assert.StartsWith("Return-Path: <>\r\nDelivered-To: alice@example.test\r\n", report, StringComparison.Ordinal);
        Assert.Contains("multipart/report; report-type=delivery-status", report, StringComparison.Ordinal);
        Assert.Contains("Original-Envelope-Id: QQ+314\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: rfc822; old+name@far.test\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: rfc822; gone@far.test\r\nAction: failed\r\nStatus: 5.1.1\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Subject: hello\r\n\r\n.dot\r\nbody\r\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("fine@far.test", report, StringComparison.Ordinal);
        Assert.DoesNotContain("quiet-gone", report, StringComparison.Ordinal);
        await harness.Logger.SawAsync("removed");
        Assert.Empty(harness.Disk.Names);
    }

    [Fact]
    public async Task A_report_on_internationalized_mail_reaches_a_sender_whose_server_knows_no_SMTPUTF8() // RFC 6533 §4.5
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        await using ScriptedPeer plain = new() { Extensions = ["PIPELINING"] };
        harness.Ports["xn--mller-kva.test"] = plain.Port;
        harness.Resolver.Mx["null.test"] = [new(0, ".")];
        await harness.SendAsync(QueueHarness.Envelope("ann@müller.test", "jürgen@null.test") with { SmtpUtf8 = true }, "Subject: grüße\r\n\r\nschön\r\n");
        PeerMessage report = await plain.NextMessageAsync(CancellationToken.None);
        Assert.Equal(["RCPT TO:<ann@xn--mller-kva.test>"], report.Recipients);
        Assert.DoesNotContain(report.Octets, o => o > 127);
        Assert.Contains("To: <ann@xn--mller-kva.test>\r\n", report.Text, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: utf-8; j\\x{FC}rgen@null.test\r\n", report.Text, StringComparison.Ordinal);
        Assert.Contains("Content-Type: message/global\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", report.Text, StringComparison.Ordinal);
        Assert.Contains("Subject: gr=C3=BC=C3=9Fe\r\n\r\nsch=C3=B6n\r\n", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_hdrs_or_a_large_message_only_the_header_comes_back()
    {
        await using QueueHarness harness = new();
        harness.Options = harness.Options with { Limits = new QueueLimits { ReturnedOctetsMax = 100 } };
        await harness.StartAsync();
        harness.Resolver.Mx["null.test"] = [new(0, ".")];
        Envelope envelope = QueueHarness.Envelope("alice@example.test", "x@null.test");
        await harness.SendAsync(envelope with { Return = DsnReturn.Headers }, "Subject: one\r\n\r\nsecret one\r\n");
        string first = await ReportAsync(harness);
        Assert.Contains("Subject: one\r\n", first, StringComparison.Ordinal);
        Assert.DoesNotContain("secret one", first, StringComparison.Ordinal);
        await harness.SendAsync(envelope with { Return = DsnReturn.Full }, "Subject: two\r\n\r\nsecret two" + new string('x', 200) + "\r\n");
        await harness.Logger.SawAsync("to=<alice@example.test>, relay=local");
        Assert.DoesNotContain("secret two", (await harness.InboxAsync("alice"))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Success_is_reported_as_delivered_here_and_as_relayed_where_nobody_else_tells()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        await using ScriptedPeer blind = new() { Extensions = ["PIPELINING"] };
        await using ScriptedPeer knows = new();
        harness.Ports["blind.test"] = blind.Port;
        harness.Ports["knows.test"] = knows.Port;
        await harness.SendAsync(Asking("bob@example.test"));
        Assert.Contains("Final-Recipient: rfc822; bob@example.test\r\nAction: delivered\r\nStatus: 2.0.0\r\n", await ReportAsync(harness, "delivery status"), StringComparison.Ordinal);
        Assert.Single(await harness.InboxAsync("bob"));
        await harness.SendAsync(Asking("x@knows.test"));
        await harness.Logger.SawAsync("to=<x@knows.test>");
        await harness.Logger.SawAsync("removed");
        await harness.SendAsync(Asking("x@blind.test"));
        await harness.Logger.SawAsync("to=<alice@example.test>, relay=local");
        string[] reports = await harness.InboxAsync("alice");
        Assert.Equal(2, reports.Length);
        Assert.Contains("Final-Recipient: rfc822; x@blind.test\r\nAction: relayed\r\n", reports[1], StringComparison.Ordinal);

        static Envelope Asking(string to) => new()
        {
            ReversePath = Samples.Path("alice@example.test"),
            Recipients = [new EnvelopeRecipient { Path = Samples.Path(to), Notify = DsnNotify.Success }],
        };
    }

    [Fact]
    public async Task After_four_hours_the_sender_hears_that_it_takes_long_once()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        harness.Resolver.Fail.Add("mx slow.test");
        await harness.SendAsync("alice@example.test", "x@slow.test");
        for (int attempts = 1; attempts <= 12; attempts++)
        {
            await harness.Logger.SawAsync("to=<x@slow.test>", "status=deferred");
            while ((await harness.Queue.ListAsync(default).ToListAsync()).FirstOrDefault(e => e.Sender.Length > 0) is not { } entry
                || entry.Attempts < attempts || entry.NextAttempt <= harness.Clock.GetUtcNow() || harness.Queue.WaitingCount == 0)
            {
                await Task.Yield();
            }
            harness.Clock.Advance(TimeSpan.FromHours(2));
        }
        while (!harness.Logger.Lines.Any(l => l.Contains("removed", StringComparison.Ordinal)))
        {
            await Task.Yield(); // The report takes its time too.
        }
        string report = Assert.Single(await harness.InboxAsync("alice"));
        Assert.Contains("Action: delayed\r\nStatus: 4.4.3\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Will-Retry-Until: ", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_cannot_be_delivered_ends_with_the_postmaster()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        harness.Resolver.Mx["null.test"] = [new(0, ".")];
        await harness.SendAsync("liar@null.test", "x@null.test");
        await harness.Logger.SawAsync("double bounce");
        await harness.Logger.SawAsync("to=<postmaster>, relay=local", "status=sent");
        string copy = Assert.Single(await harness.InboxAsync("root"));
        Assert.Contains("Final-Recipient: rfc822; liar@null.test\r\nAction: failed\r\nStatus: 5.1.10\r\n", copy, StringComparison.Ordinal);
        await harness.Logger.SawAsync("removed");
    }

    [Theory]
    [InlineData(PostmasterNotices.Bounce | PostmasterNotices.DoubleBounce, true)]
    [InlineData(PostmasterNotices.Delay | PostmasterNotices.DoubleBounce, false)]
    public async Task The_postmaster_who_wants_bounces_gets_their_headers_and_no_more(PostmasterNotices wanted, bool copied)
    {
        await using QueueHarness harness = new();
        harness.Options = harness.Options with { NotifyPostmaster = wanted };
        await harness.StartAsync();
        harness.Resolver.Mx["null.test"] = [new(0, ".")];
        await harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@null.test"), "Subject: private\r\n\r\nsecret\r\n");
        await harness.EmptyAsync();
        Assert.Contains("secret", Assert.Single(await harness.InboxAsync("alice")), StringComparison.Ordinal);
        string[] copies = await harness.InboxAsync("root");
        Assert.Equal(copied ? 1 : 0, copies.Length);
        Assert.All(copies, copy =>
        {
            Assert.Contains("Subject: Postmaster Copy: Undelivered Mail Returned to Sender\r\n", copy, StringComparison.Ordinal);
            Assert.Contains("<alice@example.test>", copy, StringComparison.Ordinal);
            Assert.Contains("Subject: private\r\n", copy, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", copy, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Where_the_postmaster_cannot_be_reached_either_it_ends()
    {
        await using QueueHarness harness = new();
        harness.Store = new FailingStore(harness.Store) { ["root"] = StoreError.NotFound };
        await harness.StartAsync();
        harness.Resolver.Mx["null.test"] = [new(0, ".")];
        await harness.SendAsync("", "x@null.test");
        for (int message = 0; message < 2; message++)
        {
            await harness.Logger.SawAsync("double bounce");
            await harness.Logger.SawAsync("removed");
        }
        Assert.Empty(harness.Disk.Names);
        Assert.Equal(0, harness.Queue.WaitingCount);
    }

    [Fact]
    public async Task A_local_recipient_that_fails_for_good_beside_one_that_does_not_is_reported()
    {
        await using QueueHarness harness = new();
        harness.Store = new FailingStore(harness.Store) { ["carol"] = StoreError.OverQuota };
        harness.Options = harness.Options with { FullMailboxIsPermanent = true };
        await harness.StartAsync();
        Assert.True((await harness.SendAsync("alice@example.test", "bob@example.test", "carol@example.test")).Overall.IsPositive);
        Assert.Contains("Final-Recipient: rfc822; carol@example.test\r\nAction: failed\r\nStatus: 5.2.2\r\n", await ReportAsync(harness), StringComparison.Ordinal);
        Assert.Single(await harness.InboxAsync("bob"));
    }

    [Fact]
    public async Task Crashed_at_any_step_of_a_bounce_the_sender_still_hears_of_it()
    {
        bool isWhole = false;
        for (int n = 0; !isWhole; n++)
        {
            await using QueueHarness harness = await new QueueHarness().StartAsync();
            harness.Resolver.Mx["null.test"] = [new(0, ".")];
            harness.Disk.FailAfter(n);
            CommitOutcome outcome = await harness.SendAsync("alice@example.test", "x@null.test");
            if (!outcome.Overall.IsPositive)
            {
                continue; // Never promised.
            }
            // Until the disk fails, or everything is done.
            while (!harness.Disk.IsDown && harness.Disk.Names.Count > 0)
            {
                await Task.Yield();
            }
            isWhole = !harness.Disk.IsDown;
            SimulatedDisk old = harness.Disk;
            await harness.Queue.DisposeAsync();
            harness.Disk = old.After(Crash.PowerLossNothing, new Random(n));
            await harness.StartAsync();
            harness.Clock.Advance(TimeSpan.FromMinutes(5));
            while (harness.Disk.Names.Count > 0)
            {
                await Task.Yield();
            }
            string[] reports = await harness.InboxAsync("alice");
            Assert.InRange(reports.Length, 1, 2); // Twice where the crash fell between telling and writing that we told.
            Assert.All(reports, r => Assert.Contains("Status: 5.1.10", r, StringComparison.Ordinal));
            Assert.True(n < 60, n.ToString(CultureInfo.InvariantCulture));
        }
    }
}
