using System.Globalization;
using System.Text.Json;
using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary><c>mailaccess queue</c> while mail waits: processes of an administrator's that ask a server which runs, by its control socket.</summary>
public sealed class QueueTests(QueueWorld world) : IClassFixture<QueueWorld>
{
    private const int Unavailable = 69;
    private const int Usage = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task List_and_show_tell_what_waits_and_why()
    {
        JsonElement entry = await DeferredAsync("list.test");
        Assert.Equal(QueueWorld.Alice, entry.GetProperty("sender").GetString());
        Assert.Equal("submission", entry.GetProperty("protocol").GetString());
        JsonElement recipient = Assert.Single(entry.GetProperty("recipients").EnumerateArray());
        Assert.Equal("x@list.test", recipient.GetProperty("address").GetString());
        Assert.Equal("451 4.2.1 busy", recipient.GetProperty("lastReply").GetString());
        string id = entry.GetProperty("id").GetString()!;
        string table = await world.Queue.RunAsync(0, "list", "--domain", "list.test");
        Assert.StartsWith("ID ", table, StringComparison.Ordinal);
        Assert.Contains($"\n{id}  ", table, StringComparison.Ordinal);
        Assert.Contains("x@list.test: 451 4.2.1 busy", table, StringComparison.Ordinal);
        Assert.Contains("\n1 message, ", table, StringComparison.Ordinal);
        Assert.Matches(@"\n *list\.test +1 ", await world.Queue.RunAsync(0, "list", "--by-domain", "--domain", "list.test"));
        Assert.Equal("1", (await world.Queue.RunAsync(0, "list", "--count", "--sender", "alice@*", "--recipient", "*@list.test", "--error", "BUSY", "--younger", "1h")).Trim());
        string shown = await world.Queue.RunAsync(0, "show", "--content", id);
        Assert.Contains("x@list.test: deferred", shown, StringComparison.Ordinal);
        Assert.Contains("Hello x@list.test.", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_on_hold_is_not_flushed_and_goes_when_it_is_released()
    {
        string id = Id(await DeferredAsync("hold.test"));
        Assert.Equal("done", Result(await world.Queue.ReadAsync(0, "hold", id, "--text", "looks odd"), id));
        JsonElement held = Assert.Single(await world.Queue.ListAsync("--state", "hold"));
        Assert.Equal((id, "looks odd"), (Id(held), held.GetProperty("holdReason").GetString()));
        world.Open("hold.test");
        Assert.StartsWith("No message.", await world.Queue.RunAsync(0, "flush", "--domain", "hold.test"), StringComparison.Ordinal);
        Assert.Contains("(looks odd)", await world.Queue.RunAsync(0, "list", id), StringComparison.Ordinal);
        Assert.DoesNotContain(world.Peer.Messages, IsFor("hold.test"));
        Assert.EndsWith("1 done.\n", await world.Queue.RunAsync(0, "release", "--state", "hold"), StringComparison.Ordinal);
        await world.Server.SaysAsync($"{id}: to=<x@hold.test>", "status=sent");
        Assert.Single(world.Peer.Messages, IsFor("hold.test"));
    }

    [Fact]
    public async Task Retry_tries_now_and_history_and_explain_tell_the_life()
    {
        string id = Id(await DeferredAsync("retry.test"));
        world.Open("retry.test");
        Assert.Equal("done", Result(await world.Queue.ReadAsync(0, "retry", id), id));
        await world.Server.SaysAsync($"{id}: removed");
        Assert.Single(world.Peer.Messages, IsFor("retry.test"));
        JsonElement finished = Assert.Single(await UntilAsync(() => world.Queue.ReadAsync(0, "history", id), rows => rows.Length > 0));
        Assert.Equal(("sent", "x@retry.test"), (finished.GetProperty("status").GetString(), finished.GetProperty("to").GetString()));
        Assert.Contains($"{id}  sent     from=<{QueueWorld.Alice}> to=<x@retry.test>", await world.Queue.RunAsync(0, "history", "--recipient", "*@retry.test"), StringComparison.Ordinal);
        string life = await ExplainAsync(id);
        AssertInOrder(life, "sasl_username=" + QueueWorld.Alice, $"from=<{QueueWorld.Alice}>", "status=deferred (451 4.2.1 busy)", "status=sent", $"{id}: removed");
    }

    [Fact]
    public async Task Delete_throws_away_and_tells_nobody()
    {
        string id = Id(await DeferredAsync("delete.test"));
        Assert.Contains("mailaccess: which messages?", await world.Queue.RunAsync(Usage, "delete"), StringComparison.Ordinal);
        Assert.EndsWith("1 done.\n", await world.Queue.RunAsync(0, "delete", "--domain", "delete.test"), StringComparison.Ordinal);
        Assert.Empty(await world.Queue.ListAsync(id));
        Assert.EndsWith("1 not found.\n", await world.Queue.RunAsync(Unavailable, "delete", id), StringComparison.Ordinal);
        Assert.Equal(0, await Mailboxes.CountAsync(world.Server, QueueWorld.Alice, "x@delete.test"));
    }

    [Fact]
    public async Task Bounce_returns_it_to_its_sender_with_our_words()
    {
        string id = Id(await DeferredAsync("bounce.test"));
        Assert.Equal("done", Result(await world.Queue.ReadAsync(0, "bounce", id, "--text", "write a letter"), id));
        string report = await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "await_mail.py"), world.Server.PortBase.ToString(CultureInfo.InvariantCulture), world.Server.CaFile, QueueWorld.Alice, "demo", "60", "x@bounce.test", "write a letter"]);
        Assert.Contains("\r\nFinal-Recipient: rfc822; x@bounce.test\r\nAction: failed\r\n", report, StringComparison.Ordinal);
        await world.Server.SaysAsync($"{id}: removed");
        await world.Server.SaysAsync($"to=<{QueueWorld.Alice}>", "status=sent");
        Assert.Empty(await world.Queue.ListAsync(id));
        JsonElement finished = Assert.Single(await UntilAsync(() => world.Queue.ReadAsync(0, "history", "--status", "bounced", "--error", "a letter"), rows => rows.Length > 0));
        Assert.Equal(id, Id(finished));
        AssertInOrder(await ExplainAsync(id), "status=bounced", "sender non-delivery notification: ", $"to=<{QueueWorld.Alice}>"); // The report's own life too.
    }

    [Fact]
    public async Task Flush_tries_all_that_is_deferred()
    {
        string id = Id(await DeferredAsync("flush.test"));
        world.Open("flush.test");
        Assert.Matches(@"^[1-9]\d* messages are due now\.", await world.Queue.RunAsync(0, "flush"));
        await world.Server.SaysAsync($"{id}: to=<x@flush.test>", "status=sent");
        Assert.Single(world.Peer.Messages, IsFor("flush.test"));
    }

    private static string Id(JsonElement entry) => entry.GetProperty("id").GetString()!;

    private static string? Result(JsonElement[] outcomes, string id)
    {
        JsonElement outcome = Assert.Single(outcomes);
        Assert.Equal(id, Id(outcome));
        return outcome.GetProperty("result").GetString();
    }

    private static Predicate<PeerMessage> IsFor(string domain) => m => m.Recipients.Contains($"RCPT TO:<x@{domain}>");

    private static void AssertInOrder(string text, params string[] parts)
    {
        int at = 0;
        foreach (string part in parts)
        {
            int found = text.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"\"{part}\" does not follow in\n{text}");
            at = found + part.Length;
        }
    }

    private async Task<T> UntilAsync<T>(Func<Task<T>> ask, Predicate<T> isGood)
    {
        using CancellationTokenSource bound = new(Patience, TimeProvider.System);
        T answer = await ask();
        while (!isGood(answer))
        {
            Assert.False(bound.IsCancellationRequested, world.Server.Said);
            answer = await ask();
        }
        return answer;
    }

    /// <summary>The one message for the domain, once its first attempt is over.</summary>
    private async Task<JsonElement> DeferredAsync(string domain)
    {
        Assert.SkipWhen(world.Lacks is not null, world.Lacks ?? "");
        await world.Server.SaysAsync($"to=<x@{domain}>", "status=deferred");
        return Assert.Single(await UntilAsync(() => world.Queue.ListAsync("--domain", domain, "--state", "deferred"), rows => rows.Length > 0));
    }

    private async Task<string> ExplainAsync(string id)
    {
        string log = Path.Combine(world.Server.Data, id + ".log");
        await File.WriteAllTextAsync(log, world.Server.Said);
        return await world.Queue.ExplainAsync(id, log);
    }
}
