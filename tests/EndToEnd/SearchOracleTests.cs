using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>The same mailbox, sorted and threaded by Dovecot and by us.</summary>
/// <remarks>
/// One difference stays: Dovecot 2.3 puts threads of REFS in the order of their latest sent dates, we in that of their latest internal
/// dates, as draft-ietf-morg-inthread §4 says ("when a new message arrives, its thread becomes the latest thread"). So the order of these
/// threads is only compared where messages arrive when they are sent; what is in them, and how, always. (With another seed two threads may
/// end in the same second; of these the draft gives no order.) A criterion that is given twice is not asked for: after it Dovecot forgets
/// a REVERSE.
/// </remarks>
public sealed class SearchOracleTests : IDisposable
{
    private const string Alice = "alice@example.test";
    private const string Password = "demo";
    private const int Messages = 400;
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-oracle-").FullName;

    private string Mail => Path.Combine(_folder, "data", "mail", Alice, "Maildir");

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task Dovecot_sorts_and_threads_as_we_do(int seed, bool arriveWhenSent)
    {
        Programs.Require("dovecot", "doveadm");
        string[] commands = [.. Commands()];
        MailCorpus.Write(Mail, Messages, seed, arriveWhenSent);
        List<string> expected;
        await using (DovecotServer dovecot = new(Path.Combine(_folder, "dovecot"), Mail, Alice, Password, $"maildir:{Mail}"))
        {
            await dovecot.StartAsync();
            expected = await AskAsync(await LineClient.ConnectAsync(dovecot.ImapPort), commands);
        }
        await using DemoServer ours = await DemoServer.StartAsync(Path.Combine(_folder, "data"));
        List<string> answers = await AskAsync(await LineClient.ConnectAsync(ours.Port(993), tls: true), commands);
        List<string> differences = [];
        for (int i = 0; i < commands.Length; i++)
        {
            bool hasOtherOrder = commands[i].Contains("THREAD REFS", StringComparison.Ordinal) && !arriveWhenSent;
            if (hasOtherOrder ? !Threads(expected[i]).SequenceEqual(Threads(answers[i])) : expected[i] != answers[i])
            {
                differences.Add($"{commands[i]}\n  theirs: {expected[i]}\n  ours:   {answers[i]}");
            }
        }
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static IEnumerable<string> Commands()
    {
        foreach (string key in new[] { "ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO" })
        {
            yield return $"UID SORT ({key}) UTF-8 ALL";
            yield return $"SORT (REVERSE {key} ARRIVAL) UTF-8 ALL";
            yield return $"SORT (REVERSE {key}) UTF-8 50:350";
            if (key is not ("SIZE" or "DATE"))
            {
                yield return $"SORT (SIZE REVERSE {key} REVERSE DATE) UTF-8 NOT SUBJECT \"budget\"";
            }
        }
        foreach (string algorithm in new[] { "REFERENCES", "REFS", "ORDEREDSUBJECT" })
        {
            yield return $"UID THREAD {algorithm} UTF-8 ALL";
            yield return $"THREAD {algorithm} UTF-8 50:350";
            yield return $"THREAD {algorithm} UTF-8 NOT SUBJECT \"budget\"";
        }
    }

    /// <summary>The threads of an answer, in any order.</summary>
    private static List<string> Threads(string answer)
    {
        List<string> threads = [];
        int start = 0;
        int depth = 0;
        for (int i = 0; i < answer.Length; i++)
        {
            depth += answer[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (answer[i] == ')' && depth == 0)
            {
                threads.Add(answer[start..(i + 1)]);
                start = i + 1;
            }
        }
        threads[0] = threads[0]["* THREAD ".Length..];
        threads.Sort(StringComparer.Ordinal);
        return threads;
    }

    private static async Task<List<string>> AskAsync(LineClient client, string[] commands)
    {
        await using (client)
        {
            List<string> answers = [];
            await client.ExpectAsync("* OK");
            await client.CommandAsync($"l LOGIN {Alice} {Password}", "l ");
            Assert.StartsWith("s OK", await client.CommandAsync("s SELECT INBOX", "s "), StringComparison.Ordinal);
            for (int i = 0; i < commands.Length; i++)
            {
                string tag = string.Create(CultureInfo.InvariantCulture, $"c{i}");
                string verb = commands[i].Split(' ')[commands[i].StartsWith("UID", StringComparison.Ordinal) ? 1 : 0];
                await client.SendAsync($"{tag} {commands[i]}\r\n");
                string answer = "";
                string line;
                while (!(line = await client.ReadLineAsync() ?? "").StartsWith(tag, StringComparison.Ordinal))
                {
                    answer = line.StartsWith($"* {verb}", StringComparison.Ordinal) ? line : answer;
                }
                Assert.StartsWith($"{tag} OK", line, StringComparison.Ordinal);
                answers.Add(answer);
            }
            return answers;
        }
    }
}
