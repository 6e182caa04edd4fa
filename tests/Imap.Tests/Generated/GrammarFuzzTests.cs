using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailAccess.Store.Access;
using MailAccess.Store.Memory;
using MailAccess.Store.Metadata;
using MailAccess.Testing;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Imap.Tests.Generated;

/// <summary>Commands that the grammar allows, in each state: every one is answered, and none by BAD.</summary>
public sealed partial class GrammarFuzzTests
{
    private const int CommandsPerSession = 30;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_the_grammar_allows_is_never_bad(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 250; i++)
        {
            await PlayAsync(random.Next());
        }
    }

    /// <summary>On request: <c>./test --fuzz 60</c>, one half this, one half <see cref="FuzzTests"/>.</summary>
    [Fact(Explicit = true)]
    public async Task What_the_grammar_allows_is_never_bad_for_minutes()
    {
        TimeSpan limit = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("FUZZ_MINUTES") ?? "30", CultureInfo.InvariantCulture));
        long start = TimeProvider.System.GetTimestamp();
        Random random = new(Environment.TickCount);
        int sessions = 0;
        for (; TimeProvider.System.GetElapsedTime(start) < limit; sessions++)
        {
            await PlayAsync(random.Next());
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{sessions} sessions");
    }

    private static async Task PlayAsync(int seed)
    {
        Random random = new(seed);
        bool hasQresync = random.Next(2) == 0;
        bool isUidOnly = random.Next(4) == 0;
        CommandGenerator generator = new(random, hasQresync);
        StringBuilder input = new();
        List<string> commands = [];
        void Send(string command)
        {
            commands.Add(command);
            input.Append(CultureInfo.InvariantCulture, $"g{commands.Count} {command}\r\n");
        }

        int before = random.Next(3);
        for (int i = 0; i < before; i++)
        {
            Send(generator.BeforeLogin());
        }
        Send("LOGIN alice secret");
        if (hasQresync)
        {
            Send("ENABLE QRESYNC");
        }
        if (isUidOnly)
        {
            Send("ENABLE UIDONLY");
        }
        bool isSelected = random.Next(3) > 0;
        for (int i = 0; i < CommandsPerSession; i++)
        {
            if (isSelected)
            {
                Send(random.Next(4) == 0 ? "EXAMINE INBOX" : "SELECT INBOX"); // Whatever the last one did.
            }
            Send(isSelected ? generator.Selected() : generator.LoggedIn());
        }
        Send("LOGOUT");
        string output = await RunAsync(Encoding.Latin1.GetBytes(input.ToString()), seed);
        Assert.False((isUidOnly && Numbered().IsMatch(output)) || (!isUidOnly && output.Contains(" UIDFETCH (", StringComparison.Ordinal)), $"seed {seed}\n{output}");
        for (int i = 0; i < commands.Count; i++)
        {
            Match answer = Regex.Match(output, $@"^g{i + 1} (OK|NO|BAD) .*$", RegexOptions.Multiline);
            Assert.True(answer.Success, $"seed {seed}: no answer to {commands[i]}\n{output}");
            Assert.True(answer.Groups[1].Value != "BAD" || IsAboutState(answer.Value), $"seed {seed}: {commands[i]}\n{answer.Value}");
            Assert.True(!answer.Value.Contains("UIDREQUIRED", StringComparison.Ordinal) || (isUidOnly && NamesByNumber().IsMatch(commands[i])), $"seed {seed}: {commands[i]}");
        }
    }

    /// <summary>What names a message by its sequence number.</summary>
    [GeneratedRegex(@"^\* [0-9]+ (FETCH|EXPUNGE)|^\* OK \[UNSEEN ", RegexOptions.Multiline)]
    private static partial Regex Numbered();

    /// <summary>Commands that take sequence numbers, and search keys, which may be some.</summary>
    [GeneratedRegex(@"^(FETCH|STORE|COPY|MOVE|REPLACE|(UID )?(SEARCH|SORT|THREAD)) |QRESYNC ", RegexOptions.IgnoreCase)]
    private static partial Regex NamesByNumber();

    /// <summary>Grammatical, and not possible here: the mailbox has fewer messages by now; a search result that nobody saved.</summary>
    private static bool IsAboutState(string answer) => StateAnswer().IsMatch(answer);

    private static async Task<string> RunAsync(byte[] input, int seed)
    {
        ManualTimeProvider clock = new();
        LogRecorder log = new();
        await using MemoryMailStore store = new(clock);
        await FuzzTests.FillAsync(store);
        AccessMailStore access = new(store, sharing: null, new MetadataOptions(), clock);
        ImapSessionFactory factory = new(new TestAuthenticator(allowsPlaintextWithoutTls: true), access, new ImapOptions(), clock, log);
        await using InMemoryConnection connection = new(clock, () => { });
        connection.Send(input);
        connection.CloseClientSide();
        SessionEnd end = await factory.RunAsync(connection).WaitAsync(TimeSpan.FromSeconds(60));
        string output = Encoding.Latin1.GetString(connection.TakeOutput());
        Assert.True(end == SessionEnd.ClientQuit && log.Lines.All(l => l.Level < LogLevel.Warning), $"seed {seed}: {end} {string.Join('\n', log.Lines)}\n{output}");
        return output;
    }

    [GeneratedRegex("no message has that number|UIDREQUIRED")]
    private static partial Regex StateAnswer();
}
