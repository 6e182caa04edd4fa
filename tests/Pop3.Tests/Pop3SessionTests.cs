using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth;
using MailAccess.Store;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Pop3.Tests;

public sealed class Pop3SessionTests
{
    [Fact]
    public void Default_limits_keep_what_the_standards_ask()
    {
        Pop3Limits limits = new();
        Assert.True(limits.IdleTimeout >= TimeSpan.FromMinutes(10)); // RFC 1939 §3
        Assert.True(limits.CommandOctetsMax >= 253); // RFC 2449 §4
        Assert.True(limits.AuthLineOctetsMax >= 12288);
    }

    [Fact]
    public void Every_failure_of_the_store_and_of_a_login_has_a_reply()
    {
        foreach (StoreError error in Enum.GetValues<StoreError>().Where(e => e != StoreError.None))
        {
            Assert.False(Pop3Errors.ToReply(error).IsOk);
        }
        foreach (AuthenticationFailure failure in Enum.GetValues<AuthenticationFailure>().Where(f => f != AuthenticationFailure.None))
        {
            Assert.False(Pop3Errors.ToReply(failure).IsOk);
        }
    }

    [Fact]
    public async Task A_large_message_passes_in_pieces_and_arrives_as_it_was()
    {
        using ServerFixture server = new();
        StringBuilder text = new("Subject: large\r\n\r\n");
        Random random = new(1939);
        while (text.Length < 3_000_000)
        {
            text.Append(random.Next(4) == 0 ? "." : "").Append('x', random.Next(0, 200)).Append("\r\n");
        }
        byte[] message = Encoding.ASCII.GetBytes(text.ToString());
        await server.AppendAsync("alice", message);
        byte[] output = await TalkAsync(server, $"USER alice\r\nPASS demo\r\nRETR 1\r\nQUIT\r\n");
        string all = Encoding.ASCII.GetString(output);
        string status = $"+OK {message.Length} octets\r\n";
        int start = all.IndexOf(status, StringComparison.Ordinal) + status.Length;
        string body = all[start..(all.LastIndexOf("\r\n.\r\n", StringComparison.Ordinal) + 2)];
        string plain = string.Join("\r\n", body.Split("\r\n").Select(l => l.StartsWith('.') ? l[1..] : l));
        Assert.Equal(text.ToString(), plain);
    }

    [Fact]
    public async Task A_message_that_breaks_off_is_not_ended_as_if_it_were_whole()
    {
        using ServerFixture server = new();
        await server.AppendAsync("alice", Encoding.ASCII.GetBytes("A: b\r\n\r\n" + new string('x', 500_000) + "\r\n"));
        server.Store.Failing.Add("read-on");
        InMemoryConnection connection = new(server.Clock, () => { }) { Tls = new TlsFacts { Protocol = "x", CipherSuite = "y" } };
        connection.Send("USER alice\r\nPASS demo\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n"u8);
        Assert.Equal(SessionEnd.Fault, await server.Factory.RunAsync(connection));
        Assert.DoesNotContain("\r\n.\r\n", Encoding.ASCII.GetString(connection.TakeOutput()), StringComparison.Ordinal);
        await using IMailbox inbox = await server.OpenInboxAsync("alice");
        Assert.Equal(1, inbox.Snapshot.Count);
    }

    [Fact]
    public async Task Ten_thousand_pipelined_commands_are_answered_in_order()
    {
        using ServerFixture server = new();
        await server.AppendAsync("alice", "A: b\r\n\r\nc\r\n"u8.ToArray());
        StringBuilder commands = new("USER alice\r\nPASS demo\r\n");
        for (int i = 0; i < 10_000; i++)
        {
            commands.Append(i % 2 == 0 ? "LIST 1\r\n" : "UIDL 1\r\n");
        }
        string[] replies = Encoding.ASCII.GetString(await TalkAsync(server, commands.Append("QUIT\r\n").ToString())).Split("\r\n");
        Assert.Equal(10_000 + 5, replies.Length);
        Assert.All(replies.Skip(3).Take(10_000).Select((r, i) => (r, i)), p => Assert.Equal(p.i % 2 == 0 ? "+OK 1 11" : "+OK 1 0000000100000007", p.r));
    }

