using System.Globalization;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>
/// <c>kill -9</c> at each step of a delivery to another server, seen from that server. The message arrives after the next start; and just once, but where the
/// server had it and we could not know (RFC 1047).
/// </summary>
public sealed class KillTests
{
    private const string Alice = "alice@example.test";

    [Theory]
    [InlineData("CONNECT", 1)]
    [InlineData("EHLO", 1)]
    [InlineData("MAIL", 1)]
    [InlineData("RCPT", 1)]
    [InlineData("DATA", 1)]
    [InlineData(".", 2)]
    public async Task It_arrives_after_the_next_start(string step, int copies)
    {
        Programs.Require("python3");
        DemoServer? server = null;
        using SemaphoreSlim mayDie = new(0, 1);
        TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // The reply waits until the server is dead. What was said to the final dot is taken before that: the peer has the message.
        await using ScriptedPeer peer = new(c =>
        {
            if (c.Verb == step && c.Connection == 1)
            {
                mayDie.Release();
                died.Task.GetAwaiter().GetResult();
            }
            return null;
        });
        string data = Directory.CreateTempSubdirectory("mailaccess-kill-").FullName;
        try
        {
            Dictionary<string, string> environment = new()
            {
                ["MAILACCESS_QUEUE__RELAY"] = "true",
                ["MAILACCESS_QUEUE__SMARTHOST"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{peer.Port}"),
                ["MAILACCESS_QUEUE__FIRSTRETRY"] = "1s",
            };
            server = await DemoServer.StartAsync(data, environment);
            string token = Guid.NewGuid().ToString("N");
            await Programs.RunAsync("python3",
                [Path.Combine(Programs.Clients, "submit.py"), server.PortBase.ToString(CultureInfo.InvariantCulture), server.CaFile, Alice, "demo", token, "x@far.test"]);
            Assert.True(await mayDie.WaitAsync(TimeSpan.FromSeconds(120)));
            await server.KillAsync();
            died.SetResult();
            server = await DemoServer.StartAsync(data, environment, server.PortBase);
            await server.SaysAsync("to=<x@far.test>", "status=sent");
            Assert.Equal(copies, peer.Messages.Count(m => m.Text.Contains(token, StringComparison.Ordinal)));
        }
        finally
        {
            died.TrySetResult();
            if (server is not null)
            {
                await server.DisposeAsync();
            }
            Directory.Delete(data, recursive: true);
        }
    }
}
