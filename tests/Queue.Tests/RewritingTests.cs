using System.Collections.Concurrent;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Tables;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>Addresses of our own clients' mail, on the way in and on the way out.</summary>
public sealed class RewritingTests : RemoteDeliveryFixture
{
    private const string Content = "From: Alice <alice@in.test>\r\nTo: bob\r\nSubject: alice@in.test\r\n\r\nalice@in.test\r\n";

    private readonly Entries _canonical = new(("alice@in.test", "Alice.Smith@example.test"));
    private readonly Entries _generics = new(("Alice.Smith@example.test", "asmith@isp.test"), ("x@far.test", "elsewhere@far.test"));

    [Fact]
    public async Task A_submission_is_stored_with_its_new_sender_and_header()
    {
        await RestartAsync();
        Assert.True((await SubmitAsync("bob@example.test")).Overall.IsPositive);
        string stored = Assert.Single(await Harness.InboxAsync("bob"));
        Assert.StartsWith("Return-Path: <Alice.Smith@example.test>\r\n", stored, StringComparison.Ordinal);
        Assert.EndsWith("From: Alice <Alice.Smith@example.test>\r\nTo: bob@example.test\r\nSubject: alice@in.test\r\n\r\nalice@in.test\r\n", stored, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smtp")]
    [InlineData("lmtp")]
    public async Task Mail_of_others_is_not_touched(string protocol)
    {
        await RestartAsync();
        await Harness.SendAsync(QueueHarness.Envelope("alice@in.test", "bob@example.test"), Content, protocol: protocol);
        string stored = Assert.Single(await Harness.InboxAsync("bob"));
        Assert.StartsWith("Return-Path: <alice@in.test>\r\n", stored, StringComparison.Ordinal);
        Assert.EndsWith(Content, stored, StringComparison.Ordinal);
        Assert.Empty(_canonical.Asked);
    }

    [Fact]
    public async Task What_leaves_has_its_generic_addresses_and_the_size_announced()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await RestartAsync();
        await SubmitAsync("x@far.test", "y@far.test");
        PeerMessage message = await peer.NextMessageAsync(None);
        const string Text = "From: Alice <asmith@isp.test>\r\nTo: bob@example.test\r\nSubject: alice@in.test\r\n\r\nalice@in.test\r\n";
        Assert.Equal(Text, message.Text);
        Assert.StartsWith($"MAIL FROM:<asmith@isp.test> SIZE={Text.Length}", message.Mail, StringComparison.Ordinal);
        Assert.Equal(["RCPT TO:<elsewhere@far.test>", "RCPT TO:<y@far.test>"], message.Recipients);
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=sent");
    }

    [Fact]
    public async Task Mail_of_others_leaves_without_generic_addresses()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await RestartAsync();
        await Harness.SendAsync(QueueHarness.Envelope("Alice.Smith@example.test", "x@far.test"), Content, protocol: "smtp");
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.Equal(Content, message.Text);
        Assert.StartsWith($"MAIL FROM:<Alice.Smith@example.test> SIZE={Content.Length}", message.Mail, StringComparison.Ordinal);
        Assert.Empty(_generics.Asked);
    }

    [Theory]
    [InlineData("alice@in.test")] // For the envelope.
    [InlineData("")] // For the header.
    public async Task A_table_that_is_away_refuses_for_now_and_keeps_nothing(string sender)
    {
        await RestartAsync();
        _canonical.IsDown = true;
        Envelope envelope = QueueHarness.Envelope("bob@example.test", "bob@example.test") with { ReversePath = sender.Length > 0 ? Samples.Path(sender) : MailPath.Null };
        SmtpReply reply = (await Harness.SendAsync(envelope, Content)).Overall;
        Assert.Equal((451, new EnhancedCode(4, 3, 0)), (reply.Code, reply.Enhanced));
        Assert.Empty(await Harness.InboxAsync("bob"));
        Assert.Empty(Harness.Disk.Names);
    }

    [Fact]
    public async Task A_generics_table_that_is_away_defers_and_nothing_is_lost()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await RestartAsync();
        _generics.IsDown = true;
        await SubmitAsync("x@far.test");
        await Harness.Logger.SawAsync("status=deferred");
        QueueEntry waiting = await WaitingAsync();
        Assert.Contains("addresses cannot be rewritten now", waiting.Recipients[0].LastReply, StringComparison.Ordinal);
        _generics.IsDown = false;
        Harness.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.StartsWith("MAIL FROM:<asmith@isp.test>", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
        await Harness.Logger.SawAsync("removed");
    }

    [Fact]
    public async Task A_header_without_a_body_is_stored_whole()
    {
        await RestartAsync();
        await Harness.SendAsync(QueueHarness.Envelope("alice@in.test", "bob@example.test"), "From: alice@in.test\r\n");
        Assert.EndsWith("From: Alice.Smith@example.test\r\n", Assert.Single(await Harness.InboxAsync("bob")), StringComparison.Ordinal);
    }

    private Task RestartAsync() => RestartWithAsync(o => o with
    {
        Rewriting = new MessageRewriting(
            new RewritingOptions { Origin = "example.test", IsOwnDomain = static d => d == "example.test", Canonical = [_canonical], Generics = [_generics] },
            NullLogger<MessageRewriting>.Instance),
    });

    private Task<CommitOutcome> SubmitAsync(params string[] to) => Harness.SendAsync(QueueHarness.Envelope("alice@in.test", to), Content);

    private sealed class Entries(params (string Key, string Value)[] entries) : ILookUpTable
    {
        public string Name => "entries";

        public bool TakesWholeKeysOnly => false;

        public bool IsDown { get; set; }

        public ConcurrentQueue<string> Asked { get; } = [];

        public ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
        {
            Asked.Enqueue(key);
            string? value = entries.FirstOrDefault(e => e.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;
            return new(IsDown ? new TableAnswer(LookUpOutcome.Failed, Error: "away") : value is null ? TableAnswer.NotFound : new TableAnswer(LookUpOutcome.Found, value, new TablePlace(Name, 1)));
        }
    }
}
