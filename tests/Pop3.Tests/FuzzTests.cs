using System.Globalization;
using System.Text;
using MailAccess.Testing;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Pop3.Tests;

/// <summary>Mutations of the transcripts' client side against the whole engine: it answers well-formed lines or closes.</summary>
public sealed class FuzzTests
{
    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "\r\n", "\n", "\r", ".\r\n", "\0", " ", "\xff", "*\r\n", "+", "-1", "99999999999999999999", "1 1", "STLS\r\n", "USER alice\r\nPASS demo\r\n",
            "RETR 1\r\n", "TOP 1 1\r\n", "UIDL\r\n", "LIST 1\r\n", "DELE 1\r\n", "RSET\r\n", "QUIT\r\n", "CAPA\r\n", "UTF8\r\n", "LANG *\r\n", "AUTH PLAIN\r\n",
            "AUTH PLAIN AGFsaWNlAGRlbW8=\r\n",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    [Fact]
    public Task Whatever_comes_the_session_answers_or_closes() => FuzzAsync(new Random(1939), i => i < 3000);

    /// <summary>On request: <c>./test --fuzz 60</c>.</summary>
    [Fact(Explicit = true)]
    public Task Whatever_comes_for_minutes_the_session_answers_or_closes()
    {
        TimeSpan limit = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("FUZZ_MINUTES") ?? "10", CultureInfo.InvariantCulture));
        long start = TimeProvider.System.GetTimestamp();
        return FuzzAsync(new Random(), _ => TimeProvider.System.GetElapsedTime(start) < limit);
    }

    private static async Task FuzzAsync(Random random, Func<int, bool> goesOn)
    {
        byte[][] seeds = [.. Transcript.NamesBelow("").Select(n => TranscriptOctets.OfClients(Transcript.Load(n))).Where(o => o.Length > 0)];
        for (int i = 0; goesOn(i); i++)
        {
            byte[] octets = TranscriptOctets.Mutate(seeds[i % seeds.Length], Pieces, random);
            try
            {
                await PlayAsync(octets, octetsPerRead: i % 3);
            }
            catch (Exception failure)
            {
                throw new Xunit.Sdk.XunitException($"iteration {i}: {Convert.ToBase64String(octets)}\n{failure}");
            }
        }
    }

    private static async Task PlayAsync(byte[] octets, int octetsPerRead)
    {
        using ServerFixture server = new();
        await server.AppendAsync("alice", "Subject: x\r\n\r\n.\r\n..\r\n+OK\r\n"u8.ToArray());
        await using InMemoryConnection connection = new(server.Clock, () => { }, octetsPerRead);
        connection.Tls = new TlsFacts { Protocol = "TLSv1.3", CipherSuite = "X" };
        connection.Send(octets);
        connection.CloseClientSide();
        SessionEnd end = await server.Factory.RunAsync(connection).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotEqual(SessionEnd.Fault, end);
        Assert.True(server.HighestLogged <= LogLevel.Information, server.Logged);
        AssertWellFormed(Encoding.Latin1.GetString(connection.TakeOutput()));
    }

    /// <summary>RFC 1939 §3: status lines, challenges, and behind a +OK lines up to a dot alone, in CRLF and nothing else.</summary>
    private static void AssertWellFormed(string output)
    {
        Assert.True(output.EndsWith("\r\n", StringComparison.Ordinal), output);
        string[] lines = output.Split("\r\n")[..^1];
        bool inBody = false;
        for (int i = 0; i < lines.Length; i++)
        {
            Assert.DoesNotContain('\n', lines[i]);
            Assert.DoesNotContain('\r', lines[i]);
            bool isStatus = lines[i].StartsWith("+OK ", StringComparison.Ordinal) || lines[i] is "+OK"
                || lines[i].StartsWith("-ERR ", StringComparison.Ordinal) || lines[i].StartsWith("+ ", StringComparison.Ordinal);
            bool beginsBody = !isStatus && Array.IndexOf(lines, ".", i) >= 0;
            Assert.True(isStatus || inBody || beginsBody, $"neither a status nor in a reply of many lines: {lines[i]}\n{output}");
            inBody = (inBody || beginsBody) && lines[i] != ".";
        }
    }
}
