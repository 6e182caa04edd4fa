namespace MailAccess.Routing.Tests;

public sealed class VirtualAliasTests : RouterFixture
{
    private void Virtual(params string[] lines) => Options = Options with { Origin = "example.test", VirtualAliases = MemoryTable.Of("virtual", lines) };

    [Theory]
    [InlineData("info@v.test", "bob@example.test=bob alice@example.test=alice")]
    [InlineData("INFO@V.Test", "bob@example.test=bob alice@example.test=alice")]
    [InlineData("info+x@v.test", "bob+x@example.test=bob alice+x@example.test=alice")]
    [InlineData("dave+x@example.test", "dana+x@far.test=far.test")]
    [InlineData("any@v.test", "carol@example.test=carol")]
    [InlineData("any@whole.test", "any@other.test=other.test")]
    [InlineData("any+x@whole.test", "any+x@other.test=other.test")]
    [InlineData("joe@sendmail.test", "joe@far.test=far.test")]
    [InlineData("joe+x@plus.test", "x-joe@far.test=far.test")]
    [InlineData("joe@plus.test", "joe@plus.test=550/5.1.1")]
    [InlineData("chain@v.test", "bob@example.test=bob alice@example.test=alice")]
    [InlineData("spam@v.test", "spam@v.test=550/5.1.1")]
    [InlineData("old@v.test", "old@v.test=550/5.1.6")]
    [InlineData("later@v.test", "later@v.test=451/4.0.0")]
    [InlineData("hole@v.test", "hole@v.test=discard")]
    [InlineData("dave@example.test", "dana@far.test=far.test")]
    public async Task Virtual_addresses_are_what_virtual_5_and_virtusertable_say(string recipient, string expected)
    {
        Virtual(
            "info@v.test bob, alice", "@v.test carol", "@whole.test @other.test", "@sendmail.test %1@far.test", "+*@plus.test %2-%1@far.test", "plus.test anything",
            "chain@v.test info@v.test", "spam@v.test error:nouser no such user", "old@v.test error:5.1.6:550 has moved", "later@v.test error:tempfail wait",
            "hole@v.test DISCARD", "dave dana@far.test");
        Assert.Equal(expected, await WhereAsync(recipient));
    }

    [Theory]
    [InlineData('+', "bob+x@example.test bob++@example.test bob+*@example.test bob@example.test bob+x bob ++@example.test +*@example.test @example.test")]
    [InlineData('-', "bob-x@example.test bob++@example.test bob+*@example.test bob@example.test bob-x bob ++@example.test +*@example.test @example.test")]
    public async Task Keys_are_asked_for_in_order_with_the_detail_as_it_is_written(char delimiter, string keys)
    {
        MemoryTable table = new("virtual");
        Options = Options with { RecipientDelimiter = delimiter, VirtualAliases = new RoutingTables("routing.virtualAliases", [table]) };
        await WhereAsync($"bob{delimiter}x@example.test");
        Assert.Equal(keys, string.Join(' ', table.Asked));
    }

    [Fact]
    public async Task An_address_that_stands_for_itself_too_stays_and_loops_are_told()
    {
        Virtual("bob@example.test bob@example.test, copy@far.test", "a@v.test b@v.test", "b@v.test a@v.test");
        Assert.Equal("bob@example.test=bob copy@far.test=far.test", await WhereAsync("bob@example.test"));
        Assert.Equal("a@v.test=554/5.4.6", await WhereAsync("a@v.test"));
    }

    [Fact]
    public async Task A_local_part_with_commas_stays_one_address()
    {
        Virtual("@v.test %1@far.test");
        Assert.Equal("\"x,root@evil.test,|id\"@far.test=far.test", await WhereAsync("\"x,root@evil.test,|id\"@v.test"));
        MemoryTable pattern = new("regexp") { TakesWholeKeysOnly = true };
        Options = Options with { VirtualAliases = new RoutingTables("routing.virtualAliases", [pattern]) };
        await WhereAsync("\"x,root\"@v.test");
        Assert.Contains("\"x,root\"@v.test", pattern.Asked);
    }

