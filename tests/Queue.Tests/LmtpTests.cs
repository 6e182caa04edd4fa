using System.Net.Sockets;
using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>LMTP towards other servers: RFC 2033.</summary>
public sealed class LmtpTests : RemoteDeliveryFixture
{
    private async Task RouteToAsync(NextHop hop) => await RestartWithRoutingAsync(o => o with { SmartHost = hop with { Protocol = HopProtocol.Lmtp } });

    private Task RouteToAsync(ScriptedPeer peer) => RouteToAsync(new NextHop { Host = "127.0.0.1", Port = peer.Port });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_recipient_gets_its_own_answer_to_the_message(bool chunking)
    {
        await using ScriptedPeer peer = new(c =>
            c.Verb is not ("." or "BDAT") ? null
            : c.Line.Contains("full@", StringComparison.Ordinal) ? "452 4.2.2 full"
            : c.Line.Contains("gone@", StringComparison.Ordinal) ? "550 5.2.1 gone" : null)
        {
            Extensions = chunking ? ["PIPELINING", "CHUNKING"] : ["PIPELINING"],
        };
        await RouteToAsync(peer);
        await Harness.SendAsync("alice@example.test", "ok@far.test", "full@far.test", "gone@far.test", "fine@far.test");
        await Harness.Logger.SawAsync("to=<ok@far.test>", "status=sent");
        await Harness.Logger.SawAsync("to=<full@far.test>", "dsn=4.2.2, status=deferred");
        await Harness.Logger.SawAsync("to=<gone@far.test>", "dsn=5.2.1, status=bounced");
        await Harness.Logger.SawAsync("to=<fine@far.test>", "status=sent");
        QueueEntry entry = await WaitingAsync();
        Assert.Equal([false, true, false, false], entry.Recipients.Select(r => r.IsPending));
        Assert.Contains(peer.Heard, c => c.Line == "LHLO mail.example.test");
        Assert.DoesNotContain(peer.Heard, c => c.Verb is "EHLO" or "HELO");
        Assert.Equal(chunking ? 4 : 0, peer.Heard.Count(c => c.Verb == "BDAT"));
    }

