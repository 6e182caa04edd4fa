using System.Net;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>From domains to addresses. RFC 5321 §5.1.</summary>
public sealed class HostResolverTests
{
    private readonly FakeResolver _resolver = new();
    private readonly QueueOptions _options = new() { HostName = "mail.example.test", SpoolFolder = "", OwnAddresses = [IPAddress.Parse("192.0.2.99")] };

    private static CancellationToken None => CancellationToken.None;

    private ValueTask<AddressSelection> ResolveAsync(string domain)
    {
        Assert.True(MailDomain.TryNormalize(domain, out string name));
        return new(new HostResolver(_options, _resolver, new Random(7)).ResolveAsync(new NextHop { Domain = name }, None));
    }

    private async Task<string[]> AddressesAsync(string domain) => [.. (await ResolveAsync(domain)).Addresses.Select(a => a.Address.ToString())];

    [Fact]
    public async Task Exchangers_come_by_preference()
    {
        _resolver.Mx["far.test"] = [new(20, "b.test"), new(10, "a.test"), new(30, "c.test")];
        _resolver.Addresses["a.test"] = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.11")];
        _resolver.Addresses["b.test"] = [IPAddress.Parse("192.0.2.2")];
        _resolver.Addresses["c.test"] = [IPAddress.Parse("192.0.2.3")];
        Assert.Equal(["192.0.2.1", "192.0.2.11", "192.0.2.2", "192.0.2.3"], await AddressesAsync("Far.Test."));
    }

    [Fact]
    public void Equals_come_in_random_order() // RFC 5321 §5.1
    {
        DnsAnswer<MxRecord> answer = new(DnsOutcome.Found, [new(10, "a"), new(10, "b"), new(10, "c"), new(5, "first")]);
        Random random = new(1);
        HashSet<string> orders = [];
        for (int i = 0; i < 100; i++)
        {
            HostSelection selection = MxSelection.Select("x", answer, _ => false, 10, random);
            Assert.Equal("first", selection.Hosts[0]);
            orders.Add(string.Concat(selection.Hosts.Skip(1)));
        }
        Assert.Equal(6, orders.Count);
    }

    [Fact]
    public async Task Without_exchangers_the_domain_itself_is_one()
    {
        _resolver.Addresses["plain.test"] = [IPAddress.Parse("192.0.2.5")];
        Assert.Equal(["192.0.2.5"], await AddressesAsync("plain.test"));
    }

    [Fact]
    public async Task Why_there_is_no_way()
    {
        _resolver.Mx["null.test"] = [new(0, ".")];
        _resolver.Mx["dangling.test"] = [new(10, "nowhere.test")];
        _resolver.Mx["halfway.test"] = [new(10, "broken.test")];
        _resolver.Fail.Add("addresses broken.test");
        _resolver.Fail.Add("mx servfail.test");
        Assert.Equal(MxSelection.NullMx, (await ResolveAsync("null.test")).Failure);
        Assert.Equal(MxSelection.NoSuchDomain, (await ResolveAsync("nxdomain.test")).Failure);
        Assert.Equal(MxSelection.NoAddress, (await ResolveAsync("dangling.test")).Failure);
        Assert.Equal(MxSelection.LookUpFailed, (await ResolveAsync("halfway.test")).Failure);
        Assert.Equal(MxSelection.LookUpFailed, (await ResolveAsync("servfail.test")).Failure);
        Assert.True(MxSelection.NullMx.IsPermanent && MxSelection.NoSuchDomain.IsPermanent && !MxSelection.LookUpFailed.IsPermanent);
    }

    [Fact]
    public async Task Exchangers_behind_ourselves_are_no_way_out() // RFC 5321 §5.1
    {
        _resolver.Mx["backup.test"] = [new(10, "a.test"), new(20, "MAIL.example.test"), new(20, "same.test"), new(30, "b.test")];
        _resolver.Mx["loop.test"] = [new(10, "mail.example.test."), new(20, "b.test")];
        _resolver.Mx["hidden.test"] = [new(10, "alias.test"), new(20, "b.test")];
        _resolver.Addresses["a.test"] = [IPAddress.Parse("192.0.2.1")];
        _resolver.Addresses["b.test"] = _resolver.Addresses["same.test"] = [IPAddress.Parse("192.0.2.2")];
        _resolver.Addresses["alias.test"] = [IPAddress.Parse("192.0.2.99")];
        Assert.Equal(["192.0.2.1"], await AddressesAsync("backup.test"));
        Assert.Equal(MxSelection.LoopsBack, (await ResolveAsync("loop.test")).Failure);
        Assert.Equal(MxSelection.LoopsBack, (await ResolveAsync("hidden.test")).Failure);
    }

    [Theory]
    [InlineData("[192.0.2.7]", "192.0.2.7")]
    [InlineData("[IPv6:2001:db8::7]", "2001:db8::7")]
    public async Task An_address_literal_is_its_own_exchanger(string literal, string address) => Assert.Equal([address], await AddressesAsync(literal));

    [Theory]
    [InlineData("[192.0.2]")]
    [InlineData("[2001:db8::7]")]
    [InlineData("[x]")]
    public async Task A_literal_that_is_none_is_refused(string literal) => Assert.True((await ResolveAsync(literal)).Failure!.IsPermanent);

    [Fact]
    public async Task U_labels_become_a_labels()
    {
        _resolver.Addresses["xn--bcher-kva.test"] = [IPAddress.Parse("192.0.2.8")];
        Assert.Equal(["192.0.2.8"], await AddressesAsync("BÜCHER.test"));
    }
}
