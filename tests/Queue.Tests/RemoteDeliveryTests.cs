using System.Net;
using MailAccess.Dns;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>The whole queue against scripted servers.</summary>
public sealed class RemoteDeliveryTests : RemoteDeliveryFixture
{
    [Fact]
    public async Task Mail_goes_out_whole_with_what_the_server_understands()
    {
        await using ScriptedPeer peer = Peer("far.test");
        Envelope envelope = new()
        {
            ReversePath = Samples.Path("alice@example.test"),
            Recipients =
            [
                new EnvelopeRecipient { Path = Samples.Path("x@far.test"), Notify = DsnNotify.Success | DsnNotify.Failure, OriginalRecipient = "rfc822;y+40far.test" },
                new EnvelopeRecipient { Path = Samples.Path("\"odd name\"@far.test") },
            ],
            Return = DsnReturn.Headers,
            EnvelopeId = "QQ314159",
            Body = BodyType.EightBitMime,
        };
        CommitOutcome outcome = await Harness.SendAsync(envelope, "Subject: hi\r\n\r\n.dot\r\n..two\r\nümlaut\r\n");
        Assert.Contains("queued as", outcome.Overall.Text, StringComparison.Ordinal);
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.Equal("Subject: hi\r\n\r\n.dot\r\n..two\r\nümlaut\r\n", message.Text);
        Assert.Equal("MAIL FROM:<alice@example.test> SIZE=37 BODY=8BITMIME RET=HDRS ENVID=QQ314159", message.Mail);
        Assert.Equal(["RCPT TO:<x@far.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;y+40far.test", "RCPT TO:<\"odd name\"@far.test>"], message.Recipients);
        await Harness.Logger.SawAsync("to=<x@far.test>, relay=127.0.0.1[127.0.0.1]:", "dsn=2.0.0, status=sent (250 2.0.0 taken)");
        await Harness.Logger.SawAsync("removed");
        Assert.Empty(Harness.Disk.Names);
        Assert.Empty(await Harness.InboxAsync("alice"));
    }

    [Fact]
    public async Task A_server_of_old_gets_helo_and_plain_commands_one_by_one()
    {
        await using ScriptedPeer peer = Peer("old.test", c => c.Verb == "EHLO" ? "502 5.5.1 what?" : null);
        await Harness.SendAsync("alice@example.test", "x@old.test", "y@old.test");
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.Equal("MAIL FROM:<alice@example.test>", message.Mail);
        Assert.Equal(["CONNECT", "EHLO", "HELO", "MAIL", "RCPT", "RCPT", "DATA", "."], peer.Heard.Select(c => c.Verb).Take(8));
    }

