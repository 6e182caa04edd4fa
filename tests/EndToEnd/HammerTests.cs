using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>
/// mutt, procmail, mbsync, IMAP and POP3 sessions and deliveries work on one account at once, each on messages of its own; at the end
/// the files, IMAP, POP3 and mbsync's far side have the same mail. On request: <c>./test --hammer 60</c>.
/// </summary>
public sealed class HammerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Theory(Explicit = true)]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public async Task Programs_on_the_files_and_clients_at_once_end_with_the_same_mail_in_all_views(string format)
    {
        Programs.Require("python3", "procmail", "mutt", "mbsync");
        string seconds = Environment.GetEnvironmentVariable("HAMMER_SECONDS") ?? "60";
        string scratch = Directory.CreateTempSubdirectory("mailaccess-hammer-").FullName;
        await using (DemoServer server = await DemoServer.StartAsync(environment: new() { ["MAILACCESS_MAIL__FORMAT"] = format }))
        {
            string[] arguments =
            [
                Path.Combine(Programs.Clients, "hammer", "hammer.py"), format, server.PortBase.ToString(CultureInfo.InvariantCulture), server.CaFile,
                Path.Combine(server.Data, "mail", "alice@example.test"), scratch, seconds,
            ];
            (int code, string said) = await Programs.TryRunAsync(
                "python3", arguments, patience: Patience + TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
            Assert.True(code == 0, $"{format}, files of the programs in {scratch}:\n{said}\n{server.Said}");
            TestContext.Current.TestOutputHelper?.WriteLine(said);
            Assert.DoesNotContain("error:", server.Said, StringComparison.Ordinal);
        }
        Directory.Delete(scratch, recursive: true);
    }
}
