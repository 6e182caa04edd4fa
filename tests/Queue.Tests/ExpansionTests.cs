using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue.Tests;

/// <summary>What an expansion makes of a message's recipients, without a queue around it.</summary>
public sealed class ExpansionTests
{
    private static readonly RoutedRecipient Bob = ScriptedRouter.Mailbox("bob@example.test");
    private static readonly RoutedRecipient Far = ScriptedRouter.Relay("x@far.test", 25);

    private static SpoolMessage Message(DsnNotify notify = DsnNotify.Unspecified, string? orcpt = null, string from = "alice@example.test") =>
        Samples.Message(1) with
        {
            ReversePath = Samples.Path(from),
            Recipients = [new SpoolRecipient { Recipient = new EnvelopeRecipient { Path = Samples.Path("list@example.test"), Notify = notify, OriginalRecipient = orcpt } }],
        };

    private static SpoolMessage Expand(SpoolMessage message, params RoutedRecipient[] members)
    {
        Expansion expansion = new(message, Samples.Start);
        expansion.Add(0, members);
        SpoolMessage expanded = message.Apply(expansion.Update);
        Assert.Equal(expanded, expanded.Apply(expansion.Update) with { Recipients = expanded.Recipients }); // Written twice, it happens once.
        Assert.Equal(expanded.Recipients, expanded.Apply(expansion.Update).Recipients);
        return expanded;
    }

    [Fact]
    public void An_alias_with_one_address_passes_on_all_that_was_asked() // RFC 3461 §5.2.7.2
    {
        SpoolMessage message = Expand(Message(DsnNotify.Success | DsnNotify.Delay, "rfc822;l+2Bx@example.test"), Far);
        Assert.Equal(RecipientStatus.Redirected, message.Recipients[0].Status);
        Assert.Equal("x@far.test", message.Recipients[1].Recipient.Path.ToString());
        Assert.Equal(DsnNotify.Success | DsnNotify.Delay, message.Recipients[1].Recipient.Notify);
        Assert.Equal("rfc822;l+2Bx@example.test", message.Recipients[1].Recipient.OriginalRecipient);
        Assert.Equal(0, message.Recipients[1].Parent);
        Assert.Null(message.OwnerOf(message.Recipients[1]));
    }

    [Theory]
    [InlineData(DsnNotify.Unspecified, DsnNotify.Unspecified)]
    [InlineData(DsnNotify.Never, DsnNotify.Never)]
    [InlineData(DsnNotify.Failure, DsnNotify.Failure)]
    [InlineData(DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay, DsnNotify.Failure | DsnNotify.Delay)]
    [InlineData(DsnNotify.Success, DsnNotify.Never)] // Who did not ask for failures does not get them now.
    public void An_alias_with_several_tells_of_success_itself(DsnNotify asked, DsnNotify passed) // RFC 3461 §5.2.7.3 (c)
    {
        SpoolMessage message = Expand(Message(asked), Bob, Far);
        Assert.Equal(RecipientStatus.Expanded, message.Recipients[0].Status);
        Assert.All(message.Recipients.Skip(1), r => Assert.Equal(passed, r.Recipient.Notify));
        Assert.All(message.Recipients.Skip(1), r => Assert.Equal("rfc822;list@example.test", r.Recipient.OriginalRecipient));
    }

    [Fact]
    public void Members_of_a_list_with_an_owner_owe_nothing_to_the_sender() // RFC 3461 §5.2.7.1 (b)
    {
        RoutedRecipient owned = Far with { ReversePath = Samples.Path("owner-list@example.test") };
        SpoolMessage message = Expand(Message(DsnNotify.Success | DsnNotify.Failure, "rfc822;secret@example.test"), owned);
        Assert.Equal(RecipientStatus.Distributed, message.Recipients[0].Status);
        Assert.Equal(new EnvelopeRecipient { Path = Far.Path }, message.Recipients[1].Recipient);
        Assert.Equal("owner-list@example.test", message.OwnerOf(message.Recipients[1])!.ToString());
        // A report to a list stays without sender: else its own bounces would come back to it for ever.
        SpoolMessage report = Expand(Message(from: ""), owned);
        Assert.True(report.ReversePathOf(report.Recipients[1]).IsNull);
        Assert.Null(report.OwnerOf(report.Recipients[1]));
    }

