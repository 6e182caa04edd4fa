using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailAccess.Store;
using MailAccess.Store.Memory;
using MailAccess.Testing;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Imap.Tests;

/// <summary>What clients send in the transcripts, mutated, against the whole engine: it answers well-formed lines or closes.</summary>
public sealed partial class FuzzTests
{
    private const int Iterations = 1500;

    private static readonly string[] Words =
    [
        "(", ")", "{", "}", "{3}", "{3+}", "{99999999999+}", "\"", "\\", " ", "  ", "\r\n", "\r", "\n", "\0", "*",
        "%", "1:*", ",", ":", "<0.5>", "[", "]",
        "NIL", "INBOX", "UID ", "FETCH 1:* ", "BODY[]", "BODY.PEEK[1.2.HEADER.FIELDS (A B)]", "SEARCH ", "NOT ",
        "OR ", "TEXT ", "4294967295",
        "4294967296", "-1", "é", "&AOk-", "DONE\r\n", "IDLE\r\n", "CLOSE\r\n", "EXPUNGE\r\n", "FLAGS", "(\\Deleted)",
        "STORE 1:* +FLAGS (\\Deleted)\r\n",
        "BINARY[1]", "BINARY.SIZE[1.1]", "BINARY.PEEK[]<1.2>", "APPEND INBOX ~{5+}\r\n", "~{4+}\r\n",
        "CATENATE (", "TEXT {3+}\r\n", "URL ", "/INBOX/;UID=1", "/;SECTION=1.TEXT", "/;PARTIAL=1.2", "REPLACE 1 INBOX {3+}\r\n", "UID REPLACE * ", "ENABLE UTF8=ACCEPT\r\n", "UTF8 (~{3+}\r\n", "\"ü\"",
        "ENABLE QRESYNC\r\n", " (CONDSTORE QRESYNC (1 2 1:3 (1 2)))", " (CHANGEDSINCE 1 VANISHED)", " (UNCHANGEDSINCE 3)", "MODSEQ ", "9223372036854775807",
        "APPEND INBOX {5+}\r\n", "MOVE 1 INBOX", "CREATE x/y", "NOTIFY SET (selected (MessageNew (UID) MessageExpunge)) (personal (MailboxName))\r\n", "NOTIFY NONE\r\n", "SELECT INBOX\r\n", "LOGOUT\r\n",
    ];

    [Theory]
    [InlineData(20261)]
    [InlineData(20262)]
    public async Task Whatever_comes_the_session_answers_or_closes(int seed)
    {
        await RunAsync(seed, i => i < Iterations);
    }

