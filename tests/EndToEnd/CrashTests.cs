using System.Collections.Concurrent;
using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>kill -9 while mail comes in: what got its 250 is there exactly once afterwards, and nothing is half or stuck.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(40)]
    [InlineData(300)]
    [InlineData(800)]
    public async Task Every_acknowledged_message_is_there_exactly_once_after_kill(int killAfter)
    {
        string data = Directory.CreateTempSubdirectory("mailaccess-crash-").FullName;
        DemoServer server = await DemoServer.StartAsync(data);
        ConcurrentDictionary<string, bool> acknowledged = [];
        ConcurrentDictionary<string, bool> sent = [];
        int count = 0;
        TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] senders = [.. Enumerable.Range(0, 50).Select(worker => Task.Run(() => SendManyAsync(server, worker, 20, acknowledged, sent, () =>
        {
            if (Interlocked.Increment(ref count) == killAfter)
            {
                enough.TrySetResult();
            }
        })))];
        await Task.WhenAny(enough.Task, Task.WhenAll(senders));
        await server.KillAsync();
        await Task.WhenAll(senders);
        await server.DisposeAsync();
        Assert.True(acknowledged.Count >= killAfter);

        await using (DemoServer again = await DemoServer.StartAsync(data))
        {
            List<string> found = [.. await ReadTokensAsync(again, "alice@example.test"), .. await ReadTokensAsync(again, "bob@example.test")];
            string[] twice = [.. found.GroupBy(t => t).Where(g => g.Count() > 1).Select(g => g.Key)];
            Assert.Empty(twice);
            string[] lost = [.. acknowledged.Keys.Except(found)];
            Assert.True(lost.Length == 0, $"{lost.Length} of {acknowledged.Count} acknowledged messages are gone, for example {lost.FirstOrDefault()}\n{again.Said}");
            Assert.Empty(found.Except(sent.Keys));
            // And mail goes on: no stuck lock.
            await SendManyAsync(again, 99, 3, acknowledged, sent, () => { });
        }
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_demo_keeps_its_accounts_mail_and_certificate_between_starts()
    {
        string data = Directory.CreateTempSubdirectory("mailaccess-restart-").FullName;
        ConcurrentDictionary<string, bool> sent = [];
        string authority;
        await using (DemoServer server = await DemoServer.StartAsync(data))
        {
            await SendManyAsync(server, 1, 4, sent, sent, () => { });
            authority = await File.ReadAllTextAsync(server.CaFile);
            Assert.Equal(0, await server.TerminateAsync());
        }
        await using (DemoServer server = await DemoServer.StartAsync(data))
        {
            Assert.Equal(authority, await File.ReadAllTextAsync(server.CaFile));
            List<string> found = [.. await ReadTokensAsync(server, "alice@example.test"), .. await ReadTokensAsync(server, "bob@example.test")];
            Assert.Equal(4, found.Count);
        }
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Sigterm_says_goodbye_to_clients_and_ends_with_success()
    {
        await using DemoServer server = await DemoServer.StartAsync();
        await using LineClient imap = await LineClient.ConnectAsync(server.Port(993), tls: true);
        await imap.ExpectAsync("* OK");
        await imap.CommandAsync("a LOGIN alice@example.test demo", "a OK");
        await imap.CommandAsync("b SELECT INBOX", "b OK");
        await imap.CommandAsync("c IDLE", "+ ");
        await using LineClient smtp = await LineClient.ConnectAsync(server.Port(25));
        await smtp.ExpectAsync("220 ");
        Assert.Equal(0, await server.TerminateAsync());
        Assert.Contains("* BYE", await imap.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Contains("421 4.3.2", await smtp.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static async Task SendManyAsync(
        DemoServer server, int worker, int count, ConcurrentDictionary<string, bool> acknowledged, ConcurrentDictionary<string, bool> sent, Action accepted)
    {
        try
        {
            await using LineClient client = await LineClient.ConnectAsync(server.Port(worker % 2 == 0 ? 25 : 24));
            await client.ExpectAsync("220 ");
            await client.CommandAsync(worker % 2 == 0 ? "EHLO t" : "LHLO t", "250 ");
            for (int i = 0; i < count; i++)
            {
                string token = string.Create(CultureInfo.InvariantCulture, $"t{worker}-{i}-{Guid.NewGuid():N}");
                sent[token] = true;
                await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
                await client.CommandAsync($"RCPT TO:<{(i % 2 == 0 ? "alice" : "bob")}@example.test>", "250 ");
                await client.CommandAsync("DATA", "354 ");
                await client.SendAsync($"X-Token: {token}\r\nSubject: crash\r\n\r\n{new string('x', 3000)}\r\n.\r\n");
                await client.ExpectAsync("250 ");
                acknowledged[token] = true;
                accepted();
            }
            await client.CommandAsync("QUIT", "221 ");
        }
        catch (Exception gone) when (gone is IOException or System.Net.Sockets.SocketException or Xunit.Sdk.FailException)
        {
            // The server was killed: what was not acknowledged may or may not be there.
        }
    }

    private static async Task<List<string>> ReadTokensAsync(DemoServer server, string user)
    {
        await using LineClient client = await LineClient.ConnectAsync(server.Port(993), tls: true);
        await client.ExpectAsync("* OK");
        await client.CommandAsync($"a LOGIN {user} demo", "a OK");
        await client.CommandAsync("b SELECT INBOX", "b OK");
        await client.SendAsync("c FETCH 1:* (RFC822.SIZE BODY.PEEK[])\r\n");
        List<string> tokens = [];
        while (await client.ReadLineAsync() is { } line && !line.StartsWith("c ", StringComparison.Ordinal))
        {
            if (line.StartsWith("X-Token: ", StringComparison.Ordinal))
            {
                tokens.Add(line["X-Token: ".Length..]);
            }
        }
        await client.CommandAsync("d LOGOUT", "d OK");
        return tokens;
    }
}
