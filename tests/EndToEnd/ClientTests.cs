using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>Mail programs that no one here wrote, against the server as a user starts it.</summary>
public sealed class ClientTests(SharedDemoServer shared) : ClientKit(shared)
{
    [Fact]
    public async Task Python_sends_and_reads_the_same_octets_by_imap_and_by_pop3()
    {
        Programs.Require("python3");
        string said = await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "roundtrip.py"), Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile, Alice, Bob, Password]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zlib_reads_every_compressed_response_as_soon_as_it_was_sent()
    {
        Programs.Require("python3");
        string said = await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "compress.py"), Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile, Alice, Password]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Swaks_sends_with_an_attachment_over_starttls_and_curl_reads_it_by_imap_and_pop3()
    {
        Programs.Require("swaks", "curl");
        string token = $"swaks-{Guid.NewGuid():N}";
        string attachment = Path.Combine(Server.Data, token + ".bin");
        await File.WriteAllBytesAsync(attachment, [.. Enumerable.Range(0, 5000).Select(i => (byte)i)]);
        await Programs.RunAsync("swaks",
        [
            "--server", "localhost", "--port", Port(587), "--tls", "--tls-ca-path", Server.CaFile, "--tls-verify", "--auth", "PLAIN", "--auth-user", Alice, "--auth-password", Password,
            "--from", Alice, "--to", Bob, "--header", $"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_{token}?=", "--attach", "@" + attachment,
        ]);

        string found = await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Bob);
        string number = found.Replace("* SEARCH", "", StringComparison.Ordinal).Trim();
        string byImap = await CurlAsync($"imaps://localhost:{Port(993)}/INBOX;MAILINDEX={number}", Bob);
        Assert.Contains(token, byImap, StringComparison.Ordinal);
        string byPop = await CurlAsync($"pop3s://localhost:{Port(995)}/{number}", Bob);
        Assert.Equal(byImap, byPop);
        Assert.Contains(Convert.ToBase64String([.. Enumerable.Range(0, 57).Select(i => (byte)i)]), byImap, StringComparison.Ordinal);
        Assert.Contains("Return-Path: <alice@example.test>", byImap, StringComparison.Ordinal);
        Assert.Contains("Received: from ", byImap, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Swaks_logs_in_by_every_mechanism_that_it_and_we_have()
    {
        Programs.Require("swaks");
        foreach (string mechanism in new[] { "PLAIN", "LOGIN" })
        {
            await Programs.RunAsync("swaks",
                ["--server", "localhost", "--port", Port(465), "--tlsc", "--auth", mechanism, "--auth-user", Alice, "--auth-password", Password, "--from", Alice, "--to", Bob, "--quit-after", "RCPT"]);
        }
        (int code, string said) = await Programs.TryRunAsync("swaks",
            ["--server", "localhost", "--port", Port(587), "--tls", "--auth", "PLAIN", "--auth-user", Alice, "--auth-password", "wrong", "--from", Alice, "--to", Bob]);
        Assert.NotEqual(0, code);
        Assert.Contains("535 5.7.8", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_relays_through_the_exchange_and_nobody_forges_a_sender()
    {
        Programs.Require("swaks");
        (_, string relay) = await Programs.TryRunAsync("swaks", ["--server", "localhost", "--port", Port(25), "--from", "x@other.test", "--to", "y@elsewhere.test"]);
        Assert.Contains("550 5.7.1", relay, StringComparison.Ordinal);
        (_, string unknown) = await Programs.TryRunAsync("swaks", ["--server", "localhost", "--port", Port(25), "--from", "x@other.test", "--to", "nobody@example.test"]);
        Assert.Contains("550 5.1.1", unknown, StringComparison.Ordinal);
        (_, string forged) = await Programs.TryRunAsync("swaks",
            ["--server", "localhost", "--port", Port(587), "--tls", "--auth", "PLAIN", "--auth-user", Alice, "--auth-password", Password, "--from", Bob, "--to", Bob]);
        Assert.Contains("553 5.7.1", forged, StringComparison.Ordinal);
        (_, string outside) = await Programs.TryRunAsync("swaks",
            ["--server", "localhost", "--port", Port(587), "--tls", "--auth", "PLAIN", "--auth-user", Alice, "--auth-password", Password, "--from", Alice, "--to", "y@elsewhere.test"]);
        Assert.Contains("550 5.7.1", outside, StringComparison.Ordinal); // The demo sends nothing outside.
        string accepted = await Programs.RunAsync("swaks", ["--server", "localhost", "--port", Port(25), "--from", "x@other.test", "--to", Bob, "--tls"]);
        Assert.Contains("<~  250 2.", accepted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lmtp_answers_for_each_recipient()
    {
        Programs.Require("swaks");
        string said = await Programs.RunAsync("swaks", ["--protocol", "LMTP", "--server", "localhost", "--port", Port(24), "--from", "x@other.test", "--to", $"{Alice},{Bob}"]);
        string afterTheDot = said[said.LastIndexOf(" -> .", StringComparison.Ordinal)..];
        Assert.Equal(2, afterTheDot.Split("<-  250 2.").Length - 1);
    }

    [Fact]
    public async Task Mbsync_synchronizes_in_both_directions()
    {
        Programs.Require("mbsync", "curl");
        string home = Directory.CreateTempSubdirectory("mailaccess-mbsync-").FullName;
        string rc = Path.Combine(home, "mbsyncrc");
        await WritePrivateAsync(rc, $"""
            IMAPAccount demo
            Host localhost
            Port {Port(993)}
            User {Bob}
            Pass {Password}
            SSLType IMAPS
            CertificateFile {Server.CaFile}

            IMAPStore far
            Account demo

            MaildirStore near
            Path {home}/mail/
            Inbox {home}/mail/INBOX
            SubFolders Verbatim

            Channel all
            Far :far:
            Near :near:
            Patterns *
            Create Both
            Remove Both
            Expunge Both
            SyncState *

            """);
        Directory.CreateDirectory(Path.Combine(home, "mail"));
        string token = $"mbsync-{Guid.NewGuid():N}";
        await AppendByCurlAsync(Bob, "INBOX", $"From: x@y.test\r\nSubject: {token} far\r\n\r\nfrom the server\r\n");
        await Programs.RunAsync("mbsync", ["-c", rc, "-a"]);
        string inbox = Path.Combine(home, "mail", "INBOX");
        string[] near = [.. Directory.EnumerateFiles(inbox, "*", SearchOption.AllDirectories).Where(f => File.ReadAllText(f).Contains($"{token} far", StringComparison.Ordinal))];
        Assert.Single(near);

        // The other way: a new message, a flag and a folder made here go there.
        await File.WriteAllTextAsync(Path.Combine(inbox, "cur", $"{token}.local:2,FS"), $"From: x@y.test\nSubject: {token} near\n\nfrom here\n");
        string flagged = Path.Combine(inbox, "cur", Path.GetFileName(near[0]).Split(":2,")[0] + ":2,FS");
        File.Move(near[0], flagged);
        foreach (string part in new[] { "cur", "new", "tmp" })
        {
            Directory.CreateDirectory(Path.Combine(home, "mail", "Fresh", part));
        }
        await File.WriteAllTextAsync(Path.Combine(home, "mail", "Fresh", "cur", $"{token}.fresh:2,"), $"From: x@y.test\nSubject: {token} fresh\n\nnew folder\n");
        await Programs.RunAsync("mbsync", ["-c", rc, "-a"]);
        string flaggedThere = await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}%20FLAGGED%20SEEN", Bob);
        Assert.Equal(2, flaggedThere.Replace("* SEARCH", "", StringComparison.Ordinal).Trim().Split(' ').Length);
        string fresh = await CurlAsync($"imaps://localhost:{Port(993)}/Fresh?SUBJECT%20{token}", Bob);
        Assert.Equal("* SEARCH 1", fresh.Trim());

        // A third run finds nothing to do.
        string again = await Programs.RunAsync("mbsync", ["-c", rc, "-a", "-V"]);
        Assert.DoesNotContain("+1", again, StringComparison.Ordinal);
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Offlineimap_synchronizes_in_both_directions()
    {
        Programs.Require("offlineimap", "curl");
        string home = Directory.CreateTempSubdirectory("mailaccess-offlineimap-").FullName;
        string rc = Path.Combine(home, "rc");
        await WritePrivateAsync(rc, $"""
            [general]
            accounts = demo
            metadata = {home}/state
            [Account demo]
            localrepository = near
            remoterepository = far
            [Repository near]
            type = Maildir
            localfolders = {home}/mail
            [Repository far]
            type = IMAP
            remotehost = localhost
            remoteport = {Port(993)}
            remoteuser = {Bob}
            remotepass = {Password}
            ssl = yes
            sslcacertfile = {Server.CaFile}
            folderfilter = lambda name: name in ['INBOX', 'Offline']

            """);
        string token = $"offlineimap-{Guid.NewGuid():N}";
        await AppendByCurlAsync(Bob, "INBOX", $"From: x@y.test\r\nSubject: {token} far\r\n\r\nfrom the server\r\n");
        await Programs.RunAsync("offlineimap", ["-c", rc, "-o", "-u", "basic"], environment: new() { ["HOME"] = home });
        string inbox = Path.Combine(home, "mail", "INBOX");
        string near = Assert.Single(Directory.EnumerateFiles(inbox, "*", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains($"{token} far", StringComparison.Ordinal));

        // The other way: a flag, and a new message.
        File.Move(near, Path.Combine(inbox, "cur", Path.GetFileName(near).Split(":2,")[0] + ":2,FS"));
        await File.WriteAllTextAsync(Path.Combine(inbox, "cur", $"{token}.local:2,FS"), $"From: x@y.test\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nSubject: {token} near\n\nfrom here\n");
        await Programs.RunAsync("offlineimap", ["-c", rc, "-o", "-u", "basic"], environment: new() { ["HOME"] = home });
        string there = await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}%20FLAGGED%20SEEN", Bob);
        Assert.Equal(2, there.Replace("* SEARCH", "", StringComparison.Ordinal).Trim().Split(' ').Length);

        // A third run copies nothing.
        string again = await Programs.RunAsync("offlineimap", ["-c", rc, "-o", "-u", "basic"], environment: new() { ["HOME"] = home });
        Assert.DoesNotContain("Copy message", again, StringComparison.Ordinal);
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Neomutt_reads_and_saves_over_imap()
    {
        Programs.Require("neomutt", "curl");
        string home = Directory.CreateTempSubdirectory("mailaccess-neomutt-").FullName;
        string token = $"neomutt-{Guid.NewGuid():N}";
        await AppendByCurlAsync(Alice, "INBOX", $"From: Ann <ann@y.test>\r\nTo: {Alice}\r\nSubject: {token}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nhello mutt\r\n");
        string rc = Path.Combine(home, "rc");
        await WritePrivateAsync(rc, $"""
            set imap_user="{Alice}"
            set imap_pass="{Password}"
            set folder="imaps://localhost:{Port(993)}/"
            set spoolfile="+INBOX"
            set ssl_ca_certificates_file="{Server.CaFile}"
            set certificate_file="{Server.CaFile}"
            set ssl_verify_dates=yes
            set header_cache=""
            set confirmappend=no
            set confirmcreate=no
            set delete=yes
            set quit=yes
            set move=no
            push "<tag-pattern>~s {token}<enter><tag-prefix><save-message>=Archive<enter><sync-mailbox><quit>"

            """);
        // mutt wants a terminal: script(1) gives it one.
        Programs.Require("script");
        await Programs.TryRunAsync("script", ["-qec", $"neomutt -F {rc}", "/dev/null"], environment: new() { ["HOME"] = home, ["TERM"] = "xterm" });
        Assert.Equal("* SEARCH", (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Alice)).Trim());
        Assert.StartsWith("* SEARCH ", (await CurlAsync($"imaps://localhost:{Port(993)}/Archive?SUBJECT%20{token}", Alice)).Trim(), StringComparison.Ordinal);
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Nodemailer_sends_and_imapflow_reads_moves_and_renames()
    {
        Programs.RequireNode();
        string subject = $"Žluťoučký kůň {Guid.NewGuid():N}";
        await Programs.RunAsync("node", [Path.Combine(Programs.Clients, "send-nodemailer.mjs"), Port(587), Server.CaFile, Alice, Password, Bob, subject]);
        string said = await Programs.RunAsync("node", [Path.Combine(Programs.Clients, "read-imapflow.mjs"), Port(993), Server.CaFile, Bob, Password, subject]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Imapflow_synchronizes_by_QRESYNC_and_by_CONDSTORE_what_happened_while_it_was_away()
    {
        Programs.RequireNode();
        string said = await Programs.RunAsync(
            "node", [Path.Combine(Programs.Clients, "resync-imapflow.mjs"), Port(993), Server.CaFile, Bob, Password, $"resync-{Guid.NewGuid():N}"]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_client_hears_of_a_new_message_without_asking()
    {
        await using LineClient idle = await LineClient.ConnectAsync(Server.Port(993), tls: true);
        await idle.ExpectAsync("* OK");
        await idle.CommandAsync($"a LOGIN {Bob} {Password}", "a OK");
        await idle.CommandAsync("b SELECT INBOX", "b OK");
        await idle.CommandAsync("c IDLE", "+ ");
        await using (LineClient lmtp = await LineClient.ConnectAsync(Server.Port(24)))
        {
            await lmtp.ExpectAsync("220 ");
            await lmtp.CommandAsync("LHLO t", "250 ");
            await lmtp.CommandAsync("MAIL FROM:<>", "250 ");
            await lmtp.CommandAsync($"RCPT TO:<{Bob}>", "250 ");
            await lmtp.CommandAsync("DATA", "354 ");
            await lmtp.CommandAsync("Subject: push\r\n\r\n.", "250 ");
        }
        string exists;
        do
        {
            exists = await idle.ExpectAsync("* ");
        }
        while (!exists.EndsWith("EXISTS", StringComparison.Ordinal));
        await idle.CommandAsync("DONE", "c OK");
    }
}
