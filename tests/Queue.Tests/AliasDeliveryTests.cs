using System.Collections.Concurrent;
using System.Text;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Aliases, lists and forwards through a whole queue.</summary>
public sealed class AliasDeliveryTests : IAsyncLifetime, IDeliveryAgents
{
    private readonly ConcurrentQueue<string> _handedOver = [];
    private Func<SmtpReply> _agentSays = () => new SmtpReply(250, new(2, 0, 0), "taken");

    private QueueHarness Harness { get; } = new();

    private ScriptedRouter Router { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Router = Harness.Script();
        Harness.Agents = this;
        await Harness.StartAsync();
    }

    public ValueTask DisposeAsync() => Harness.DisposeAsync();

    async Task<IReadOnlyList<SmtpReply>> IDeliveryAgents.DeliverAsync(AgentTransaction transaction, IMessageContent content, CancellationToken cancellationToken)
    {
        string text = Encoding.UTF8.GetString(await Samples.ReadAllAsync(content));
        Assert.Contains("Subject: hello", text, StringComparison.Ordinal);
        _handedOver.Enqueue($"{transaction.Target} <{transaction.ReversePath}> {string.Join(' ', transaction.Recipients.Select(r => r.Path))}");
        return [.. transaction.Recipients.Select(_ => _agentSays())];
    }

    private static Envelope Asking(DsnNotify notify, params string[] to) => new()
    {
        ReversePath = Samples.Path("alice@example.test"),
        EnvelopeId = "E1",
        Return = DsnReturn.Headers,
        Recipients = [.. to.Select(t => new EnvelopeRecipient { Path = Samples.Path(t), Notify = notify })],
    };

    [Fact]
    public async Task An_alias_with_one_mailbox_is_delivered_before_the_answer_by_its_final_address()
    {
        Router["robert@example.test"] = [ScriptedRouter.Mailbox("bob@example.test")];
        Assert.True((await Harness.SendAsync("alice@example.test", "robert@example.test", "bob@example.test")).Overall.IsPositive);
        Assert.StartsWith("Return-Path: <alice@example.test>\r\nDelivered-To: bob@example.test\r\nFrom:", Assert.Single(await Harness.InboxAsync("bob")), StringComparison.Ordinal);
        Assert.Equal(0, Harness.Disk.Operations); // Nothing of it saw the spool.
    }