    /// <summary>On request: <c>./test --fuzz 60</c>, one half this, one half what the grammar allows.</summary>
    [Fact(Explicit = true)]
    public async Task Whatever_comes_for_minutes_the_session_answers_or_closes()
    {
        TimeSpan limit = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("FUZZ_MINUTES") ?? "30", CultureInfo.InvariantCulture));
        long start = TimeProvider.System.GetTimestamp();
        int played = 0;
        await RunAsync(Environment.TickCount, i =>
        {
            played = i;
            return TimeProvider.System.GetElapsedTime(start) < limit;
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{played} inputs");
    }

    private static async Task RunAsync(int seed, Func<int, bool> goesOn)
    {
        Random random = new(seed);
        byte[][] corpus = [.. Transcript.NamesBelow("").Select(n => TranscriptOctets.OfClients(Transcript.Load(n)))
            .Where(o => o.Length is > 0 and < 20_000)];
        Assert.NotEmpty(corpus);
        for (int i = 0; goesOn(i); i++)
        {
            byte[] input = Mutate(corpus[random.Next(corpus.Length)], corpus[random.Next(corpus.Length)], random);
            (SessionEnd end, byte[] whole, LogRecorder log) = await PlayAsync(input, octetsPerRead: 0);
            string context = $"seed {seed}, iteration {i}: {Escape(input)}\n{Encoding.Latin1.GetString(whole)}";
            Assert.True(end is not (SessionEnd.Fault or SessionEnd.IdleTimeout or SessionEnd.Shutdown),
                $"{end} {context} {string.Join('\n', log.Lines)}");
            Assert.True(log.Lines.All(l => l.Level < LogLevel.Warning), context + string.Join('\n', log.Lines));
            Assert.True(IsWellFormed(whole, out string why), $"{why}, {context}");
            (SessionEnd endInPieces, byte[] inPieces, _) = await PlayAsync(input, octetsPerRead: random.Next(1, 8));
            Assert.Equal(end, endInPieces);
            Assert.True(whole.AsSpan().SequenceEqual(inPieces), $"{context}\nin pieces:\n{Encoding.Latin1.GetString(inPieces)}");
        }
    }

    [Theory]
    [InlineData("* OK x\r\n", true)]
    [InlineData("* 1 FETCH (BODY[] {3}\r\na\r\n)\r\na1 OK x\r\n", true)]
    [InlineData("+ go\r\n", true)]
    [InlineData("* 1 FETCH (BODY[] {30}\r\na\r\n)\r\n", false)]
    [InlineData("a1 FINE x\r\n", false)]
    [InlineData("* OK x", false)]
    [InlineData("* OK x\n\r\n", false)]
    public void The_check_itself_tells_good_from_bad(string output, bool isWellFormed) =>
        Assert.Equal(isWellFormed, IsWellFormed(Encoding.ASCII.GetBytes(output), out _));

    private static byte[] Mutate(byte[] octets, byte[] other, Random random)
    {
        List<byte> mutated = [.. "a LOGIN alice secret\r\nb SELECT INBOX\r\n"u8];
        int start = random.Next(4) == 0 ? random.Next(octets.Length) : 0;
        mutated.AddRange(octets.AsSpan(start, Math.Min(octets.Length - start, random.Next(1, 1500))));
        for (int times = random.Next(1, 8); times > 0; times--)
        {
            int at = random.Next(mutated.Count);
            switch (random.Next(6))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated.RemoveRange(at, Math.Min(random.Next(1, 12), mutated.Count - at - 1));
                    break;
                case 2:
                    mutated.InsertRange(at, Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]));
                    break;
                case 3:
                    int from = random.Next(other.Length);
                    mutated.InsertRange(at, other.AsSpan(from, Math.Min(random.Next(1, 80), other.Length - from)));
                    break;
                case 4:
                    mutated.InsertRange(at, mutated.GetRange(at, Math.Min(random.Next(1, 40), mutated.Count - at)));
                    break;
                default:
                    mutated.InsertRange(at, Encoding.UTF8.GetBytes("\r\nz " + Words[random.Next(Words.Length)]));
                    break;
            }
        }
        return [.. mutated];
    }

    private static async Task<(SessionEnd End, byte[] Output, LogRecorder Log)> PlayAsync(byte[] input, int octetsPerRead)
    {
        ManualTimeProvider clock = new();
        LogRecorder log = new();
        await using MemoryMailStore store = new(clock);
        await FillAsync(store);
        ImapSessionFactory factory = new(new TestAuthenticator(allowsPlaintextWithoutTls: true), store, new ImapOptions(), clock, log);
        await using InMemoryConnection connection = new(clock, () => { }, octetsPerRead);
        connection.Send(input);
        connection.CloseClientSide();
        SessionEnd end = await factory.RunAsync(connection).WaitAsync(TimeSpan.FromSeconds(60));
        return (end, connection.TakeOutput(), log);
    }

    internal static async Task FillAsync(MemoryMailStore store)
    {
        (await store.OpenAccountAsync("alice", default)).TryGet(out IMailAccount? account);
        (await account!.OpenAsync(MailboxName.Inbox, default)).TryGet(out IMailbox? inbox);
        for (int i = 1; i <= 3; i++)
        {
            (await store.StageAsync(0, default)).TryGet(out IStagedMessage? message);
            await message!.WriteAsync(Encoding.ASCII.GetBytes(ImapHost.SampleMessage(i)), default);
            await message.CompleteAsync(default);
            await inbox!.AppendAsync([new MessageToAppend { Message = message }], default);
        }
    }

    /// <summary>Lines end in CRLF, literals are as long as they say, and each response begins as RFC 3501 §9 has it.</summary>
    private static bool IsWellFormed(byte[] output, out string why)
    {
        int at = 0;
        bool continued = false;
        while (at < output.Length)
        {
            int length = output.AsSpan(at).IndexOf("\r\n"u8);
            why = $"no line end after {at}";
            if (length < 0)
            {
                return false;
            }
            string line = Encoding.Latin1.GetString(output, at, length);
            why = $"not a response: {line}";
            if (line.Contains('\n', StringComparison.Ordinal) || line.Contains('\0', StringComparison.Ordinal)
                || (!continued && !ResponseStart().IsMatch(line)))
            {
                return false;
            }
            at += length + 2;
            Match literal = LiteralEnd().Match(line);
            continued = literal.Success && (continued || line.Contains(" FETCH (", StringComparison.Ordinal));
            at += continued ? int.Parse(literal.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        }
        why = "a literal is shorter than it says";
        return at == output.Length && !continued;
    }

    private static string Escape(byte[] octets) =>
        Encoding.Latin1.GetString(octets).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\0", "\\0", StringComparison.Ordinal);

    [GeneratedRegex(@"^(\* |\+ |[^ (){%*""\\+]+ (OK|NO|BAD) )")]
    private static partial Regex ResponseStart();

    [GeneratedRegex(@"\{([0-9]+)\}$")]
    private static partial Regex LiteralEnd();
}
