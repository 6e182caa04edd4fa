using System.Net;

namespace MailAccess.Routing.Tests;

public sealed class NextHopTests : RouterFixture, IMailExchangers
{
    public ValueTask<bool?> AreWeAmongAsync(string domain, CancellationToken cancellationToken) =>
        new(domain == "backup.test" ? true : domain == "dead.test" ? null : false);

    [Theory]
    [InlineData("x@fixed.test", "x@fixed.test=[mx.near.test]:2525")]
    [InlineData("x@domain.test", "x@domain.test=near.test:26")]
    [InlineData("x@a.b.below.test", "x@a.b.below.test=[192.0.2.1]")]
    [InlineData("vip+x@fixed.test", "vip+x@fixed.test=[192.0.2.2]")]
    [InlineData("x@six.test", "x@six.test=[2001:db8::1]:25")]
    [InlineData("x@lmtp.test", "x@lmtp.test=lmtp:unix:/run/lmtp")]
    [InlineData("x@lmtpnet.test", "x@lmtpnet.test=lmtp:[127.0.0.1]:24")]
    [InlineData("x@own.test", "x@own.test=own.test")]
    [InlineData("x@default.test", "x@default.test=[smart.test]")]
    [InlineData("x@hop.test", "x@hop.test=[near.test]")]
    [InlineData("x@error.test", "x@error.test=550/5.1.2")]
    [InlineData("x@retry.test", "x@retry.test=451/4.4.1")]
    [InlineData("x@gone.test", "x@gone.test=discard")]
    [InlineData("x@uucp.test", "x@uucp.test=agent:uucp:host")]
    [InlineData("x@wrong.test", "x@wrong.test=451/4.3.5")]
    [InlineData("bob@example.test", "bob@example.test=bob")]
    [InlineData("carol@example.test", "carol@example.test=[192.0.2.3]")]
    [InlineData("bob@users.test", "bob@users.test=bob")]
    [InlineData("x@BÜCHER.test", "x@BÜCHER.test=[192.0.2.4]")]
    public async Task Transports_are_what_transport_5_says(string recipient, string expected)
    {
        Options = Options with
        {
            Origin = "example.test",
            SmartHost = new NextHop { Host = "smart.test" },
            Transports = MemoryTable.Of(
                "transport", "fixed.test smtp:[mx.near.test]:2525", "domain.test relay:near.test:26", ".below.test smtp:[192.0.2.1]", "vip@fixed.test smtp:192.0.2.2",
                "six.test smtp:[ipv6:2001:db8::1]:25", "lmtp.test lmtp:unix:/run/lmtp", "lmtpnet.test lmtp:inet:127.0.0.1:24", "own.test smtp:", "default.test :",
                "hop.test :[near.test]", "error.test error:5.1.2 no such place", "retry.test retry:4.4.1 later", "gone.test discard:", "uucp.test uucp:host",
                "wrong.test nonsense", "carol@example.test smtp:[192.0.2.3]", "users.test local:", "xn--bcher-kva.test smtp:[192.0.2.4]"),
        };
        Assert.Equal(expected, await WhereAsync(recipient));
    }

    [Theory]
    [InlineData("x@list.test", "x@list.test=bar.test, [foo.test]:2025, baz.test")]
    [InlineData("x@tls.test", "x@tls.test=[one.test]:465, [two.test]:4650")]
    [InlineData("x@lmtp.test", "x@lmtp.test=lmtp:unix:/run/lmtp, lmtp:[127.0.0.1]:24")]
    [InlineData("x@bad.test", "x@bad.test=451/4.3.5")]
    [InlineData("x@many.test", "x@many.test=451/4.3.5")]
    [InlineData("x@colons.test", "x@colons.test=[one.test], two.test, three.test:26, [2001:db8::1]")]
    [InlineData("x@port.test", "x@port.test=[one.test]:2525")]
    [InlineData("x@part.test", "x@part.test=one.part.test, two.test")]
    public async Task Several_next_hops_are_tried_in_their_order(string recipient, string expected)
    {
        Options = Options with
        {
            Transports = MemoryTable.Of(
                "transport", "list.test smtp:bar.test, [foo.test]:2025 baz.test", "tls.test smtps:[one.test] [two.test]:4650", "lmtp.test lmtp:unix:/run/lmtp,inet:127.0.0.1:24",
                "bad.test smtp:one.test, two test:x", $"many.test smtp:{string.Join(',', Enumerable.Range(0, 40).Select(n => $"h{n}.test"))}"),
            MailerTable = MemoryTable.Of(
                "mailertable", "colons.test esmtp:[one.test]:two.test:three.test:26:[IPv6:2001:db8::1]", "port.test smtp:[one.test]:2525", "part.test smtp:one.%1:two.test"),
        };
        Assert.Equal(expected, await WhereAsync(recipient));
    }