    [Fact]
    public async Task Members_get_a_copy_each_and_the_next_server_is_told_where_it_came_through()
    {
        await using ScriptedPeer peer = new();
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Mailbox("carol@example.test"), ScriptedRouter.Relay("x@far.test", peer.Port)];
        Router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
        Assert.True((await Harness.SendAsync(Asking(DsnNotify.Success | DsnNotify.Failure, "list@example.test", "bob@example.test"))).Overall.IsPositive);
        await Harness.Logger.SawAsync("sender delivery status notification");
        await Harness.EmptyAsync();
        Assert.Contains("Delivered-To: bob@example.test\r\n", Assert.Single(await Harness.InboxAsync("bob")), StringComparison.Ordinal);
        Assert.Contains("Delivered-To: carol@example.test\r\n", Assert.Single(await Harness.InboxAsync("carol")), StringComparison.Ordinal);
        PeerMessage relayed = Assert.Single(peer.Messages);
        Assert.StartsWith("Delivered-To: list@example.test\r\nFrom:", relayed.Text, StringComparison.Ordinal);
        Assert.Contains("ENVID=E1", relayed.Mail, StringComparison.Ordinal);
        Assert.Contains(peer.Heard, c => c.Line.Contains("NOTIFY=FAILURE ORCPT=rfc822;list@example.test", StringComparison.Ordinal));
        Assert.Contains(peer.Heard, c => c.Line.Contains($" SIZE={relayed.Octets.Length}", StringComparison.Ordinal) || !c.Line.Contains("SIZE=", StringComparison.Ordinal));
        string report = Assert.Single(await Harness.InboxAsync("alice"));
        Assert.Contains("Final-Recipient: rfc822; list@example.test\r\nAction: expanded\r\nStatus: 2.0.0\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: rfc822; bob@example.test\r\nAction: delivered\r\n", report, StringComparison.Ordinal); // Named by the sender.
        Assert.DoesNotContain("carol", report, StringComparison.Ordinal);
        Assert.Contains("Content-Description: Delivered Message Headers\r\n", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_fails_for_a_member_of_a_list_is_told_its_owner_and_not_the_sender()
    {
        await using ScriptedPeer peer = new(c => c.Line.Contains("gone@", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null);
        Router["list@example.test"] =
        [
            ScriptedRouter.Mailbox("bob@example.test", "carol@example.test"),
            ScriptedRouter.Relay("gone@far.test", peer.Port, "carol@example.test"),
            ScriptedRouter.To("nobody@example.test", new Target.Failure(SmtpReplies.UnknownRecipient), "carol@example.test"),
        ];
        Harness.Resolver.Mx["elsewhere.invalid"] = [new(0, ".")];
        await Harness.SendAsync(Asking(DsnNotify.Success | DsnNotify.Failure, "list@example.test", "nobody@elsewhere.invalid"));
        await Harness.EmptyAsync();
        Assert.StartsWith("Return-Path: <carol@example.test>\r\n", Assert.Single(await Harness.InboxAsync("bob")), StringComparison.Ordinal);
        PeerCommand mail = Assert.Single(peer.Heard, c => c.Verb == "MAIL");
        Assert.StartsWith("MAIL FROM:<carol@example.test>", mail.Line, StringComparison.Ordinal);
        Assert.DoesNotContain("ENVID", mail.Line, StringComparison.Ordinal);
        Assert.DoesNotContain("RET=", mail.Line, StringComparison.Ordinal);
        string toOwner = Assert.Single(await Harness.InboxAsync("carol"));
        Assert.Contains("Final-Recipient: rfc822; gone@far.test\r\nAction: failed\r\n", toOwner, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: rfc822; nobody@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\n", toOwner, StringComparison.Ordinal);
        Assert.DoesNotContain("Original-Envelope-Id", toOwner, StringComparison.Ordinal);
        Assert.DoesNotContain("elsewhere", toOwner, StringComparison.Ordinal);
        string[] toSender = await Harness.InboxAsync("alice");
        Assert.DoesNotContain(toSender, r => r.Contains("far.test", StringComparison.Ordinal));
        Assert.Contains(toSender, r => r.Contains("Final-Recipient: rfc822; list@example.test\r\nAction: delivered\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_names_of_one_address_that_fails_are_reported_to_who_asked_for_one_of_them()
    {
        await using ScriptedPeer peer = new(c => c.Verb == "RCPT" ? "550 5.1.1 no such user" : null);
        foreach (string name in new[] { "list", "one", "two" })
        {
            Router[$"{name}@example.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port, name == "list" ? "carol@example.test" : null)];
        }
        await Harness.SendAsync(new Envelope
        {
            ReversePath = Samples.Path("alice@example.test"),
            Recipients =
            [
                new EnvelopeRecipient { Path = Samples.Path("list@example.test") },
                new EnvelopeRecipient { Path = Samples.Path("one@example.test"), Notify = DsnNotify.Never },
                new EnvelopeRecipient { Path = Samples.Path("two@example.test"), Notify = DsnNotify.Failure },
            ],
        });
        await Harness.EmptyAsync();
        Assert.StartsWith("RCPT TO:<x@far.test> NOTIFY=FAILURE ORCPT=rfc822;two@example.test", Assert.Single(peer.Heard, c => c.Verb == "RCPT").Line, StringComparison.Ordinal);
        Assert.Contains(
            "Original-Recipient: rfc822; two@example.test\r\nFinal-Recipient: rfc822; x@far.test\r\nAction: failed\r\n",
            Assert.Single(await Harness.InboxAsync("alice")), StringComparison.Ordinal);
        Assert.Empty(await Harness.InboxAsync("carol")); // The alias's copy is the sender's, and so comes before the list's.
    }

    [Fact]
    public async Task A_list_that_changes_while_a_member_waits_gives_nobody_a_second_copy()
    {
        bool isAway = true;
        await using ScriptedPeer peer = new(c => isAway && c.Verb == "RCPT" ? "451 4.3.0 later" : null);
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Relay("x@far.test", peer.Port)];
        Router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
        await Harness.SendAsync("alice@example.test", "list@example.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Mailbox("carol@example.test"), ScriptedRouter.Relay("y@far.test", peer.Port)];
        while (Harness.Queue.WaitingCount == 0)
        {
            await Task.Yield();
        }
        await Harness.RestartAsync();
        isAway = false;
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.EmptyAsync();
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Empty(await Harness.InboxAsync("carol"));
        Assert.Contains("x@far.test", Assert.Single(Assert.Single(peer.Messages).Recipients), StringComparison.Ordinal);
        Assert.Equal(1, Router.Asked.Count(a => a == "list@example.test") - 1); // At the intake and once more.
    }

    [Fact]
    public async Task A_relay_that_was_mended_frees_the_members_that_wait_for_it()
    {
        await using ScriptedPeer peer = new();
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Relay("x@far.test", 1)];
        await Harness.SendAsync("alice@example.test", "list@example.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        Router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
        while (Harness.Queue.WaitingCount == 0)
        {
            await Task.Yield();
        }
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.EmptyAsync();
        Assert.Single(peer.Messages);
    }

    [Fact]
    public async Task While_a_table_cannot_be_asked_nobody_of_the_list_gets_a_copy()
    {
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.To("sub@example.test", new Target.Failure(SmtpReplies.TryAgainLater))];
        await Harness.SendAsync("alice@example.test", "list@example.test");
        await Harness.Logger.SawAsync("to=<list@example.test>", "status=deferred");
        Assert.Empty(await Harness.InboxAsync("bob"));
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Mailbox("carol@example.test")];
        while (Harness.Queue.WaitingCount == 0)
        {
            await Task.Yield();
        }
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.EmptyAsync();
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Single(await Harness.InboxAsync("carol"));
    }

    [Fact]
    public async Task Whoever_cannot_say_where_mail_goes_at_whatever_step_it_waits_and_arrives_once()
    {
        bool isAway = true;
        await using ScriptedPeer peer = new(c => isAway && c.Verb == "RCPT" ? "451 4.3.0 later" : null);
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Relay("x@far.test", peer.Port)];
        Router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
        Harness.IsDirectoryDown = true; // Between RCPT and the end of the message.
        Assert.True((await Harness.SendAsync("alice@example.test", "list@example.test", "carol@example.test")).Overall.IsPositive);
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        Assert.Empty(await Harness.InboxAsync("carol"));
        Router["x@far.test"] = [ScriptedRouter.To("x@far.test", new Target.Failure(SmtpReplies.TryAgainLater))]; // A table is away.
        await NextAsync("to=<x@far.test>");
        Router.FaultsNext = new InvalidOperationException("routing failed"); // A fault of our own.
        await NextAsync("could not be worked on");
        Router["x@far.test"] = [ScriptedRouter.Relay("x@far.test", peer.Port)];
        Harness.IsDirectoryDown = isAway = false;
        await NextAsync("removed");
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Single(await Harness.InboxAsync("carol"));
        Assert.Single(peer.Messages);
        Assert.Empty(await Harness.InboxAsync("alice")); // Nothing came back.

        async Task NextAsync(string line)
        {
            while (Harness.Queue.WaitingCount == 0)
            {
                await Task.Yield();
            }
            Harness.Clock.Advance(TimeSpan.FromMinutes(40));
            await Harness.Logger.SawAsync(line);
        }
    }

    [Theory]
    [InlineData("Delivered-To: list@example.test\r\nSubject: hello\r\n\r\n", "list@example.test")] // It came back to the alias.
    [InlineData("Delivered-To: bob@example.test\r\nSubject: hello\r\n\r\n", "bob@example.test")] // A member had it before.
    public async Task Mail_that_comes_back_ends_with_a_report(string content, string where)
    {
        await using ScriptedPeer peer = new();
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Relay("x@far.test", peer.Port)];
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "list@example.test"), content);
        await Harness.Logger.SawAsync("to=<alice@example.test>", "status=sent");
        string report = Assert.Single(await Harness.InboxAsync("alice"));
        Assert.Contains($"Final-Recipient: rfc822; {where}\r\nAction: failed\r\nStatus: 5.4.6\r\n", report, StringComparison.Ordinal);
        Assert.Empty(await Harness.InboxAsync("bob"));
    }

    [Fact]
    public async Task Two_hosts_that_forward_to_each_other_return_the_message_after_one_round()
    {
        // Mail for a@example.test goes to b@far.test, and the host there sends it on to a@example.test.
        await using ScriptedPeer far = new();
        Router["a@example.test"] = [ScriptedRouter.Relay("b@far.test", far.Port)];
        await Harness.SendAsync("alice@example.test", "a@example.test");
        PeerMessage forwarded = await far.NextMessageAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("Delivered-To: a@example.test\r\n", forwarded.Text, StringComparison.Ordinal);
        await Harness.EmptyAsync();
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "a@example.test"), "Delivered-To: b@far.test\r\n" + forwarded.Text);
        await Harness.Logger.SawAsync("to=<alice@example.test>", "status=sent");
        Assert.Contains("Status: 5.4.6\r\n", Assert.Single(await Harness.InboxAsync("alice")), StringComparison.Ordinal);
        Assert.Single(far.Messages);
    }

    [Fact]
    public async Task Files_commands_and_programs_are_the_agents_matter_and_nothing_is_nobodys()
    {
        Router["list@example.test"] =
        [
            ScriptedRouter.To("list@example.test", new Target.Command("/usr/bin/vacation bob", "bob")),
            ScriptedRouter.To("list@example.test", new Target.File("/var/mail/archive/", null)),
            ScriptedRouter.To("u@uucp.test", new Target.Agent("uucp", "host"), "owner@example.test"),
            ScriptedRouter.To("v@uucp.test", new Target.Agent("uucp", "host"), "owner@example.test"),
        ];
        Router["hole@example.test"] = [ScriptedRouter.To("hole@example.test", new Target.Discard("into the void"))];
        await Harness.SendAsync("alice@example.test", "list@example.test", "hole@example.test");
        await Harness.EmptyAsync();
        Assert.Equal(
            [
                "Agent { Name = uucp, NextHop = host } <owner@example.test> u@uucp.test v@uucp.test",
                "Command { Line = /usr/bin/vacation bob, User = bob } <alice@example.test> list@example.test",
                "File { Path = /var/mail/archive/, User =  } <alice@example.test> list@example.test",
            ],
            _handedOver.Order(StringComparer.Ordinal));
        Assert.Contains(Harness.Logger.Lines, l => l.Contains("to=<hole@example.test>, relay=discard", StringComparison.Ordinal) && l.Contains("into the void", StringComparison.Ordinal));
        Assert.Contains(Harness.Logger.Lines, l => l.Contains("to=<u@uucp.test>, orig_to=<list@example.test>, relay=uucp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_that_fails_for_now_is_asked_again_by_what_the_alias_said_then()
    {
        bool isAway = true;
        _agentSays = () => isAway ? new SmtpReply(451, new(4, 3, 0), "not now") : new SmtpReply(250, new(2, 0, 0), "taken");
        Router["list@example.test"] = [ScriptedRouter.To("list@example.test", new Target.Command("one", null)), ScriptedRouter.Mailbox("bob@example.test")];
        await Harness.SendAsync("alice@example.test", "list@example.test");
        await Harness.Logger.SawAsync("status=deferred");
        Router["list@example.test"] = [ScriptedRouter.To("list@example.test", new Target.Command("two", null)), ScriptedRouter.Mailbox("bob@example.test")];
        while (Harness.Queue.WaitingCount == 0)
        {
            await Task.Yield();
        }
        isAway = false;
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await Harness.EmptyAsync();
        Assert.Equal(2, _handedOver.Count(h => h.Contains("Line = one", StringComparison.Ordinal)));
        Assert.DoesNotContain(_handedOver, h => h.Contains("two", StringComparison.Ordinal));
        Assert.Single(await Harness.InboxAsync("bob"));
    }

    [Fact]
    public async Task An_alias_is_taken_at_rcpt_and_what_a_table_refuses_in_the_tables_words()
    {
        SmtpReply refusal = new(550, new(5, 7, 1), "ask the press office");
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Relay("x@far.test", 25)];
        Router["press@example.test"] = [ScriptedRouter.To("press@example.test", new Target.Failure(refusal))];
        Assert.Equal(new RecipientVerdict(RecipientKind.Local), await Harness.Queue.VerifyRecipientAsync(Samples.Path("list@example.test"), default));
        Assert.Equal(new RecipientVerdict(RecipientKind.Unknown, refusal), await Harness.Queue.VerifyRecipientAsync(Samples.Path("press@example.test"), default));
        Assert.Equal(RecipientKind.Remote, (await Harness.Queue.VerifyRecipientAsync(Samples.Path("x@far.test"), default)).Kind);
    }

    [Fact]
    public async Task Whose_the_domain_is_decides_who_may_write_wherever_a_table_sends_the_mail()
    {
        Router.IsOurs = false;
        Router["one@far.test"] = [ScriptedRouter.Mailbox("bob@example.test")];
        Router["two@far.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Relay("x@far.test", 25)];
        Router["no@far.test"] = [ScriptedRouter.To("no@far.test", new Target.Failure(new SmtpReply(550, new(5, 7, 1), "no")))];
        foreach (string address in new[] { "one@far.test", "two@far.test", "no@far.test" })
        {
            Assert.Equal(new RecipientVerdict(RecipientKind.Remote), await Harness.Queue.VerifyRecipientAsync(Samples.Path(address), default));
        }
    }

    [Fact]
    public async Task By_lmtp_a_mailbox_named_beside_a_list_with_it_gets_one_copy()
    {
        Router["list@example.test"] = [ScriptedRouter.Mailbox("bob@example.test"), ScriptedRouter.Mailbox("carol@example.test")];
        CommitOutcome outcome = await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "bob@example.test", "list@example.test"), CommitMode.ReplyPerRecipient);
        Assert.All(outcome.PerRecipient, r => Assert.True(r.IsPositive));
        await Harness.EmptyAsync();
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Single(await Harness.InboxAsync("carol"));
    }
}
