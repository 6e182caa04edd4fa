using System.Net;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Dns.Tests;

public sealed class StubResolverTests
{
    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    private StubResolver Resolver(params ScriptedServer[] servers) => Resolver(new DnsLimits(), servers);

    private StubResolver Resolver(DnsLimits limits, params ScriptedServer[] servers) =>
        new(new ResolverOptions { Servers = [.. servers.Select(s => s.EndPoint)], Limits = limits }, _clock, NullLogger<StubResolver>.Instance);

    private static ResponseBuilder Reply(Asked asked, int flags = 0x8180) => new(asked.Id, asked.Name, asked.Type, flags);

    [Fact]
    public async Task Mx_records_come_with_preference_and_authenticity_of_a_local_server()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q, 0x81A0).Mx(10, "a.test").Mx(20, "b.test"));
        using StubResolver resolver = Resolver(server);
        DnsAnswer<MxRecord> answer = await resolver.ResolveMxAsync("Example.Test.", None);
        Assert.Equal(DnsOutcome.Found, answer.Outcome);
        Assert.True(answer.IsAuthentic);
        Assert.Equal([new(10, "a.test"), new(20, "b.test")], answer.Records);
        Asked asked = Assert.Single(server.Questions);
        Assert.Equal("example.test", asked.Name);
        Assert.True(asked.HasEdns);
        Assert.True(asked.HasAd);
    }

    [Fact]
    public async Task The_ad_bit_of_a_server_that_is_not_trusted_counts_nothing()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q, 0x81A0).Mx(10, "a.test"));
        ResolverOptions options = new() { Servers = [server.EndPoint], TrustAuthenticData = false };
        using StubResolver resolver = new(options, _clock, NullLogger<StubResolver>.Instance);
        Assert.False((await resolver.ResolveMxAsync("example.test", None)).IsAuthentic);
    }

    [Fact]
    public async Task A_null_mx_is_one_record_with_a_dot() // RFC 7505.
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q).Mx(0, ""));
        using StubResolver resolver = Resolver(server);
        Assert.Equal([new(0, ".")], (await resolver.ResolveMxAsync("example.test", None)).Records);
    }

    [Fact]
    public async Task Addresses_of_both_families_are_gathered()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => q.Type == DnsType.A ? Reply(q).Address("192.0.2.1") : Reply(q).Address("2001:db8::1"));
        using StubResolver resolver = Resolver(server);
        DnsAnswer<IPAddress> answer = await resolver.ResolveAddressesAsync("mail.test", None);
        Assert.Equal([IPAddress.Parse("2001:db8::1"), IPAddress.Parse("192.0.2.1")], answer.Records);
    }

    [Fact]
    public async Task One_family_failing_does_not_hide_the_other_but_alone_it_is_a_failure()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q =>
            q.Type == DnsType.Aaaa ? Reply(q, 0x8182) : q.Name == "four.test" ? Reply(q).Address("192.0.2.1") : Reply(q).Soa(60, 60));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(DnsOutcome.Found, (await resolver.ResolveAddressesAsync("four.test", None)).Outcome);
        Assert.Equal(DnsOutcome.Failed, (await resolver.ResolveAddressesAsync("none.test", None)).Outcome);
    }

    [Theory]
    [InlineData(0x8183, DnsOutcome.NoSuchName)]
    [InlineData(0x8180, DnsOutcome.NoData)]
    [InlineData(0x8182, DnsOutcome.Failed)]
    [InlineData(0x8185, DnsOutcome.Failed)]
    [InlineData(0x8189, DnsOutcome.Failed)]
    public async Task Response_codes_become_outcomes(int flags, DnsOutcome expected)
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q, flags).Soa(60, 60));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(expected, (await resolver.ResolveMxAsync("x.test", None)).Outcome);
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again_by_tcp()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => q.ByTcp ? Reply(q).Mx(5, "big.test") : Reply(q, 0x8380));
        using StubResolver resolver = Resolver(server);
        Assert.Equal([new(5, "big.test")], (await resolver.ResolveMxAsync("x.test", None)).Records);
        Assert.Equal([false, true], server.Questions.Select(q => q.ByTcp));
    }

    [Fact]
    public async Task A_server_without_edns_is_asked_again_without()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => q.HasEdns ? Reply(q, 0x8181) : Reply(q).Mx(5, "old.test"));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(DnsOutcome.Found, (await resolver.ResolveMxAsync("x.test", None)).Outcome);
    }

    [Fact]
    public async Task Wrong_ids_questions_and_rubbish_are_passed_over()
    {
        await using ScriptedServer server = new(q =>
        [
            new ResponseBuilder((ushort)(q.Id + 1), q.Name, q.Type).Mx(1, "forged.test").Build(),
            new ResponseBuilder(q.Id, "other.test", q.Type).Mx(1, "forged.test").Build(),
            new ResponseBuilder(q.Id, q.Name, DnsType.A).Address("192.0.2.66").Build(),
            [1, 2, 3],
            Reply(q).Mx(1, "true.test").Build(),
        ]);
        using StubResolver resolver = Resolver(server);
        Assert.Equal([new(1, "true.test")], (await resolver.ResolveMxAsync("x.test", None)).Records);
    }

    [Fact]
    public async Task A_silent_server_costs_its_timeout_and_the_next_one_answers()
    {
        await using ScriptedServer silent = ScriptedServer.Answering(_ => null);
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q).Mx(1, "a.test"));
        using StubResolver resolver = Resolver(silent, server);
        Task<DnsAnswer<MxRecord>> asking = resolver.ResolveMxAsync("x.test", None).AsTask();
        await silent.Arrivals.WaitAsync(None);
        Assert.False(asking.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(DnsOutcome.Found, (await asking).Outcome);
    }

    [Fact]
    public async Task After_all_rounds_the_look_up_has_failed()
    {
        await using ScriptedServer silent = ScriptedServer.Answering(_ => null);
        using StubResolver resolver = Resolver(silent);
        foreach (string name in (string[])["x.test", "y.test", "z.test"])
        {
            Task<DnsAnswer<MxRecord>> asking = resolver.ResolveMxAsync(name, None).AsTask();
            for (int round = 0; round < 2; round++)
            {
                await silent.Arrivals.WaitAsync(None);
                _clock.Advance(TimeSpan.FromSeconds(5));
            }
            Assert.Equal(DnsOutcome.Failed, (await asking).Outcome);
            Assert.Equal(2, silent.Questions.Count(q => q.Name == name));
        }
        Assert.InRange(silent.Questions.Select(q => q.SourcePort).Distinct().Count(), 3, 6); // Drawn by lot, so that two may be the same.
    }

    [Fact]
    public async Task A_closed_port_is_a_failure_without_waiting()
    {
        ResolverOptions options = new() { Servers = [new IPEndPoint(IPAddress.Loopback, FreePorts.Next())] };
        using StubResolver resolver = new(options, _clock, NullLogger<StubResolver>.Instance);
        Assert.Equal(DnsOutcome.Failed, (await resolver.ResolveMxAsync("x.test", None)).Outcome);
    }

    [Fact]
    public async Task A_cname_chain_is_followed_in_one_answer_and_over_several()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => (q.Name, q.Type) switch
        {
            ("a.test", _) => Reply(q).Cname("a.test", "B.test").Cname("b.test", "c.test"),
            ("c.test", DnsType.A) => Reply(q).Address("192.0.2.3", 300, "C.test"),
            _ => Reply(q).Soa(60, 60),
        });
        using StubResolver resolver = Resolver(server);
        Assert.Equal([IPAddress.Parse("192.0.2.3")], (await resolver.ResolveAddressesAsync("a.test", None)).Records);
    }

    [Fact]
    public async Task A_cname_loop_and_an_endless_chain_fail()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q =>
            q.Name.StartsWith("loop", StringComparison.Ordinal)
                ? Reply(q).Cname("loop1.test", "loop2.test").Cname("loop2.test", "loop1.test")
                : Reply(q).Cname(q.Name, "x" + q.Name));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(DnsOutcome.Failed, (await resolver.ResolveMxAsync("loop1.test", None)).Outcome);
        Assert.Equal(DnsOutcome.Failed, (await resolver.ResolveMxAsync("endless.test", None)).Outcome);
        Assert.True(server.Questions.Count < 20);
    }

    [Fact]
    public async Task A_cname_to_nowhere_does_not_exist()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q, 0x8183).Cname("a.test", "gone.test").Soa(60, 60));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(DnsOutcome.NoSuchName, (await resolver.ResolveMxAsync("a.test", None)).Outcome);
    }

    [Fact]
    public async Task Answers_are_kept_for_their_ttl_and_absences_for_the_shorter_of_soa_ttl_and_minimum() // RFC 2308 §5.
    {
        await using ScriptedServer server = ScriptedServer.Answering(q =>
            q.Name == "here.test" ? Reply(q).Mx(1, "a.test", 100).Mx(2, "b.test", 50) : Reply(q, 0x8183).Soa(30, 900));
        using StubResolver resolver = Resolver(server);
        await resolver.ResolveMxAsync("here.test", None);
        await resolver.ResolveMxAsync("gone.test", None);
        _clock.Advance(TimeSpan.FromSeconds(29));
        await resolver.ResolveMxAsync("HERE.test.", None);
        await resolver.ResolveMxAsync("gone.test", None);
        Assert.Equal(2, server.Questions.Count);
        _clock.Advance(TimeSpan.FromSeconds(2));
        await resolver.ResolveMxAsync("here.test", None);
        await resolver.ResolveMxAsync("gone.test", None);
        Assert.Equal(3, server.Questions.Count);
        _clock.Advance(TimeSpan.FromSeconds(20));
        await resolver.ResolveMxAsync("here.test", None);
        Assert.Equal(4, server.Questions.Count);
    }

    [Fact]
    public async Task Failures_absences_without_soa_and_ttl_zero_are_not_kept()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => q.Name switch
        {
            "zero.test" => Reply(q).Mx(1, "a.test", 0),
            "bare.test" => Reply(q, 0x8183),
            _ => Reply(q, 0x8182),
        });
        using StubResolver resolver = Resolver(server);
        foreach (string name in (string[])["zero.test", "bare.test", "fail.test"])
        {
            await resolver.ResolveMxAsync(name, None);
            int before = server.Questions.Count;
            await resolver.ResolveMxAsync(name, None);
            Assert.True(server.Questions.Count > before, name);
        }
    }

    [Fact]
    public void The_cache_is_bounded_and_the_least_recently_used_goes_first()
    {
        DnsCache cache = new(3, _clock);
        DnsResult result = new(DnsOutcome.Found, [], false, TimeSpan.FromHours(1));
        foreach (string name in (string[])["a", "b", "c"])
        {
            cache.Add(new DnsQuestion(name, DnsType.A), result);
        }
        Assert.True(cache.TryGet(new DnsQuestion("a", DnsType.A), out _));
        cache.Add(new DnsQuestion("d", DnsType.A), result);
        Assert.Equal(3, cache.Count);
        Assert.True(cache.TryGet(new DnsQuestion("a", DnsType.A), out _));
        Assert.False(cache.TryGet(new DnsQuestion("b", DnsType.A), out _));
    }

    [Fact]
    public async Task Localhost_is_known_and_what_is_no_name_does_not_exist_without_asking()
    {
        await using ScriptedServer server = ScriptedServer.Answering(_ => null);
        using StubResolver resolver = Resolver(server);
        Assert.Equal([IPAddress.IPv6Loopback, IPAddress.Loopback], (await resolver.ResolveAddressesAsync("LocalHost.", None)).Records);
        Assert.Equal(DnsOutcome.NoSuchName, (await resolver.ResolveMxAsync("a..b", None)).Outcome);
        Assert.Equal(DnsOutcome.NoSuchName, (await resolver.ResolveMxAsync(new string('a', 300), None)).Outcome);
        Assert.Empty(server.Questions);
    }

    [Fact]
    public async Task Names_of_an_address_are_asked_at_the_reverse_name()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => Reply(q).Answer(ResponseBuilder.Pointer, DnsType.Ptr, 60, ResponseBuilder.Name("host.test")));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(["host.test"], (await resolver.ResolveNamesAsync(IPAddress.Parse("192.0.2.9"), None)).Records);
        Assert.Equal("9.2.0.192.in-addr.arpa", server.Questions.Single().Name);
    }

    [Fact]
    public async Task Text_associations_and_services_are_asked_for_at_their_names()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => (q.Name, q.Type) switch
        {
            ("_mta-sts.test", DnsType.Txt) => Reply(q).Text("v=STSv1; ", "id=1;").Text("other"),
            ("_25._tcp.mx.test", DnsType.Tlsa) => Reply(q, 0x81A0).Tlsa(3, 1, 1, 0xAB),
            ("_imaps._tcp.test", DnsType.Srv) => Reply(q).Service(0, 1, 993, "imap.test"),
            _ => Reply(q, 0x8183),
        });
        using StubResolver resolver = Resolver(server);
        Assert.Equal(["v=STSv1; id=1;", "other"], (await resolver.ResolveTextAsync("_mta-sts.test", None)).Records);
        DnsAnswer<TlsaRecord> tlsa = await resolver.ResolveTlsaAsync("_25._tcp.mx.test", None);
        Assert.Equal("3 1 1 AB", Assert.Single(tlsa.Records).ToString());
        Assert.True(tlsa.IsAuthentic);
        Assert.Equal([new(0, 1, 993, "imap.test")], (await resolver.ResolveServicesAsync("_imaps._tcp.test", None)).Records);
    }

    [Fact]
    public async Task Where_an_alias_led_is_said_and_the_alias_itself_can_be_asked_for() // RFC 7672 §2.1.3
    {
        await using ScriptedServer server = ScriptedServer.Answering(q =>
            q.Type == DnsType.Cname ? Reply(q, 0x81A0).Cname("a.test", "b.test") : Reply(q).Cname("a.test", "b.test").Cname("b.test", "C.test").Mx(1, "x.test", 300, "c.test"));
        using StubResolver resolver = Resolver(server);
        DnsAnswer<MxRecord> answer = await resolver.ResolveMxAsync("a.test", None);
        Assert.Equal(("c.test", false), (answer.CanonicalName, answer.IsAuthentic));
        DnsAnswer<string> alias = await resolver.ResolveAliasAsync("a.test", None);
        Assert.Equal(["b.test"], alias.Records);
        Assert.True(alias.IsAuthentic);
        Assert.Null(alias.CanonicalName);
    }

    [Theory]
    [InlineData("one answer", false)]
    [InlineData("the end asked for", false)]
    [InlineData("all", true)]
    public async Task A_chain_is_as_authentic_as_its_weakest_part(string secure, bool expected)
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => q.Name == "a.test"
            ? Reply(q, secure == "the end asked for" ? 0x8180 : 0x81A0).Cname("a.test", "b.test")
            : Reply(q, secure == "one answer" ? 0x8180 : 0x81A0).Mx(1, "x.test"));
        using StubResolver resolver = Resolver(server);
        Assert.Equal(expected, (await resolver.ResolveMxAsync("a.test", None)).IsAuthentic);
    }

    [Fact]
    public async Task Whoever_drops_the_look_up_of_one_family_does_not_make_the_other_less_authentic()
    {
        await using ScriptedServer server = ScriptedServer.Answering(q => q.Type == DnsType.Aaaa ? Reply(q, 0x8182) : Reply(q, 0x81A0).Address("192.0.2.1"));
        using StubResolver resolver = Resolver(server);
        Assert.True((await resolver.ResolveAddressesAsync("a.test", None)).IsAuthentic);
    }

    [Fact]
    public async Task Cancellation_is_the_only_thing_thrown()
    {
        await using ScriptedServer server = ScriptedServer.Answering(_ => null);
        using StubResolver resolver = Resolver(server);
        using CancellationTokenSource stop = new();
        Task<DnsAnswer<MxRecord>> asking = resolver.ResolveMxAsync("x.test", stop.Token).AsTask();
        await server.Arrivals.WaitAsync(None);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public void Resolv_conf_is_read_as_the_manual_says()
    {
        ResolverOptions options = ResolverOptions.Parse(
        [
            "# comment", "search example.test", "nameserver 192.0.2.53", "nameserver  2001:db8::53 ", "nameserver nonsense", "; nameserver 192.0.2.1",
            "options ndots:2 timeout:3 attempts:9 trust-ad",
        ]);
        Assert.Equal([new IPEndPoint(IPAddress.Parse("192.0.2.53"), 53), new IPEndPoint(IPAddress.Parse("2001:db8::53"), 53)], options.Servers);
        Assert.Equal(TimeSpan.FromSeconds(3), options.Timeout);
        Assert.Equal(5, options.Attempts);
        Assert.True(options.TrustAuthenticData);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 53), ResolverOptions.Parse([]).Servers.Single());
    }
}