    [Fact]
    public async Task A_refused_chunk_is_everybodys_answer_and_the_connection_is_not_used_again()
    {
        int chunks = 0;
        await using ScriptedPeer peer = new(c => c.Verb == "BDAT" && ++chunks == 2 ? "452 4.3.1 disk full" : null) { Extensions = ["PIPELINING", "CHUNKING"] };
        await RouteToAsync(peer);
        string content = "Subject: x\r\n\r\n" + string.Concat(Enumerable.Repeat("0123456789\r\n", 50_000));
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "one@far.test", "two@far.test"), content);
        await Harness.Logger.SawAsync("to=<one@far.test>", "dsn=4.3.1, status=deferred");
        await Harness.Logger.SawAsync("to=<two@far.test>", "dsn=4.3.1, status=deferred");
        await WaitingAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(content, (await peer.NextMessageAsync(None)).Text);
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task Who_was_not_answered_when_the_connection_broke_waits_and_the_others_are_done() // RFC 2033 §5
    {
        bool up = false;
        await using ScriptedPeer peer = new(c => c.Verb == "." && !up && c.Line.Contains("two@", StringComparison.Ordinal) ? PeerAnswer.Drop : null);
        await RouteToAsync(peer);
        await Harness.SendAsync("alice@example.test", "one@far.test", "two@far.test", "three@far.test");
        await Harness.Logger.SawAsync("to=<one@far.test>", "status=sent");
        await Harness.Logger.SawAsync("to=<two@far.test>", "dsn=4.4.2, status=deferred");
        await Harness.Logger.SawAsync("to=<three@far.test>", "dsn=4.4.2, status=deferred");
        await WaitingAsync();
        up = true;
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(["RCPT TO:<one@far.test>", "RCPT TO:<two@far.test>", "RCPT TO:<three@far.test>"], peer.Messages.Select(m => m.Recipients.Single()));
    }

    [Fact]
    public async Task Killed_between_two_replies_only_who_has_none_gets_it_again()
    {
        await using ScriptedPeer peer = new(SilentForTwo);
        await RouteToAsync(peer);
        await Harness.SendAsync("alice@example.test", "one@far.test", "two@far.test");
        await Harness.Logger.SawAsync("to=<one@far.test>", "status=sent");
        Harness.Disk = Harness.Disk.After(Crash.Kill, new Random(1));
        await Harness.RestartAsync();
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.Logger.SawAsync("to=<two@far.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(["RCPT TO:<one@far.test>", "RCPT TO:<two@far.test>"], peer.Messages.Select(m => m.Recipients.Single()));
    }

    [Fact]
    public async Task A_reply_that_the_spool_cannot_take_yet_is_written_with_the_others()
    {
        Harness.Disk = new SimulatedDisk { FailsOnce = true };
        TaskCompletionSource noted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedPeer peer = new(c =>
        {
            if (c.Verb == "DATA")
            {
                Harness.Disk.FailAfter(0); // The next is the note of the first reply.
            }
            else if (c.Verb == "." && c.Line.Contains("two@", StringComparison.Ordinal))
            {
                noted.Task.GetAwaiter().GetResult();
                return "452 4.2.2 full";
            }
            return null;
        });
        await RouteToAsync(peer);
        await Harness.SendAsync("alice@example.test", "one@far.test", "two@far.test");
        while (Harness.Disk.Failures == 0)
        {
            await Task.Yield();
        }
        noted.SetResult();
        await Harness.Logger.SawAsync("to=<one@far.test>", "status=sent");
        await Harness.Logger.SawAsync("to=<two@far.test>", "status=deferred");
        Assert.Equal([false, true], (await WaitingAsync()).Recipients.Select(r => r.IsPending));
        Harness.Disk = Harness.Disk.After(Crash.Kill, new Random(1));
        await Harness.RestartAsync();
        Assert.Equal([false, true], (await WaitingAsync()).Recipients.Select(r => r.IsPending));
    }

    private static PeerAnswer? SilentForTwo(PeerCommand c) =>
        c is { Verb: ".", Connection: 1 } && c.Line.Contains("two@", StringComparison.Ordinal) ? PeerAnswer.Silence : null;

    [Fact]
    public async Task A_unix_socket_is_spoken_to_and_its_connection_used_again()
    {
        string folder = Directory.CreateTempSubdirectory("lmtp").FullName;
        try
        {
            string path = Path.Combine(folder, "lmtp.sock");
            await using ScriptedPeer peer = new(null, new UnixDomainSocketEndPoint(path));
            await RouteToAsync(new NextHop { Socket = path });
            await Harness.SendAsync("alice@example.test", "one@far.test");
            await Harness.Logger.SawAsync("to=<one@far.test>", $"relay=mail.example.test[{path}]", "status=sent");
            await Harness.Logger.SawAsync("removed");
            await Harness.SendAsync("alice@example.test", "two@far.test");
            await Harness.Logger.SawAsync("to=<two@far.test>", "status=sent");
            Assert.Equal(1, peer.Connections);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_a_matter_of_time()
    {
        await RouteToAsync(new NextHop { Socket = "/nonexistent/lmtp.sock" });
        await Harness.SendAsync("alice@example.test", "one@far.test");
        await Harness.Logger.SawAsync("to=<one@far.test>", "dsn=4.4.2, status=deferred");
    }

    [Fact]
    public async Task A_server_that_speaks_no_LMTP_gets_no_mail_by_SMTP()
    {
        await using ScriptedPeer peer = new(c => c.Verb == "LHLO" ? "502 5.5.1 what?" : null);
        await RouteToAsync(peer);
        await Harness.SendAsync("alice@example.test", "one@far.test");
        await Harness.Logger.SawAsync("to=<one@far.test>", "status=deferred");
        Assert.DoesNotContain(peer.Heard, c => c.Verb is "HELO" or "EHLO" or "MAIL");
    }
}