    [Fact]
    public async Task Local_and_remote_recipients_of_one_message_all_get_it_once()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await Harness.SendAsync("alice@example.test", "bob@example.test", "x@far.test", "carol@example.test");
        await Harness.Logger.SawAsync("removed");
        Assert.Single(peer.Messages);
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Single(await Harness.InboxAsync("carol"));
    }

    [Theory]
    [InlineData("CONNECT", "421 4.3.2 later", "4.3.2")]
    [InlineData("EHLO", "421 4.3.2 later", "4.3.2")]
    [InlineData("MAIL", "451 4.3.0 later", "4.3.0")]
    [InlineData("RCPT", "450 4.2.0 later", "4.2.0")]
    [InlineData("DATA", "451 4.3.0 later", "4.3.0")]
    [InlineData(".", "452 4.3.1 later", "4.3.1")]
    [InlineData("CONNECT", null, "4.4.2")]
    [InlineData("MAIL", null, "4.4.2")]
    [InlineData("RCPT", null, "4.4.2")]
    [InlineData("DATA", null, "4.4.2")]
    [InlineData(".", null, "4.4.2")]
    [InlineData("MAIL", "rubbish\nmore rubbish", "4.4.2")]
    [InlineData(".", "499-never\n499-ends\n354 or does it", "4.5.0")]
    [InlineData("RCPT", "354 strange", "4.5.0")]
    [InlineData("DATA", "250 2.0.0 strange", "4.5.0")]
    public async Task What_fails_for_now_is_tried_again_and_arrives(string stage, string? reply, string dsn)
    {
        int failures = 1;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == stage && Interlocked.Decrement(ref failures) >= 0 ? reply is null ? PeerAnswer.Drop : reply : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", $"dsn={dsn}, status=deferred");
        QueueEntry entry = await WaitingAsync();
        Assert.Equal(1, entry.Attempts);
        Assert.Equal(Harness.Clock.GetUtcNow() + TimeSpan.FromMinutes(5), entry.NextAttempt);
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Single(peer.Messages);
    }

    [Theory]
    [InlineData("CONNECT", "554 5.3.2 no mail here")]
    [InlineData("MAIL", "550 5.7.1 not you")]
    [InlineData("RCPT", "550 5.1.1 unknown")]
    [InlineData("DATA", "554 5.7.1 no")]
    [InlineData(".", "554 5.6.0 spam")]
    public async Task What_fails_for_good_comes_back_to_the_sender(string stage, string reply)
    {
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == stage ? reply : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=bounced", reply);
        await Harness.Logger.SawAsync("sender non-delivery notification");
        await Harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        Assert.StartsWith("Return-Path: <>\r\n", Assert.Single(await Harness.InboxAsync("alice")), StringComparison.Ordinal);
        Assert.Empty(peer.Messages);
    }

    [Fact]
    public async Task Each_recipient_has_its_own_fate()
    {
        bool full = true;
        await using ScriptedPeer peer = Peer("far.test", c =>
            c.Line.Contains("gone@", StringComparison.Ordinal) ? "550 5.1.1 unknown" : c.Line.Contains("full@", StringComparison.Ordinal) && full ? "452 4.2.2 full" : null);
        await Harness.SendAsync("alice@example.test", "ok@far.test", "gone@far.test", "full@far.test");
        await Harness.Logger.SawAsync("sender non-delivery notification");
        QueueEntry entry = await WaitingAsync();
        Assert.Equal([false, false, true], entry.Recipients.Select(r => r.IsPending));
        full = false;
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("to=<full@far.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Equal([1, 1], peer.Messages.Select(m => m.Recipients.Count));
        Assert.Single(await Harness.InboxAsync("alice")); // Told once.
    }

    [Fact]
    public async Task Retries_back_off_and_end_with_a_report_after_five_days()
    {
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" ? "450 4.2.0 later" : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        int attempts = 0;
        DateTimeOffset start = Harness.Clock.GetUtcNow();
        while ((await Harness.Logger.SawAsync("to=<x@far.test>")).Contains("status=deferred", StringComparison.Ordinal))
        {
            attempts++;
            // The line is written before the schedule knows: wait for the entry, if there is to be one.
            if (await WaitingOrNoneAsync() is { } entry)
            {
                Harness.Clock.Advance(entry.NextAttempt - Harness.Clock.GetUtcNow());
            }
        }
        Assert.InRange(attempts, 40, 80);
        Assert.InRange(Harness.Clock.GetUtcNow() - start, TimeSpan.FromDays(4.8), TimeSpan.FromDays(5));
        await Harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        Assert.Contains(Harness.Logger.Lines, l => l.Contains("dsn=5.4.7, status=expired", StringComparison.Ordinal));
        Assert.Single(await Harness.InboxAsync("alice"));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_costs_its_timeout_and_no_more()
    {
        await using ScriptedPeer peer = Peer("tarpit.test", c => c.Verb == "MAIL" ? PeerAnswer.Silence : null);
        await Harness.SendAsync("alice@example.test", "x@tarpit.test");
        await peer.SawAsync("MAIL", None);
        Harness.Clock.Advance(TimeSpan.FromMinutes(4.9));
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("to=<x@tarpit.test>", StringComparison.Ordinal));
        Task<string> line = Harness.Logger.SawAsync("to=<x@tarpit.test>", "status=deferred", "timed out");
        while (!line.IsCompleted)
        {
            Harness.Clock.Advance(TimeSpan.FromMinutes(0.2)); // The wait for the reply may have begun only now.
            await Task.Yield();
        }
        await line;
    }

    [Fact]
    public async Task Messages_for_one_destination_share_connections_and_a_lost_idle_one_costs_no_attempt()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await Harness.SendAsync("alice@example.test", "a@far.test");
        await Harness.Logger.SawAsync("removed");
        await Harness.SendAsync("alice@example.test", "b@far.test");
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(1, peer.Connections);
        Assert.Equal(2, peer.Messages.Count);
        Harness.Clock.Advance(TimeSpan.FromSeconds(3));
        await peer.SawAsync("QUIT", None);
    }

    [Fact]
    public async Task A_connection_that_the_server_closed_while_idle_is_replaced_within_the_same_attempt()
    {
        int mails = 0;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "MAIL" && Interlocked.Increment(ref mails) == 2 ? new PeerAnswer("421 4.4.2 idle too long", Drops: true) : null);
        await Harness.SendAsync("alice@example.test", "a@far.test");
        await Harness.Logger.SawAsync("removed");
        await Harness.SendAsync("alice@example.test", "b@far.test");
        await Harness.Logger.SawAsync("to=<b@far.test>", "status=sent");
        Assert.Equal(2, peer.Connections);
        Assert.Equal(2, peer.Messages.Count);
    }

    [Fact]
    public async Task Exchangers_are_tried_in_order_until_one_takes_the_mail()
    {
        await using ScriptedPeer good = new(address: IPAddress.Parse("127.0.0.3"));
        Harness.Resolver.Mx["far.test"] = [new(10, "dead.test"), new(20, "good.test")];
        Harness.Resolver.Addresses["dead.test"] = [IPAddress.Parse("127.0.0.2")]; // Nobody listens there.
        Harness.Resolver.Addresses["good.test"] = [IPAddress.Parse("127.0.0.3")];
        await RestartWithAsync(o => o with { RemotePort = good.Port });
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("relay=good.test[127.0.0.3]", "status=sent");
    }

    [Fact]
    public async Task A_destination_that_cannot_be_reached_is_left_alone_for_a_while()
    {
        await using ScriptedPeer peer = Peer("far.test", c => c is { Verb: "CONNECT", Connection: 1 } ? "421 4.3.2 down" : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred", "down");
        await Harness.SendAsync("alice@example.test", "y@far.test");
        await Harness.Logger.SawAsync("to=<y@far.test>", "status=deferred", "down");
        Assert.Equal(1, peer.Connections);
        Harness.Clock.Advance(TimeSpan.FromMinutes(1));
        await Harness.SendAsync("alice@example.test", "z@far.test");
        await Harness.Logger.SawAsync("to=<z@far.test>", "status=sent");
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task A_null_exchanger_bounces_at_once() // RFC 7505
    {
        Harness.Resolver.Mx["null.test"] = [new(0, ".")];
        await Harness.SendAsync("alice@example.test", "x@null.test");
        await Harness.Logger.SawAsync("to=<x@null.test>, relay=none", "dsn=5.1.10, status=bounced");
    }

    [Fact]
    public async Task What_the_server_cannot_carry_is_returned_without_trying()
    {
        await using ScriptedPeer small = new() { Extensions = ["SIZE 10", "PIPELINING"] };
        await using ScriptedPeer plain = new() { Extensions = ["PIPELINING"] };
        Harness.Ports["small.test"] = small.Port;
        Harness.Ports["plain.test"] = plain.Port;
        await Harness.SendAsync("alice@example.test", "x@small.test");
        await Harness.Logger.SawAsync("to=<x@small.test>", "dsn=5.3.4, status=bounced");
        Envelope utf8 = QueueHarness.Envelope("alice@example.test", "jürgen@plain.test", "plain@plain.test") with { SmtpUtf8 = true };
        await Harness.SendAsync(utf8);
        await Harness.Logger.SawAsync("dsn=5.6.7, status=bounced");
        Assert.Equal(["RCPT TO:<plain@plain.test>"], (await plain.NextMessageAsync(None)).Recipients);
        await RestartWithAsync(o => o with { RefuseEightBitDowngrade = true });
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "z@plain.test"), "A: b\r\n\r\nü\r\n");
        await Harness.Logger.SawAsync("to=<z@plain.test>", "dsn=5.6.3, status=bounced");
    }

    [Fact]
    public async Task Many_recipients_are_sent_in_transactions_of_a_hundred()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await Harness.SendAsync("alice@example.test", [.. Enumerable.Range(0, 250).Select(i => $"u{i}@far.test")]);
        await Harness.Logger.SawAsync("removed");
        Assert.Equal([50, 100, 100], peer.Messages.Select(m => m.Recipients.Count).Order());
    }

    [Fact]
    public async Task Connections_to_one_destination_and_in_all_stay_within_their_caps()
    {
        await RestartWithAsync(o => o with { Limits = o.Limits with { ConnectionsMax = 3, ConnectionsPerDestinationMax = 2 } });
        await using ScriptedPeer one = Peer("one.test");
        await using ScriptedPeer two = Peer("two.test");
        await using ScriptedPeer three = Peer("three.test");
        string[] domains = ["one.test", "two.test", "three.test"];
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Harness.SendAsync("alice@example.test", $"u{i}@{domains[i % 3]}")));
        for (int i = 0; i < 60; i++)
        {
            await Harness.Logger.SawAsync("removed");
        }
        Assert.All((ScriptedPeer[])[one, two, three], p => Assert.Equal(20, p.Messages.Count));
        Assert.Empty(Harness.Disk.Names);
    }

    [Fact]
    public async Task What_finds_its_destination_crowded_waits_in_the_spool_and_goes_when_there_is_room()
    {
        await RestartWithAsync(o => o with { Limits = o.Limits with { WaitingPerDestinationMax = 2, ConnectionsPerDestinationMax = 1 } });
        await using ScriptedPeer peer = Peer("far.test");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Harness.SendAsync("alice@example.test", $"u{i}@far.test")));
        for (int i = 0; i < 50; i++)
        {
            await Harness.Logger.SawAsync("removed");
        }
        Assert.Equal(50, peer.Messages.Count);
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("deferred", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_flush_tries_everything_now()
    {
        bool up = false;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && !up ? "450 4.2.0 later" : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("status=deferred");
        await WaitingAsync();
        up = true;
        Harness.Queue.Flush();
        await Harness.Logger.SawAsync("status=sent");
    }
}