    [Fact]
    public void An_address_gets_one_copy_however_often_it_is_named()
    {
        SpoolMessage message = Samples.Message(1, "one@example.test", "bob@example.test", "two@example.test", "bob@EXAMPLE.test");
        Expansion expansion = new(message, Samples.Start);
        Assert.True(expansion.TryKeep(1, Bob.Target));
        Assert.False(expansion.TryKeep(3, Bob.Target));
        expansion.Add(0, [Bob, Far, Far]);
        expansion.Add(2, [Bob]);
        message = message.Apply(expansion.Update);
        Assert.Equal(["x@far.test"], message.Recipients.Skip(4).Select(r => r.Recipient.Path.ToString()));
        Assert.Equal([1, 4], Enumerable.Range(0, 5).Where(i => message.Recipients[i].Status == RecipientStatus.Pending));
        // The same later, when it has been delivered.
        message = message.Apply(new SpoolUpdate { Recipients = [new(1) { Status = RecipientStatus.Delivered }, new(2) { Status = RecipientStatus.Pending }] });
        Expansion again = new(message, Samples.Start);
        again.Add(2, [Bob, Far]);
        Assert.Empty(again.Update.Members);
    }

    private static SpoolMessage Named(params (string Address, DsnNotify Notify, string? Orcpt)[] recipients) => Samples.Message(1) with
    {
        Recipients = [.. recipients.Select(r => new SpoolRecipient { Recipient = new EnvelopeRecipient { Path = Samples.Path(r.Address), Notify = r.Notify, OriginalRecipient = r.Orcpt } })],
    };

    [Theory]
    [InlineData(DsnNotify.Never, DsnNotify.Failure, DsnNotify.Failure)]
    [InlineData(DsnNotify.Failure, DsnNotify.Never, DsnNotify.Failure)]
    [InlineData(DsnNotify.Failure, DsnNotify.Delay, DsnNotify.Failure | DsnNotify.Delay)]
    [InlineData(DsnNotify.Unspecified, DsnNotify.Failure, DsnNotify.Failure | DsnNotify.Delay)]
    [InlineData(DsnNotify.Success, DsnNotify.Unspecified, DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay)]
    [InlineData(DsnNotify.Unspecified, DsnNotify.Unspecified, DsnNotify.Unspecified)]
    public void An_address_that_is_named_twice_is_asked_for_what_either_wants(DsnNotify first, DsnNotify second, DsnNotify united)
    {
        SpoolMessage message = Named(("x@far.test", first, null), ("x@far.test", second, null));
        Expansion expansion = new(message, Samples.Start);
        Assert.True(expansion.TryKeep(0, Far.Target));
        Assert.False(expansion.TryKeep(1, Far.Target));
        message = message.Apply(expansion.Update);
        Assert.Equal(united, message.Recipients[0].Recipient.Notify);
        Assert.Equal(RecipientStatus.Redirected, message.Recipients[1].Status); // One report tells of both.
    }

    [Fact]
    public void Aliases_that_lead_to_the_same_address_are_each_told_of()
    {
        SpoolMessage message = Named(("one@example.test", DsnNotify.Never, null), ("two@example.test", DsnNotify.Success | DsnNotify.Failure, "rfc822;b"), ("three@example.test", DsnNotify.Delay, null));
        Expansion expansion = new(message, Samples.Start);
        expansion.Add(0, [Far]);
        expansion.Add(1, [Far]);
        expansion.Add(2, [Far, Bob]);
        message = message.Apply(expansion.Update);
        Assert.Equal(new EnvelopeRecipient { Path = Far.Path, Notify = DsnNotify.Failure | DsnNotify.Delay, OriginalRecipient = "rfc822;b" }, message.Recipients[3].Recipient);
        Assert.Equal([RecipientStatus.Redirected, RecipientStatus.Expanded, RecipientStatus.Expanded], message.Recipients.Take(3).Select(r => r.Status));
        Assert.Equal(DsnNotify.Success | DsnNotify.Failure, message.Recipients[1].Recipient.Notify); // "expanded" tells it of success.
    }

