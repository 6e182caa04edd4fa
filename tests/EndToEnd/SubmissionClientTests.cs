using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>Programs that send, beyond the good day: what they are refused and how they see it, chunks, big and binary contents.</summary>
public sealed class SubmissionClientTests(SharedDemoServer shared) : ClientKit(shared)
{
    [Fact]
    public async Task Smtplib_sees_each_refusal_and_sends_chunks_binary_and_50_megabytes_that_poplib_reads_back()
    {
        Programs.Require("python3");
        string said = await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "submission.py"), Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile, Alice, Bob, Password]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodemailer_logs_in_by_both_ways_and_sees_each_refusal()
    {
        Programs.RequireNode();
        string said = await Programs.RunAsync("node",
            [Path.Combine(Programs.Clients, "refusals-nodemailer.mjs"), Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile, Alice, Password, Bob]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curl_sends_eight_bits_to_several_and_reads_the_same_octets()
    {
        Programs.Require("curl");
        string token = $"curl-{Guid.NewGuid():N}";
        string body = $"Größe und Umlaute\r\n.\r\n..zwei Punkte\r\n{new string('ä', 400)}\r\n";
        string[] common = ["--silent", "--show-error", "--cacert", Server.CaFile, "--ssl-reqd", "--user", $"{Alice}:{Password}", "--mail-from", Alice, "--upload-file", "-"];
        foreach (string url in new[] { $"smtp://localhost:{Port(587)}", $"smtps://localhost:{Port(465)}" })
        {
            await Programs.RunAsync("curl", [.. common, "--mail-rcpt", Alice, "--mail-rcpt", Bob, url], $"From: {Alice}\r\nSubject: {token}\r\n\r\n{body}");
        }
        foreach (string account in new[] { Alice, Bob })
        {
            string[] found = (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", account)).Replace("* SEARCH", "", StringComparison.Ordinal).Trim().Split(' ');
            Assert.Equal(2, found.Length);
            Assert.EndsWith($"Subject: {token}\r\n", (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX;MAILINDEX={found[0]};SECTION=HEADER.FIELDS%20(SUBJECT)", account)).TrimEnd() + "\r\n", StringComparison.Ordinal);
            Assert.EndsWith("\r\n\r\n" + body, await CurlAsync($"imaps://localhost:{Port(993)}/INBOX;MAILINDEX={found[1]}", account), StringComparison.Ordinal);
        }

        // One bad recipient ends it for all, unless curl is told to go on with the others.
        (int code, _) = await Programs.TryRunAsync("curl", [.. common, "--mail-rcpt", Bob, "--mail-rcpt", "nobody@example.test", $"smtps://localhost:{Port(465)}"], "Subject: x\r\n\r\n");
        Assert.Equal(55, code); // CURLE_SEND_ERROR
        await Programs.RunAsync("curl", [.. common, "--mail-rcpt-allowfails", "--mail-rcpt", Bob, "--mail-rcpt", "nobody@example.test", $"smtps://localhost:{Port(465)}"], $"From: {Alice}\r\nSubject: {token}-some\r\n\r\n");
        Assert.NotEqual("* SEARCH", (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}-some", Bob)).Trim());
    }

    [Fact]
    public async Task Msmtp_sees_a_wrong_password_a_foreign_sender_and_an_unknown_recipient()
    {
        Programs.Require("msmtp");
        string rc = Path.GetTempFileName();
        async Task<(int Code, string Said)> SendAsync(string password, string from, params string[] recipients)
        {
            await WritePrivateAsync(rc, $"account default\nhost localhost\nport {Port(465)}\ntls on\ntls_starttls off\ntls_trust_file {Server.CaFile}\nauth on\nuser {Alice}\npassword {password}\nfrom {from}\n");
            return await Programs.TryRunAsync("msmtp", ["-C", rc, .. recipients], $"From: {from}\nSubject: x\n\nx\n");
        }
        (int code, string said) = await SendAsync("wrong", Alice, Bob);
        Assert.Equal(77, code); // EX_NOPERM
        Assert.Contains("535 5.7.8", said, StringComparison.Ordinal);
        (code, said) = await SendAsync(Password, Bob, Bob);
        Assert.Equal(65, code); // EX_DATAERR
        Assert.Contains("553 5.7.1", said, StringComparison.Ordinal);
        (code, said) = await SendAsync(Password, Alice, Bob, "nobody@example.test");
        Assert.Equal(65, code);
        Assert.Contains("550 5.1.1", said, StringComparison.Ordinal);
        (code, said) = await SendAsync(Password, Alice, Bob);
        Assert.True(code == 0, said);
        File.Delete(rc);
    }

    [Theory]
    [InlineData("smtp", 587)]
    [InlineData("smtps", 465)]
    public async Task Neomutt_sends_and_reads_over_pop3(string scheme, int port)
    {
        Programs.Require("neomutt", "script");
        string home = Directory.CreateTempSubdirectory("mailaccess-neomutt-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "Mail")); // Else it asks, and takes keys that were meant for later as the answer.
        string token = $"neomutt-{Guid.NewGuid():N}";
        string rc = Path.Combine(home, "rc");
        string saved = Path.Combine(home, "saved");
        await WritePrivateAsync(rc, $"""
            set from="{Bob}"
            set use_envelope_from=yes
            set smtp_url="{scheme}://{Bob.Replace("@", "%40", StringComparison.Ordinal)}:{Password}@localhost:{Port(port)}/"
            # At 587 what its GNU SASL chooses: it would take SCRAM-SHA-256-PLUS if that was offered, have no binding for it, and try nothing else.
            {(port == 587 ? "" : "set smtp_authenticators=login")}
            set send_charset="utf-8"
            set ssl_starttls=yes
            set ssl_force_tls=yes
            set ssl_ca_certificates_file="{Server.CaFile}"
            set certificate_file="{Server.CaFile}"
            set copy=no
            set pop_user="{Alice}"
            set pop_pass="{Password}"
            set pop_host="{(port == 587 ? "pop" : "pops")}://localhost:{Port(port == 587 ? 110 : 995)}/"
            set spoolfile="{(port == 587 ? "pop" : "pops")}://localhost:{Port(port == 587 ? 110 : 995)}/"
            set header_cache=""
            set message_cachedir=""
            set confirmappend=no
            set confirmcreate=no
            set delete=yes
            set quit=yes
            set move=no

            """);
        await Programs.RunAsync("neomutt", ["-F", rc, "-s", token, Alice], "Zeile mit Umlaut: ä\n.\nand a dot\n", new() { ["HOME"] = home });

        // A terminal for it: script(1). The message goes from the maildrop into a file; keys that come before the maildrop is open would mean something else.
        string keys = $"<tag-pattern>~s {token}<enter><tag-prefix><save-message>{saved}<enter><sync-mailbox><quit>";
        await File.AppendAllTextAsync(rc, $"folder-hook . 'push \"{keys}\"'\n");
        await Programs.TryRunAsync("script", ["-qec", $"neomutt -F {rc}", "/dev/null"], environment: new() { ["HOME"] = home, ["TERM"] = "xterm" });
        string received = await File.ReadAllTextAsync(saved);
        Assert.Contains($"Subject: {token}", received, StringComparison.Ordinal);
        Assert.Contains("Umlaut: ä\n.\nand a dot\n", received, StringComparison.Ordinal);
        Assert.Equal("* SEARCH", (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Alice)).Trim());
        Directory.Delete(home, recursive: true);
    }
}
