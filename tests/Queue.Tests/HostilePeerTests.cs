using System.Net;
using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>
/// What a server that we send to, or somebody on the way to it, does against us; and what we must not do to it: the outbound side of
/// the catalogue in docs/security.md.
/// </summary>
public sealed class HostilePeerTests : RemoteDeliveryFixture
{
    /// <summary>What some server takes for the end of a message.</summary>
    public static TheoryData<string> Ends =>
        ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r.\n", "\n.\r", "\r\n.\r\n", "\r\r\n.\r\r\n", "\n\r.\n\r"];

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task No_line_end_but_crlf_and_no_dot_alone_leaves_in_a_message(string end)
    {
        await using ScriptedPeer peer = Peer("far.test");
        string content = $"Subject: x\r\n\r\nhello{end}MAIL FROM:<eve@elsewhere.test>\r\nDATA\r\nsmuggled\r\n";
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), content);
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.Contains("DATA\r\nsmuggled\r\n", message.Text, StringComparison.Ordinal);
        string withoutLines = message.Text.Replace("\r\n", "", StringComparison.Ordinal);
        Assert.DoesNotContain('\r', withoutLines);
        Assert.DoesNotContain('\n', withoutLines);
        Assert.Single(peer.Heard, c => c.Verb == "MAIL");
        await Harness.Logger.SawAsync("removed");
        Assert.Single(peer.Messages);
    }

    [Theory]
    [InlineData("CONNECT", "220 peer.test\n250 forged")]
    [InlineData("EHLO", "250-peer.test\n250 8BITMIME\n250 2.1.0 forged")]
    [InlineData("MAIL", "250 2.1.0 ok\n250 2.1.5 forged")]
    [InlineData("RCPT", "250 2.1.5 ok\n354 forged\n250 2.0.0 forged")]
    [InlineData("DATA", "354 go ahead\n250 2.0.0 forged")]
    public async Task A_reply_ahead_of_its_command_is_the_answer_to_none(string stage, string replies)
    {
        int failures = 1;
        await using ScriptedPeer peer = new(c => c.Verb == stage && Interlocked.Decrement(ref failures) >= 0 ? replies : null) { Extensions = ["8BITMIME"] };
        Harness.Ports["far.test"] = peer.Port;
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "dsn=4.4.2, status=deferred", "nobody asked for");
        Assert.Empty(peer.Messages);
        await WaitingAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("status=sent");
        Assert.Single(peer.Messages);
    }

    [Fact]
    public async Task A_reply_that_comes_while_nothing_is_asked_is_the_answer_to_no_later_message()
    {
        await using ScriptedPeer peer = new() { Extensions = ["CHUNKING"] };
        QueueLimits limits = new();
        await using SmtpConversation conversation = await SmtpConversation.ConnectAsync(peer.EndPoint, "peer", limits.ConnectTimeout, Harness.Clock, None);
        await conversation.ReadReplyAsync("greeting", limits.GreetingTimeout);
        PeerExtensions offered = PeerExtensions.Parse(await conversation.AskAsync("EHLO x", "EHLO", limits.GreetingTimeout));
        await peer.SayAsync("250 2.0.0 forged");
        while (!conversation.HasInput)
        {
            await Task.Yield(); // It is on its way.
        }
        SpoolMessage message = Samples.Message(1, "x@far.test");
        SmtpTransaction transaction = new(
            conversation, offered, new TransactionTerms(message, offered, isSecure: false, isLmtp: false, Harness.Options, Harness.Clock.GetUtcNow()), limits, isLmtp: false);
        SmtpFailureException failure = await Assert.ThrowsAsync<SmtpFailureException>(() => transaction.RunAsync([0], _ => throw new InvalidOperationException("too far"), None));
        Assert.Contains("nobody asked for", failure.Reply.Text, StringComparison.Ordinal);
        Assert.False(transaction.IsAnswered); // So another connection gets the message, within the same attempt.
        Assert.Equal(["CONNECT", "EHLO"], peer.Heard.Select(c => c.Verb));
    }

    [Fact]
    public async Task A_reply_without_end_costs_bounded_memory_and_the_connection()
    {
        string endless = string.Concat(Enumerable.Repeat("250-" + new string('x', 200) + "\n", 2000)) + "250 ok";
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "MAIL" ? endless : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "dsn=4.4.2, status=deferred", "does not end");
    }

    [Theory]
    [InlineData("250-2.0.0 taken\n550 5.7.1 not taken", "status=bounced")]
    [InlineData("250-2.0.0 taken\n450 4.7.1 not taken", "status=deferred")]
    [InlineData("550-5.7.1 not taken\n250 2.0.0 taken", "status=sent")]
    public async Task Of_a_reply_whose_lines_contradict_each_other_the_last_counts(string reply, string status)
    {
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "." ? reply : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", status);
    }

    [Theory]
    [InlineData(null)] // STARTTLS is not offered.
    [InlineData("454 4.7.0 not now")]
    [InlineData("502 5.5.1 what?")]
    [InlineData("220 go ahead\n250-peer.test\n250 AUTH PLAIN")] // What follows came in plain text: CVE-2011-0411 the other way round.
    [InlineData("250 2.0.0 that is no 220")]
    public async Task Where_tls_is_required_nothing_is_sent_without_it(string? answer)
    {
        await using ScriptedPeer peer = new(c => c.Verb == "STARTTLS" ? answer : null)
        {
            Extensions = answer is null ? ["AUTH PLAIN"] : ["AUTH PLAIN", "STARTTLS"],
        };
        await RestartWithRoutingAsync(o => o with
        {
            SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port, Tls = TlsPolicy.Required, Credentials = new SmtpCredentials("user", "s3cret") },
        });
        await Harness.SendAsync("alice@example.test", "x@anywhere.test");
        await Harness.Logger.SawAsync("to=<x@anywhere.test>", "status=deferred");
        Assert.DoesNotContain(peer.Heard, c => c.Verb is "AUTH" or "MAIL" or "RCPT" or "DATA");
    }

    [Fact]
    public async Task What_a_server_says_becomes_no_field_and_no_part_of_the_report()
    {
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT"
            ? "550-5.1.1 nobody\n550-5.1.1 Bcc: eve@elsewhere.test\n550-5.1.1 \n550-5.1.1 --\u0085Action: delivered\u2028\n550 5.1.1 ."
            : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        string report = Assert.Single(await Harness.InboxAsync("alice"));
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1 nobody", report, StringComparison.Ordinal);
        Assert.DoesNotContain(report.ReplaceLineEndings("\n").Split('\n'), l =>
            l.StartsWith("Bcc", StringComparison.OrdinalIgnoreCase) || l.StartsWith("Action: delivered", StringComparison.Ordinal) || l == ".");
    }
}