    [Fact]
    public void What_waits_in_the_spool_already_hears_of_a_wish_that_comes_later()
    {
        SpoolMessage message = Expand(Message(DsnNotify.Never), Far);
        message = message with { Recipients = [.. message.Recipients, .. Named(("late@example.test", DsnNotify.Failure, null)).Recipients] };
        Expansion expansion = new(message, Samples.Start);
        expansion.Add(2, [Far]);
        byte[] spooled = [.. SpoolCodec.WriteMessage(message), .. SpoolCodec.WriteUpdate(expansion.Update)];
        Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(spooled, out SpoolMessage? read));
        Assert.Equal(new EnvelopeRecipient { Path = Far.Path, Notify = DsnNotify.Failure, OriginalRecipient = "rfc822;late@example.test" }, read!.Recipients[1].Recipient);
        Assert.Equal(message.Apply(expansion.Update).Recipients, read.Recipients);
    }

    [Theory]
    [InlineData(RecipientStatus.Failed, RecipientStatus.Failed)]
    [InlineData(RecipientStatus.Delivered, RecipientStatus.Delivered)]
    [InlineData(RecipientStatus.Relayed, RecipientStatus.RelayedBlind)] // The other server knows nothing of this one's wish.
    public void Who_leads_to_an_address_whose_fate_is_known_has_the_same(object known, object told)
    {
        SpoolMessage message = Named(("x@far.test", DsnNotify.Never, null), ("late@example.test", DsnNotify.Failure, null));
        SmtpReply reply = new(250, null, "so it was");
        message = message.Apply(new SpoolUpdate { Recipients = [new(0) { Status = (RecipientStatus)known, Reply = reply }] });
        Expansion expansion = new(message, Samples.Start);
        expansion.Add(1, [Far]);
        SpoolRecipient late = message.Apply(expansion.Update).Recipients[1];
        Assert.Equal((told, reply, false), (late.Status, late.LastReply, late.Told));
    }

    [Fact]
    public void A_copy_of_a_lists_owner_takes_no_wishes_of_the_sender()
    {
        SpoolMessage message = Named(("list@example.test", DsnNotify.Failure, null), ("one@example.test", DsnNotify.Success | DsnNotify.Failure, null));
        Expansion expansion = new(message, Samples.Start);
        expansion.Add(0, [Far with { ReversePath = Samples.Path("owner-list@example.test") }]);
        expansion.Add(1, [Far]);
        message = message.Apply(expansion.Update);
        Assert.Equal(new EnvelopeRecipient { Path = Far.Path }, message.Recipients[2].Recipient);
        Assert.Equal(RecipientStatus.Expanded, message.Recipients[1].Status);
    }

    [Fact]
    public void Files_and_programs_of_one_alias_are_told_apart_by_what_they_are()
    {
        RoutedRecipient one = ScriptedRouter.To("list@example.test", new Target.Command("/bin/one", null));
        RoutedRecipient other = ScriptedRouter.To("list@example.test", new Target.File("/var/spool/other", "bob"));
        SpoolMessage message = Expand(Message(), one, other, one);
        Assert.Equal([one.Target, other.Target], message.Recipients.Skip(1).Select(r => r.Target));
    }

    [Fact]
    public void An_address_in_utf_8_is_told_as_such() // RFC 6533 §3
    {
        Assert.Equal("utf-8;j\\x{F6}rg@b\\x{FC}cher.test", Expansion.OriginalOf(Samples.Path("jörg@bücher.test")));
        Assert.Equal("rfc822;a+2Bb@example.test", Expansion.OriginalOf(Samples.Path("a+b@example.test")));
    }
}
