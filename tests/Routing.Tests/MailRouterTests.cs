namespace MailAccess.Routing.Tests;

public sealed class MailRouterTests : RouterFixture
{
    [Theory]
    [InlineData("bob@example.test", "bob")]
    [InlineData("bob+news@example.test", "bob")]
    [InlineData("a+b@example.test", "a+b")]
    [InlineData("postmaster@example.test", "root")]
    [InlineData("PostMaster@example.test", "root")]
    [InlineData("postmaster", "root")]
    public async Task Local_recipients_are_found_by_address_then_without_detail_then_as_postmaster(string address, string account)
    {
        Accounts.Add("a+b");
        Assert.Equal(new Target.Mailbox(account), await TargetAsync(address));
    }

    [Theory]
    [InlineData("nobody@example.test")]
    [InlineData("\"+x\"@example.test")]
    public async Task Who_is_not_here_is_refused_for_good(string address) =>
        Assert.True(Assert.IsType<Target.Failure>(await TargetAsync(address)).Reply.IsPermanent);

    [Fact]
    public async Task A_directory_that_cannot_be_asked_is_no_refusal()
    {
        IsDirectoryDown = true;
        Assert.Contains((await ResolveAsync("bob@example.test")).Steps, s => s.Output == "cannot be asked now: no connection");
        Assert.False(Assert.IsType<Target.Failure>(await TargetAsync("bob@example.test")).Reply.IsPermanent);
    }

    [Fact]
    public async Task Without_relay_only_domains_with_a_route_are_delivered()
    {
        Options = Options with { RelaysOutside = false, SmartHost = new NextHop { Host = "smart.test" }, Routes = d => d == "near.test" ? new NextHop { Host = "192.0.2.5" } : null };
        Assert.Equal(new Target.Relay(new NextHop { Host = "192.0.2.5" }), await TargetAsync("x@Near.Test"));
        Assert.Equal("550 5.7.1", Assert.IsType<Target.Failure>(await TargetAsync("x@far.test")).Reply.ToString()[..9]);
    }

    [Fact]
    public async Task A_route_goes_before_the_smart_host_and_that_before_exchangers()
    {
        Assert.Equal(new Target.Relay(new NextHop { Domain = "xn--bcher-kva.test" }), await TargetAsync("x@BÜCHER.test"));
        Options = Options with { SmartHost = new NextHop { Host = "192.0.2.50", Port = 587 }, Routes = domain => domain == "a.routed.test" ? new NextHop { Host = "192.0.2.60" } : null };
        Assert.Equal("[192.0.2.60]", Assert.IsType<Target.Relay>(await TargetAsync("x@a.routed.test")).Hop.ToString());
        Assert.Equal("[192.0.2.50]:587", Assert.IsType<Target.Relay>(await TargetAsync("x@other.test")).Hop.ToString());
    }
}