    [Fact]
    public async Task Each_of_several_next_hops_has_its_own_password()
    {
        Options = Options with
        {
            Transports = MemoryTable.Of("transport", "far.test smtp:[one.test], [two.test], [three.test]"),
            SmartHostPasswords = MemoryTable.Of("passwords", "[one.test] first:secret", "three.test third:secret"),
        };
        NextHop hop = Assert.IsType<Target.Relay>(await TargetAsync("x@far.test")).Hop;
        Assert.Equal(["first", null, "third"], hop.All.Select(h => h.Credentials?.UserName));
        Assert.Equal([TlsPolicy.Verified, null, TlsPolicy.Verified], hop.All.Select(h => h.Tls));
        Assert.Equal(hop, Assert.IsType<Target.Relay>(await TargetAsync("y@far.test")).Hop);
    }

    [Fact]
    public async Task A_next_hop_without_a_transport_leaves_local_mail_local()
    {
        Options = Options with { Transports = MemoryTable.Of("transport", "example.test :[gate.test]", "far.test :[gate.test]") };
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
        Assert.Equal("x@far.test=[gate.test]", await WhereAsync("x@far.test"));
    }

    [Fact]
    public async Task Who_writes_an_address_does_not_say_over_which_host_its_mail_goes()
    {
        MemoryTable pattern = new("regexp", "x@far.test smtp:[192.0.2.1]", "a@b.test [192.0.2.2]") { TakesWholeKeysOnly = true, IsFilledIn = true };
        Options = Options with { Transports = new RoutingTables("routing.transports", [pattern]) };
        Assert.Equal("x@far.test=451/4.3.5", await WhereAsync("x@far.test"));
        Options = Options with { Transports = RoutingTables.None, SenderSmartHosts = new RoutingTables("routing.smartHosts", [pattern]) };
        Assert.Equal("x@far.test=451/4.3.5", await WhereAsync("x@far.test", "a@b.test"));
    }

    [Fact]
    public async Task The_star_of_a_transport_table_is_for_what_is_not_ours()
    {
        Options = Options with { Transports = MemoryTable.Of("transport", "* smtp:[gate.test]") };
        Assert.Equal("x@far.test=[gate.test]", await WhereAsync("x@far.test"));
        Assert.Equal("bob@example.test=bob", await WhereAsync("bob@example.test"));
    }

    [Theory]
    [InlineData("x@near.test", "x@near.test=[gate.near.test]")]
    [InlineData("x@dept.near.test", "x@dept.near.test=dept.inside.test")]
    [InlineData("x@else.test", "x@else.test=[world.test]")]
    [InlineData("x@users.test", "bob@example.test=bob")]
    [InlineData("x@closed.test", "x@closed.test=550/5.1.2")]
    [InlineData("x@uu.test", "x@uu.test=agent:uucp-dom:host")]
    [InlineData("bob@example.test", "bob@example.test=bob")]
    public async Task Next_hops_are_what_the_mailertable_says(string recipient, string expected)
    {
        Options = Options with
        {
            Origin = "example.test",
            SmartHost = new NextHop { Host = "smart.test" },
            MailerTable = MemoryTable.Of(
                "mailertable", "near.test esmtp:[gate.near.test]", ".near.test smtp:%1.inside.test", ". relay:[world.test]", "users.test local:bob",
                "closed.test error:nohost closed", "uu.test uucp-dom:host", "example.test esmtp:[elsewhere.test]"),
        };
        Assert.Equal(expected, await WhereAsync(recipient));
    }

    [Fact]
    public async Task The_smart_host_has_what_is_not_direct()
    {
        Options = Options with { SmartHost = new NextHop { Host = "smart.test" }, DirectDomains = MemoryTable.Of("directDomains", "near.test") };
        Assert.Equal("x@a.near.test=a.near.test", await WhereAsync("x@a.near.test"));
        Assert.Equal("x@far.test=[smart.test]", await WhereAsync("x@far.test"));
    }

