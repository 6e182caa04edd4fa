using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>What a transaction does with what the server offers, and with what it refuses.</summary>
public sealed class SmtpClientTests : RemoteDeliveryFixture
{
    private const string Mixed =
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße aus der Stadt, in der alle wohnen.\r\n--b--\r\n";

    private ScriptedPeer Peer(string domain, string[] extensions, Func<PeerCommand, PeerAnswer?>? script = null)
    {
        ScriptedPeer peer = new(script) { Extensions = extensions };
        Harness.Ports[domain] = peer.Port;
        return peer;
    }

    private static string Large(int octets) => "Subject: x\r\n\r\n" + string.Concat(Enumerable.Repeat(".0123456789\r\n", octets / 13));

    private static IEnumerable<string> Chunks(ScriptedPeer peer) => peer.Heard.Where(c => c.Verb == "BDAT").Select(c => c.Line);

    [Fact]
    public async Task A_small_message_goes_in_one_chunk_with_its_dots_as_they_are() // RFC 3030
    {
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING", "8BITMIME", "CHUNKING"]);
        string content = "Subject: x\r\n\r\n.dot\r\n..two\r\n.\r\nend ü\r\n";
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), content);
        Assert.Equal(content, (await peer.NextMessageAsync(None)).Text);
        Assert.Equal(["BDAT 38 LAST"], Chunks(peer));
        Assert.DoesNotContain(peer.Heard, c => c.Verb == "DATA");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_message_goes_in_many_chunks_and_the_connection_serves_the_next(bool pipelining) // RFC 3030 §2
    {
        await using ScriptedPeer peer = Peer("far.test", pipelining ? ["PIPELINING", "CHUNKING", "SIZE"] : ["CHUNKING", "SIZE"]);
        foreach (string content in (string[])[Large(3_000_000), Large(200_000)])
        {
            await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), content);
            PeerMessage message = await peer.NextMessageAsync(None);
            Assert.Equal(content, message.Text);
            Assert.EndsWith($" SIZE={content.Length}", message.Mail, StringComparison.Ordinal);
            await Harness.Logger.SawAsync("removed");
        }
        Assert.Equal(2, Chunks(peer).Count(c => c.EndsWith(" LAST", StringComparison.Ordinal)));
        Assert.True(Chunks(peer).Count() > 20);
        Assert.DoesNotContain(peer.Heard, c => c.Verb == "DATA");
        Assert.Equal(1, peer.Connections);
    }

    [Theory]
    [InlineData(true, 8)]
    [InlineData(false, 1)]
    public async Task Only_to_a_server_that_pipelines_chunks_run_ahead_of_their_replies_and_not_far(bool pipelining, int ahead) // RFC 2920 §3.1
    {
        await using ScriptedPeer peer = Peer("far.test", pipelining ? ["PIPELINING", "CHUNKING"] : ["CHUNKING"], c => c.Verb == "BDAT" ? PeerAnswer.Silence : null);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), Large(3_000_000));
        for (int i = 0; i < ahead; i++)
        {
            await peer.SawAsync("BDAT", None);
        }
        Task<string> line = Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred", "timed out");
        while (!line.IsCompleted)
        {
            Harness.Clock.Advance(TimeSpan.FromMinutes(1)); // The wait for the reply may have begun only now.
            await Task.Yield();
        }
        await line;
        Assert.Equal(ahead, peer.Heard.Count(c => c is { Verb: "BDAT", Connection: 1 })); // The clock may have come to the next attempt.
    }

    [Theory]
    [InlineData("552 5.3.4 too large", "dsn=5.3.4, status=bounced")]
    [InlineData("452 4.3.1 disk full", "dsn=4.3.1, status=deferred")]
    [InlineData("354 what?", "dsn=4.5.0, status=deferred")]
    public async Task A_chunk_that_is_refused_is_the_last_and_its_reply_is_the_messages(string refusal, string outcome) // RFC 3030 §2
    {
        int chunks = 0;
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING", "CHUNKING"], c => c.Verb == "BDAT" && ++chunks == 3 ? refusal : null);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), Large(3_000_000));
        await Harness.Logger.SawAsync("to=<x@far.test>", outcome, refusal[4..]);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "y@far.test"), Large(100_000));
        Assert.Equal(Large(100_000), (await peer.NextMessageAsync(None)).Text);
        Assert.True(Chunks(peer).TakeWhile(c => !c.EndsWith(" LAST", StringComparison.Ordinal)).Count() <= 2 + 9 + 1, "many more were sent");
        Assert.Equal(refusal[0] == '3' ? 2 : 1, peer.Connections); // Whoever makes no sense is not asked again.
        Assert.Contains(peer.Heard, c => c.Verb == "RSET" || refusal[0] == '3');
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_says_no_in_the_middle_of_a_message_and_hangs_up_is_heard(bool byData)
    {
        int chunks = 0;
        await using ScriptedPeer peer = new(c => c.Verb == "BDAT" && ++chunks == 2 ? new PeerAnswer("552 5.3.4 too large", Drops: true) : null)
        {
            Extensions = byData ? ["PIPELINING"] : ["PIPELINING", "CHUNKING"],
            DuringData = octets => octets > 100_000 ? new PeerAnswer("552 5.3.4 too large", Drops: true) : null,
        };
        Harness.Ports["far.test"] = peer.Port;
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), Large(30_000_000));
        await Harness.Logger.SawAsync("to=<x@far.test>", "dsn=5.3.4, status=bounced");
    }

    [Theory]
    [InlineData("550 5.7.1 not you", "dsn=5.7.1, status=bounced")]
    [InlineData("451 4.7.1 not now", "dsn=4.7.1, status=deferred")]
    public async Task A_server_that_refuses_the_sender_and_hangs_up_before_it_has_answered_for_recipients_is_believed(string refusal, string outcome)
    {
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING"], c => c.Verb == "MAIL" ? new PeerAnswer(refusal, Drops: true) : null);
        await Harness.SendAsync("alice@example.test", "x@far.test", "y@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", outcome, refusal);
        await Harness.Logger.SawAsync("to=<y@far.test>", outcome, refusal);
    }

    [Fact]
    public async Task A_chunk_holds_no_line_end_but_CRLF_and_ends_in_one()
    {
        await using ScriptedPeer peer = Peer("far.test", ["CHUNKING"]);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), "Subject: x\r\n\r\na\nb\r\n.\nc");
        Assert.Equal("Subject: x\r\n\r\na\r\nb\r\n.\r\nc\r\n", (await peer.NextMessageAsync(None)).Text);
    }

    [Fact]
    public async Task A_refused_chunk_is_followed_by_RSET_and_the_next_attempt_uses_DATA() // RFC 3030 §2
    {
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING", "CHUNKING"], c => c.Verb == "BDAT" ? "451 4.3.0 not by chunks" : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("status=deferred", "not by chunks");
        await peer.SawAsync("RSET", None);
        await WaitingAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("status=sent");
        Assert.Equal(["BDAT", "DATA"], peer.Heard.Select(c => c.Verb).Where(v => v is "BDAT" or "DATA"));
    }

    [Fact]
    public async Task No_chunk_is_sent_where_all_recipients_are_refused() // RFC 3030 §4.2
    {
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING", "CHUNKING"], c => c.Verb == "RCPT" && c.Line.Contains("bad", StringComparison.Ordinal) ? "550 5.1.1 no" : null);
        await Harness.SendAsync("alice@example.test", "bad1@far.test", "bad2@far.test");
        await peer.SawAsync("RSET", None);
        await Harness.SendAsync("alice@example.test", "bad3@far.test", "good@far.test");
        Assert.Equal(["RCPT TO:<good@far.test>"], (await peer.NextMessageAsync(None)).Recipients);
        Assert.Single(peer.Heard, c => c.Verb == "BDAT");
    }

    [Theory]
    [InlineData("452 4.5.3 too many", true)]
    [InlineData("552 5.5.3 too many", true)]
    [InlineData("452 too many", false)]
    public async Task Recipients_beyond_what_the_server_takes_follow_in_transactions_over_the_same_connection(string reply, bool pipelining) // RFC 5321 §4.5.3.1.10
    {
        int accepted = 0;
        await using ScriptedPeer peer = Peer("far.test", pipelining ? ["PIPELINING"] : [], c =>
        {
            accepted = c.Verb == "MAIL" ? 0 : accepted;
            return c.Verb == "RCPT" && ++accepted > 3 ? reply : null;
        });
        await Harness.SendAsync("alice@example.test", [.. Enumerable.Range(0, 10).Select(i => $"u{i}@far.test")]);
        await Harness.Logger.SawAsync("removed");
        Assert.Equal([3, 3, 3, 1], peer.Messages.Select(m => m.Recipients.Count));
        Assert.Equal(1, peer.Connections);
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("status=deferred", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_in_a_further_transaction_only_those_who_wait_for_it_get_the_message_again(bool lmtp)
    {
        int mails = 0;
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING"], c =>
            c is { Verb: "MAIL" } && ++mails == 2 ? PeerAnswer.Silence
            : c.Verb == "RCPT" && mails == 1 && c.Line.Contains("three", StringComparison.Ordinal) ? "452 4.5.3 later" : null);
        await RestartWithRoutingAsync(o => o with
        {
            SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port, Protocol = lmtp ? HopProtocol.Lmtp : HopProtocol.Smtp },
            Routes = null,
        });
        await Harness.SendAsync("alice@example.test", "one@far.test", "two@far.test", "three@far.test");
        await Harness.Logger.SawAsync("to=<two@far.test>", "status=sent");
        await peer.SawAsync("MAIL", None);
        await peer.SawAsync("MAIL", None); // The one that has no answer.
        Harness.Disk = Harness.Disk.After(Crash.Kill, new Random(1));
        await Harness.RestartAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("to=<three@far.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(["RCPT TO:<one@far.test>", "RCPT TO:<three@far.test>", "RCPT TO:<two@far.test>"], peer.Messages.SelectMany(m => m.Recipients).Order());
    }

    [Fact]
    public async Task Who_waits_for_a_further_transaction_when_the_server_goes_is_tried_again()
    {
        int mails = 0;
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING"], c =>
            c.Verb == "MAIL" && ++mails == 2 ? new PeerAnswer("421 4.3.2 going", Drops: true)
            : c.Verb == "RCPT" && mails == 1 && c.Line.Contains("two", StringComparison.Ordinal) ? "452 4.5.3 later" : null);
        await Harness.SendAsync("alice@example.test", "one@far.test", "two@far.test");
        await Harness.Logger.SawAsync("to=<one@far.test>", "status=sent");
        await Harness.Logger.SawAsync("to=<two@far.test>", "status=deferred", "going");
        await WaitingAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(["RCPT TO:<one@far.test>", "RCPT TO:<two@far.test>"], peer.Messages.Select(m => m.Recipients.Single()));
    }

    [Fact]
    public async Task A_server_that_closes_among_pipelined_replies_leaves_everybody_but_the_refused_pending()
    {
        await using ScriptedPeer peer = Peer("far.test", ["PIPELINING"], c =>
            c.Line.Contains("gone@", StringComparison.Ordinal) ? "550 5.1.1 unknown" : c.Line.Contains("cut@", StringComparison.Ordinal) ? PeerAnswer.Drop : null);
        await Harness.SendAsync("alice@example.test", "ok@far.test", "gone@far.test", "cut@far.test", "last@far.test");
        await Harness.Logger.SawAsync("to=<ok@far.test>", "dsn=4.4.2, status=deferred");
        await Harness.Logger.SawAsync("to=<gone@far.test>", "dsn=5.1.1, status=bounced");
        await Harness.Logger.SawAsync("to=<last@far.test>", "dsn=4.4.2, status=deferred");
    }

    [Theory]
    [InlineData("AUTH LOGIN")]
    [InlineData("AUTH=LOGIN XOAUTH2")]
    public async Task A_server_that_offers_only_LOGIN_is_logged_in_to_step_by_step(string offer)
    {
        int steps = 0;
        string user = Convert.ToBase64String("user"u8);
        string password = Convert.ToBase64String("s3cret"u8);
        await using ScriptedPeer peer = new(c =>
            c.Verb == "AUTH" ? "334 VXNlcm5hbWU6"
            : c.Line == user && ++steps == 1 ? "334 UGFzc3dvcmQ6"
            : c.Line == password && ++steps == 2 ? "235 2.7.0 welcome" : null)
        { Extensions = [offer] };
        await RestartWithRoutingAsync(o => o with
        {
            SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port, Credentials = new SmtpCredentials("user", "s3cret"), AllowPlaintextAuth = true },
        });
        await Harness.SendAsync("alice@example.test", "x@anywhere.test");
        await Harness.Logger.SawAsync("to=<x@anywhere.test>", "status=sent");
        Assert.Contains(peer.Heard, c => c.Line == "AUTH LOGIN");
        Assert.Equal(2, steps);
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("s3cret", StringComparison.Ordinal) || l.Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Eight_bit_content_is_converted_for_a_server_that_takes_seven() // RFC 6152 §3
    {
        await using ScriptedPeer peer = Peer("plain.test", ["PIPELINING", "CHUNKING", "SIZE"]);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@plain.test"), Mixed);
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.EndsWith($" SIZE={message.Octets.Length}", message.Mail, StringComparison.Ordinal); // Of what is sent: RFC 1870 §6.
        Assert.Equal([$"BDAT {message.Octets.Length} LAST"], Chunks(peer));
        Assert.DoesNotContain("BODY", message.Mail, StringComparison.Ordinal);
        Assert.DoesNotContain(message.Octets, o => o > 127);
        Assert.Contains("boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n", message.Text, StringComparison.Ordinal);
        Assert.Contains("Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus der Stadt, in der alle wohnen.\r\n--b--\r\n", message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_that_becomes_too_large_by_conversion_is_returned_without_trying() // RFC 1870 §6.2
    {
        string content = "Subject: x\r\n\r\n" + string.Concat(Enumerable.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaü\r\n", 100));
        await using ScriptedPeer peer = Peer("plain.test", [$"SIZE {content.Length + 120}"]);
        await using ScriptedPeer modern = Peer("modern.test", [$"SIZE {content.Length + 120}", "8BITMIME"]);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@plain.test", "y@modern.test"), content);
        Assert.Equal(content, (await modern.NextMessageAsync(None)).Text);
        await Harness.Logger.SawAsync("to=<x@plain.test>", "dsn=5.3.4, status=bounced");
        Assert.DoesNotContain(peer.Heard, c => c.Verb == "MAIL");
    }

    [Fact]
    public async Task Eight_bit_content_that_is_signed_is_not_touched_but_returned()
    {
        await using ScriptedPeer peer = Peer("plain.test", ["PIPELINING"]);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@plain.test"), Mixed.Replace("multipart/mixed", "multipart/signed", StringComparison.Ordinal));
        await Harness.Logger.SawAsync("to=<x@plain.test>", "dsn=5.6.3, status=bounced");
        Assert.Empty(peer.Messages);
    }

    [Theory]
    [InlineData(false, "utf-8;j\\x{FC}rgen@x.test")]
    [InlineData(true, "utf-8;jürgen@x.test")]
    public async Task An_original_recipient_in_UTF8_is_said_in_the_servers_words(bool smtpUtf8, string orcpt) // RFC 6533 §3
    {
        await using ScriptedPeer peer = Peer("plain.test", smtpUtf8 ? ["DSN", "SMTPUTF8", "8BITMIME"] : ["DSN"]);
        Envelope envelope = QueueHarness.Envelope("alice@example.test", "x@plain.test") with { SmtpUtf8 = true };
        await Harness.SendAsync(envelope with { Recipients = [envelope.Recipients[0] with { OriginalRecipient = "utf-8;jürgen@x.test" }] });
        Assert.Equal([$"RCPT TO:<x@plain.test> ORCPT={orcpt}"], (await peer.NextMessageAsync(None)).Recipients);
    }

    [Fact]
    public async Task An_internationalized_domain_needs_no_SMTPUTF8_and_a_local_part_does() // RFC 6531 §3.2
    {
        await using ScriptedPeer peer = Peer("plain.test", ["PIPELINING"]);
        await RestartWithRoutingAsync(o => o with { SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port } });
        Envelope envelope = QueueHarness.Envelope("alice@müller.test", "x@bücher.example", "jürgen@plain.test") with { SmtpUtf8 = true };
        await Harness.SendAsync(envelope);
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.StartsWith("MAIL FROM:<alice@xn--mller-kva.test>", message.Mail, StringComparison.Ordinal);
        Assert.Equal(["RCPT TO:<x@xn--bcher-kva.example>"], message.Recipients);
        await Harness.Logger.SawAsync("to=<jürgen@plain.test>", "dsn=5.6.7, status=bounced");
    }
}
