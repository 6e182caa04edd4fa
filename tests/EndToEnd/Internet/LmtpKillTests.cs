using System.Globalization;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>
/// <c>kill -9</c> at each step of a delivery by LMTP to two recipients. After the next start each has it; and just once, but where the peer may have had it: a reply for
/// each comes after the dot and is written down as it comes, and whose reply has not come gets it once more (RFC 1047).
/// </summary>
public sealed class LmtpKillTests
{
    [Theory]
    [InlineData("LHLO", "", 1, 1)]
    [InlineData("MAIL", "", 1, 1)]
    [InlineData("RCPT", "two", 1, 1)]
    [InlineData("DATA", "", 1, 1)]
    [InlineData(".", "one", 2, 2)] // No reply has come yet.
    [InlineData(".", "two", 1, 2)] // The first one has.
    public async Task It_arrives_for_each_recipient_after_the_next_start(string step, string name, int copiesForOne, int copiesForTwo)
    {
        using SemaphoreSlim mayDie = new(0, 1);
        TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedPeer peer = new(c =>
        {
            if (c.Verb == step && c.Connection == 1 && c.Line.Contains(name, StringComparison.Ordinal))
            {
                mayDie.Release();
                died.Task.GetAwaiter().GetResult();
            }
            return null;
        });
        string next = string.Create(CultureInfo.InvariantCulture, $"lmtp:inet:127.0.0.1:{peer.Port}");
        await using KillSite site = await KillSite.StartAsync("one@box.test, two@box.test", $"box.test {next}\n");
        try
        {
            await site.SendAsync();
            Assert.True(await mayDie.WaitAsync(TimeSpan.FromSeconds(120)));
            await site.HasPendingAsync(copiesForOne < copiesForTwo ? 1 : 2); // The reply that came is written down.
            await site.Server.KillAsync();
            died.SetResult();
            await site.RestartAsync();
        }
        finally
        {
            died.TrySetResult();
        }
        Assert.Equal((copiesForOne, copiesForTwo), (Copies("one"), Copies("two")));
        Assert.All(peer.Messages, m => Assert.Contains($"The end of {site.Token}.\r\n", m.Text, StringComparison.Ordinal));

        int Copies(string user) => peer.Messages.Count(m => m.Recipients[0].StartsWith($"RCPT TO:<{user}@box.test>", StringComparison.Ordinal));
    }
}