    [Theory]
    [InlineData("bob@example.test", "[bobs.test]:587")]
    [InlineData("bob+x@example.test", "[bobs.test]:587")]
    [InlineData("alice@example.test", "[ours.test]")]
    [InlineData("x@far.test", "[smart.test]")]
    [InlineData("x@dunno.test", "[smart.test]")]
    public async Task Senders_have_smart_hosts_of_their_own(string sender, string host)
    {
        Options = Options with
        {
            SmartHost = new NextHop { Host = "smart.test" },
            SenderSmartHosts = MemoryTable.Of("smartHosts", "bob@example.test [bobs.test]:587", "@example.test [ours.test]", "@dunno.test DUNNO"),
        };
        Assert.Equal($"x@far.test={host}", await WhereAsync("x@far.test", sender));
    }

    [Fact]
    public async Task Passwords_are_found_by_sender_at_smart_hosts_and_by_host_and_shown_only_to_verified_servers()
    {
        Options = Options with
        {
            SmartHost = new NextHop { Host = "smart.test", Port = 587 },
            SmartHostPasswords = MemoryTable.Of("passwords", "bob@example.test bobs:secret1", "[smart.test]:587 ours:sec:ret2"),
            DirectDomains = MemoryTable.Of("direct", "near.test"),
        };
        NextHop bobs = Assert.IsType<Target.Relay>(await TargetAsync("x@far.test", "bob@example.test")).Hop;
        Assert.Equal(("bobs", "secret1", TlsPolicy.Verified), (bobs.Credentials!.UserName, bobs.Credentials.Password, bobs.Tls));
        NextHop ours = Assert.IsType<Target.Relay>(await TargetAsync("x@far.test", "alice@example.test")).Hop;
        Assert.Equal(("ours", "sec:ret2"), (ours.Credentials!.UserName, ours.Credentials.Password));
        Assert.Null(Assert.IsType<Target.Relay>(await TargetAsync("x@near.test", "bob@example.test")).Hop.Credentials);
        NextHop strangers = Assert.IsType<Target.Relay>(Assert.Single((await ResolveAsync("x@far.test", "bob@example.test", isOwnMail: false)).Recipients).Target).Hop;
        Assert.Equal("ours", strangers.Credentials?.UserName); // Whoever they say that they are.
        Assert.DoesNotContain((await ResolveAsync("x@far.test")).Steps, s => s.Output.Contains("ret2", StringComparison.Ordinal));
        Assert.Equal(ours, Assert.IsType<Target.Relay>(await TargetAsync("x@far.test", "alice@example.test")).Hop); // They share a connection.
    }

    [Fact]
    public async Task A_table_of_patterns_is_asked_for_the_sender_and_for_the_next_hop()
    {
        MemoryTable pattern = new("socketmap", "[smart.test]:587 ours:secret") { TakesWholeKeysOnly = true };
        Options = Options with { SmartHost = new NextHop { Host = "smart.test", Port = 587 }, SmartHostPasswords = new RoutingTables("routing.smartHostPasswords", [pattern]) };
        Assert.Equal("ours", Assert.IsType<Target.Relay>(await TargetAsync("x@far.test", "alice@example.test")).Hop.Credentials?.UserName);
        Assert.Equal(["alice@example.test", "[smart.test]:587"], pattern.Asked);
    }

    [Fact]
    public async Task Relay_domains_with_all_below_are_taken_from_anybody()
    {
        Options = Options with { RelaysOutside = false, RelayDomains = MemoryTable.Of("relayDomains", "branch.test") };
        Assert.Equal("x@a.branch.test=a.branch.test", await WhereAsync("x@a.branch.test"));
        Assert.True(await AcceptsAsync("x@a.branch.test"));
        Assert.False(await AcceptsAsync("x@notbranch.test"));
        Assert.Equal("x@far.test=550/5.7.1", await WhereAsync("x@far.test"));
    }

    [Fact]
    public async Task Domains_of_which_we_are_an_exchanger_are_taken_from_anybody()
    {
        Options = Options with { RelayByMx = this };
        Assert.True(await AcceptsAsync("x@backup.test"));
        Assert.True((await ResolveAsync("x@backup.test")).IsOurs);
        Assert.False(await AcceptsAsync("x@far.test"));
        Assert.Equal("x@dead.test=451/4.3.0", await WhereAsync("x@dead.test"));
    }

