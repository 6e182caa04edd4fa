using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>An account moves between the real Dovecot and us, over the same files; its clients have nothing to do.</summary>
public sealed class AdoptionTests : IDisposable
{
    private const string Alice = "alice@example.test";
    private const string Password = "demo";
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-adopt-").FullName;

    private string Data => Path.Combine(_folder, "data");

    private string Mail => Path.Combine(Data, "mail", Alice);

    private string Local => Path.Combine(_folder, "local");

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "")]
    [InlineData(":UTF-8", "")]
    [InlineData("", "pop3_save_uidl = yes\npop3_uidl_format = UID%u-%v", "UID%u-%v")]
    [InlineData("", "pop3_save_uidl = yes\npop3_uidl_format = %g", "%g")]
    [InlineData("", "pop3_uidl_format = %08Xv.%u", "%08Xv.%u")]
    public async Task Dovecot_and_we_take_turns_and_no_client_transfers_anything(string location, string settings, string uidlFormat = "%08Xu%08Xv")
    {
        Require();
        string mail = Path.Combine(Mail, "Maildir");
        await using DovecotServer dovecot = new(Path.Combine(_folder, "dovecot"), mail, Alice, Password, $"maildir:{mail}{location}", settings);
        await TakeTurnsAsync(
            dovecot, new() { ["MAILACCESS_POP3__UIDLFORMAT"] = uidlFormat },
            () => File.WriteAllTextAsync(Path.Combine(mail, "new", "1700000000.M1P1.elsewhere"), "Subject: delivered by another\n\nLF only\n"),
            async () =>
            {
                // The report writes nothing; then all is taken over.
                string files = Listing(mail);
                Assert.Contains("would take over: 5 mailboxes", await AdoptAsync("--dry-run"), StringComparison.Ordinal);
                Assert.Equal(files, Listing(mail));
                string report = await AdoptAsync();
                Assert.Contains("INBOX: Dovecot (list version 3), UIDVALIDITY", report, StringComparison.Ordinal);
                Assert.Contains("taken over: 5 mailboxes of 1 accounts; 0 notes", report, StringComparison.Ordinal);
            });
    }

    [Fact]
    public async Task Dovecot_and_we_take_turns_on_mbox_files()
    {
        Require();
        Directory.CreateDirectory(Mail);
        string inbox = Path.Combine(Mail, "inbox");
        await using DovecotServer dovecot = new(Path.Combine(_folder, "dovecot"), Mail, Alice, Password, $"mbox:{Mail}/folders:INBOX={inbox}");
        await TakeTurnsAsync(
            dovecot, new() { ["MAILACCESS_MAIL__FORMAT"] = "mbox" },
            () => File.AppendAllTextAsync(inbox, "From ann@y.test Tue Nov 14 22:13:20 2023\nSubject: delivered by another\n\nLF only\n\n"),
            () => Task.CompletedTask);
    }

    private static void Require()
    {
        Programs.Require("dovecot", "doveadm", "mbsync", "python3");
        Programs.RequireNode();
    }

    private async Task TakeTurnsAsync(DovecotServer dovecot, Dictionary<string, string> environment, Func<Task> deliver, Func<Task> adopt)
    {
        await dovecot.StartAsync();
        await FillAsync(dovecot, "first");
        Assert.NotEmpty(await SyncAsync(dovecot.ImapPort, null));
        await deliver();
        await SyncAsync(dovecot.ImapPort, null);
        View before = await LookAsync(dovecot);
        Assert.Contains("Entwürfe/Büro subscribed=true", before.Messages, StringComparison.Ordinal);
        await dovecot.StopAsync();
        await adopt();

        View after;
        await using (DemoServer ours = await DemoServer.StartAsync(Data, environment))
        {
            Assert.Equal(before, await LookAsync(ours));
            Assert.Empty(await SyncAsync(ours.Port(993), ours.CaFile));
            Assert.Equal(before, await LookAsync(ours)); // Nor did the client bring anything here.
            await FillAsync(ours, "second");
            Assert.NotEmpty(await SyncAsync(ours.Port(993), ours.CaFile));
            after = await LookAsync(ours);
            Assert.NotEqual(before, after);
        }

        await dovecot.StartAsync();
        Assert.Equal(after, await LookAsync(dovecot));
        Assert.Empty(await SyncAsync(dovecot.ImapPort, null));
        await FillAsync(dovecot, "third");
        await SyncAsync(dovecot.ImapPort, null);
        View third = await LookAsync(dovecot);
        await dovecot.StopAsync();

        await using (DemoServer ours = await DemoServer.StartAsync(Data, environment))
        {
            Assert.Equal(third, await LookAsync(ours));
            Assert.Empty(await SyncAsync(ours.Port(993), ours.CaFile));
        }
        Assert.Equal("", dovecot.Complaints);
    }

    private static async Task<View> LookAsync(DovecotServer server) => await LookAsync(server.ImapPort, server.Pop3Port, "-");

    private static async Task<View> LookAsync(DemoServer server) => await LookAsync(server.Port(993), server.Port(995), server.CaFile);

    /// <summary>By imapflow: all mailboxes with UIDVALIDITY, UIDNEXT, UIDs, sizes, dates, flags. By poplib: all unique-ids.</summary>
    private static async Task<View> LookAsync(int imap, int pop3, string ca) => new(
        await Programs.RunAsync("node", [Script("snapshot-imapflow.mjs"), Text(imap), ca, Alice, Password]),
        await Programs.RunAsync("python3", [Script("uidl.py"), Text(pop3), ca, Alice, Password]));

    private static Task FillAsync(DovecotServer server, string round) =>
        Programs.RunAsync("python3", [Script("fill-imap.py"), Text(server.ImapPort), "-", Alice, Password, round]);

    private static Task FillAsync(DemoServer server, string round) =>
        Programs.RunAsync("python3", [Script("fill-imap.py"), Text(server.Port(993)), server.CaFile, Alice, Password, round]);

    private static string Script(string name) => Path.Combine(Programs.Clients, name);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Listing(string folder) => string.Join('\n', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(f => $"{f} {new FileInfo(f).LastWriteTimeUtc:O}"));

    /// <summary>A run of mbsync: what changed in the local Maildirs.</summary>
    private async Task<string> SyncAsync(int port, string? ca)
    {
        Directory.CreateDirectory(Local);
        string rc = Path.Combine(_folder, "mbsyncrc");
        await File.WriteAllTextAsync(rc, $"""
            IMAPAccount far
            Host localhost
            Port {port}
            User {Alice}
            Pass {Password}
            SSLType {(ca is null ? "None" : "IMAPS")}
            {(ca is null ? "AuthMechs LOGIN" : $"CertificateFile {ca}")}

            IMAPStore far
            Account far

            MaildirStore near
            Path {Local}/
            Inbox {Local}/INBOX
            SubFolders Verbatim

            Channel all
            Far :far:
            Near :near:
            Patterns *
            Create Both
            Expunge Both
            CopyArrivalDate yes
            SyncState *

            """, new UTF8Encoding(false));
        string before = Contents();
        await Programs.RunAsync("mbsync", ["-c", rc, "-a"]);
        return Contents() == before ? "" : "changed";

        // mbsync's own state may be written anew; messages, flags and folders are what counts.
        string Contents() => string.Join('\n', Directory.EnumerateFiles(Local, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f)[0] != '.').Order(StringComparer.Ordinal).Select(f => $"{f} {File.ReadAllText(f).Length}"));
    }

    private async Task<string> AdoptAsync(params string[] options)
    {
        Directory.CreateDirectory(Data);
        string config = Path.Combine(_folder, "mailaccess.json");
        await File.WriteAllTextAsync(Path.Combine(Data, "passwd"), $"{Alice}:{{PLAIN}}{Password}\n");
        await File.WriteAllTextAsync(config, $$"""{ "data": "{{Data}}", "domains": ["example.test"], "accounts": { "passwdFile": "{{Data}}/passwd" } }""");
        return await Programs.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailaccess.dll"), "adopt", "--config", config, .. options]);
    }

    private sealed record View(string Messages, string UniqueIds);
}
