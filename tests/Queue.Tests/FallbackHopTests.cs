using System.Net;
using System.Net.Sockets;
using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Several next hops for the same mail: transport(5) of Postfix 3.5.</summary>
public sealed class FallbackHopTests : RemoteDeliveryFixture
{
    private Task RouteToAsync(params int[] ports)
    {
        NextHop? hop = null;
        foreach (int port in ports.Reverse())
        {
            hop = new NextHop { Host = "127.0.0.1", Port = port, Fallback = hop };
        }
        return RestartWithRoutingAsync(o => o with { SmartHost = hop });
    }

    [Fact]
    public async Task The_next_is_tried_where_there_is_no_way_to_those_before()
    {
        using Socket nobody = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // Refuses: it does not listen.
        await using ScriptedPeer unwilling = new(c => c.Verb is "EHLO" or "HELO" ? "554 5.3.2 not for you" : null);
        await using ScriptedPeer good = new();
        await RouteToAsync(((IPEndPoint)nobody.LocalEndPoint!).Port, unwilling.Port, good.Port);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(["RCPT TO:<x@far.test>"], Assert.Single(good.Messages).Recipients);
        Assert.True(unwilling.Connections > 0);
    }

    [Fact]
    public async Task Whom_the_first_takes_and_refuses_is_not_offered_to_the_next()
    {
        await using ScriptedPeer first = new(c => c.Verb == "RCPT" ? "550 5.1.1 nobody" : null);
        await using ScriptedPeer second = new();
        await RouteToAsync(first.Port, second.Port);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=bounced");
        Assert.Equal(0, second.Connections);
    }
}