    [Fact]
    public async Task The_hub_has_the_mail_of_all_users_but_of_some_and_of_aliases()
    {
        Options = Options with
        {
            Origin = "example.test",
            MailHub = new NextHop { Host = "hub.test" },
            LocalUsers = MemoryTable.Of("localUsers", "carol"),
            Aliases = MemoryTable.Of("aliases", "root carol"),
        };
        Assert.Equal("bob@example.test=[hub.test]", await WhereAsync("bob@example.test"));
        Assert.Equal("nobody@example.test=[hub.test]", await WhereAsync("nobody@example.test"));
        Assert.Equal("carol@example.test=carol", await WhereAsync("root@example.test"));
    }

    [Theory]
    [InlineData("$user@far.test", "who+x@example.test", "who@far.test=far.test")]
    [InlineData("$local@far.test", "who+x@example.test", "who+x@far.test=far.test")]
    [InlineData("bob+${user}", "who@example.test", "bob+who@example.test=bob")]
    [InlineData("alice", "who@example.test", "alice@example.test=alice")]
    [InlineData("relay:[hub.test]", "who@example.test", "who@example.test=[hub.test]")]
    [InlineData("local:bob", "who@example.test", "bob@example.test=bob")]
    [InlineData("error:5.1.1 gone", "who@example.test", "who@example.test=550/5.1.1")]
    [InlineData("nobody", "who@example.test", "nobody@example.test=550/5.1.1")]
    [InlineData("alice", "bob@example.test", "bob@example.test=bob")]
    public async Task Unknown_users_may_be_somebody_elses(string value, string recipient, string expected)
    {
        Options = Options with { Origin = "example.test", UnknownUsers = value };
        Assert.Equal(expected, await WhereAsync(recipient));
    }

    [Fact]
    public async Task A_null_client_has_nothing_of_its_own()
    {
        Options = Options with { IsNullClient = true, MailHub = new NextHop { Host = "hub.test" }, Aliases = MemoryTable.Of("aliases", "bob alice") };
        Assert.Equal("bob@example.test=[hub.test]", await WhereAsync("bob@example.test"));
        Assert.Equal("x@far.test=[hub.test]", await WhereAsync("x@far.test"));
        Assert.False(await AcceptsAsync("bob@example.test"));
    }

    [Fact]
    public async Task Our_own_address_as_a_literal_is_local()
    {
        Options = Options with { Origin = "example.test", OwnAddresses = [IPAddress.Parse("192.0.2.9"), IPAddress.Parse("2001:db8::9")] };
        Assert.Equal("bob@[192.0.2.9]=bob", await WhereAsync("bob@[192.0.2.9]"));
        Assert.Equal("bob@[IPv6:2001:db8:0::9]=bob", await WhereAsync("bob@[IPv6:2001:db8:0::9]"));
        Assert.Equal("bob@[192.0.2.8]=[192.0.2.8]", await WhereAsync("bob@[192.0.2.8]"));
    }

    [Theory]
    [InlineData("x%far.test@backup.test", false)]
    [InlineData("far.test!x@backup.test", false)]
    [InlineData("\"x@far.test\"@backup.test", false)]
    [InlineData("x%far.test@hub.test", false)]
    [InlineData("x%far.test@all.test", false)]
    [InlineData("x%far.test@one.test", true)]
    [InlineData("x@alias.test", true)]
    [InlineData("x%far.test@example.test", true)]
    [InlineData("x@backup.test", true)]
    public async Task A_way_that_a_stranger_writes_into_a_local_part_is_gone_for_nobody(string address, bool isOurs)
    {
        Options = Options with
        {
            RelayDomains = MemoryTable.Of("relayDomains", "backup.test"),
            LocalDomains = MemoryTable.Of("localDomains", "hub.test"),
            MailHub = new NextHop { Host = "hub.inside.test" },
            VirtualAliasDomains = MemoryTable.Of("virtualAliasDomains", "all.test", "one.test", "alias.test"),
            VirtualAliases = MemoryTable.Of("virtualAliases", "@all.test %1@gate.test", "@one.test one@gate.test", "x@alias.test x%y@gate.test"),
        };
        Assert.Equal(isOurs, (await ResolveAsync(address)).IsOurs);
    }
}