    [Fact]
    public async Task A_domain_of_virtual_aliases_refuses_whom_it_has_not_and_takes_mail_from_anybody()
    {
        Virtual("info@v.test bob", "v.test anything");
        Assert.Equal("nobody@v.test=550/5.1.1", await WhereAsync("nobody@v.test"));
        Assert.True(await AcceptsAsync("nobody@v.test"));
        Assert.False(await AcceptsAsync("nobody@w.test"));
        Options = Options with { VirtualAliasDomains = MemoryTable.Of("virtualAliasDomains", "w.test") };
        Assert.True(await AcceptsAsync("nobody@w.test"));
        Assert.False(await AcceptsAsync("nobody@v.test"));
    }

    [Fact]
    public async Task Commands_are_not_for_virtual_aliases()
    {
        Virtual("a@v.test |/bin/sh");
        Assert.Equal("a@v.test=451/4.3.5", await WhereAsync("a@v.test"));
    }

    [Fact]
    public async Task Public_and_internal_names_may_be_each_others_inverse()
    {
        Virtual("bob.smith@example.test bob@example.test");
        Options = Options with { RecipientCanonical = MemoryTable.Of("recipientCanonical", "bob@example.test bob.smith@example.test", "@old.test @example.test") };
        Assert.Equal("bob+x@example.test=bob", await WhereAsync("bob+x@example.test"));
        Assert.Equal("carol@example.test=carol", await WhereAsync("carol@old.test"));
    }

    [Fact]
    public async Task A_canonical_address_is_looked_up_again_and_a_circle_makes_mail_wait()
    {
        Options = Options with { Origin = "example.test", Canonical = MemoryTable.Of("canonical", "@old.test @new.test", "x@new.test bob", "bob BOB@example.test", "a b", "b a") };
        Assert.Equal("BOB@example.test=550/5.1.1", await WhereAsync("x@old.test")); // Of itself in other letters it is the end.
        Assert.Equal("451/4.3.5", (await WhereAsync("a@example.test")).Split('=')[1]);
    }

    [Fact]
    public async Task A_percent_sign_before_no_number_asks_for_nothing()
    {
        Virtual("a@v.test x%y1@far.test", "b@v.test 100%%1@far.test");
        Assert.Equal("x%y1+d@far.test=far.test", await WhereAsync("a+d@v.test"));
        Assert.Equal("100%1@far.test=far.test", await WhereAsync("b@v.test"));
    }

    [Fact]
    public async Task A_domain_stands_for_another()
    {
        Options = Options with { DomainTable = MemoryTable.Of("domainTable", "old.test example.test") };
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@Old.Test"));
        Assert.True(await AcceptsAsync("bob@old.test"));
    }

    [Fact]
    public async Task Whose_a_domain_is_and_cannot_be_told_is_no_refusal()
    {
        MemoryTable down = new("ldap:domains") { IsDown = true };
        Options = Options with { RelayDomains = new RoutingTables("routing.relayDomains", [down]) };
        Assert.Equal("x@any.test=451/4.3.0", await WhereAsync("x@any.test"));
        Assert.True(await AcceptsAsync("x@any.test"));
        Assert.True((await ResolveAsync("x@any.test")).IsUndecided);
    }

    [Fact]
    public async Task A_domain_table_that_is_down_makes_no_stranger_of_our_own_domain()
    {
        Options = Options with { DomainTable = new RoutingTables("routing.domainTable", [new MemoryTable("ldap:domains") { IsDown = true }]) };
        Resolution resolution = await ResolveAsync("bob@example.test");
        Assert.True(resolution.IsUndecided);
        Assert.False(resolution.IsOurs);
    }
}