    [Theory]
    [InlineData("SCRAM-SHA-256", false)]
    [InlineData("SCRAM-SHA-256", true)]
    [InlineData("SCRAM-SHA-1", true)]
    public async Task A_scram_client_logs_in_without_tls(string mechanism, bool initial)
    {
        using ServerFixture server = new();
        ManualTimeProvider clock = server.Clock;
        InMemoryConnection connection = new(clock, () => { });
        Task<SessionEnd> session = server.Factory.RunAsync(connection);
        HashAlgorithmName hash = mechanism == "SCRAM-SHA-1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
        await ReadLineAsync(connection);
        string first = Base64("n,,n=alice,r=abc");
        if (initial)
        {
            Send(connection, $"AUTH {mechanism} {first}");
        }
        else
        {
            Send(connection, $"AUTH {mechanism}");
            Assert.Equal("+ ", await ReadLineAsync(connection));
            Send(connection, first);
        }
        string serverFirst = Encoding.UTF8.GetString(Convert.FromBase64String((await ReadLineAsync(connection))[2..]));
        Dictionary<char, string> fields = serverFirst.Split(',').ToDictionary(f => f[0], f => f[2..]);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            "demo"u8, Convert.FromBase64String(fields['s']), int.Parse(fields['i'], null), hash, hash == HashAlgorithmName.SHA1 ? 20 : 32);
        byte[] key = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        string withoutProof = $"c=biws,r={fields['r']}";
        byte[] signature = CryptographicOperations.HmacData(
            hash, CryptographicOperations.HashData(hash, key), Encoding.UTF8.GetBytes($"n=alice,r=abc,{serverFirst},{withoutProof}"));
        Send(connection, Base64($"{withoutProof},p={Convert.ToBase64String([.. key.Zip(signature, (k, s) => (byte)(k ^ s))])}"));
        Assert.StartsWith("v=", Encoding.UTF8.GetString(Convert.FromBase64String((await ReadLineAsync(connection))[2..])), StringComparison.Ordinal);
        Send(connection, "");
        Assert.Equal("+OK 0 messages (0 octets)", await ReadLineAsync(connection));
        Send(connection, "QUIT");
        Assert.Equal(SessionEnd.ClientQuit, await session);
    }

    [Fact]
    public async Task Mutated_conversations_end_without_a_fault_and_without_a_loss()
    {
        using ServerFixture server = new();
        await server.AppendAsync("alice", "A: b\r\n\r\nc\r\n"u8.ToArray());
        byte[] valid = Encoding.ASCII.GetBytes(
            "CAPA\r\nUSER alice\r\nPASS demo\r\nSTAT\r\nLIST\r\nUIDL 1\r\nRETR 1\r\nTOP 1 1\r\nDELE 1\r\nRSET\r\nNOOP\r\nAUTH PLAIN =\r\nSTLS\r\n");
        Random random = new(1939);
        for (int i = 0; i < 1500; i++)
        {
            List<byte> octets = [.. valid];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                int at = random.Next(octets.Count);
                switch (random.Next(3))
                {
                    case 0: octets[at] = (byte)random.Next(256); break;
                    case 1: octets.Insert(at, octets[random.Next(octets.Count)]); break;
                    default: octets.RemoveAt(at); break;
                }
            }
            InMemoryConnection connection = new(server.Clock, () => { }, random.Next(0, 3)) { Tls = new TlsFacts { Protocol = "x", CipherSuite = "y" } };
            connection.Send(octets.ToArray());
            connection.CloseClientSide();
            Assert.NotEqual(SessionEnd.Fault, await server.Factory.RunAsync(connection));
        }
        await using IMailbox inbox = await server.OpenInboxAsync("alice");
        Assert.Equal(1, inbox.Snapshot.Count); // QUIT was never said.
        Assert.DoesNotContain("Exception", server.Logged, StringComparison.Ordinal);
    }

    private static async Task<byte[]> TalkAsync(ServerFixture server, string commands)
    {
        InMemoryConnection connection = new(server.Clock, () => { }) { Tls = new TlsFacts { Protocol = "x", CipherSuite = "y" } };
        connection.Send(Encoding.ASCII.GetBytes(commands));
        Assert.Equal(SessionEnd.ClientQuit, await server.Factory.RunAsync(connection));
        return connection.TakeOutput();
    }

    private static void Send(InMemoryConnection connection, string line) => connection.Send(Encoding.ASCII.GetBytes(line + "\r\n"));

    private static async Task<string> ReadLineAsync(InMemoryConnection connection)
    {
        List<byte> line = [];
        while (true)
        {
            line.AddRange(connection.TakeOutput());
            if (line is [.., (byte)'\n'])
            {
                return Encoding.ASCII.GetString([.. line[..^2]]);
            }
            await Task.Yield();
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
