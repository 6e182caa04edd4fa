namespace MailAccess.EndToEnd;

/// <summary>Programs that fetch mail over POP3.</summary>
public sealed class Pop3ClientTests(SharedDemoServer shared) : ClientKit(shared)
{
    [Fact]
    public async Task Msmtp_sends_and_fetchmail_fetches_and_deletes()
    {
        Programs.Require("msmtp", "fetchmail");
        string home = Directory.CreateTempSubdirectory("mailaccess-msmtp-").FullName;
        string token = $"msmtp-{Guid.NewGuid():N}";
        string rc = Path.Combine(home, "msmtprc");
        await WritePrivateAsync(rc, $"account default\nhost localhost\nport {Port(587)}\ntls on\ntls_starttls on\ntls_trust_file {Server.CaFile}\nauth on\nuser {Bob}\npassword {Password}\nfrom {Bob}\n");
        await Programs.RunAsync("msmtp", ["-C", rc, Alice], $"From: {Bob}\nTo: {Alice}\nSubject: {token}\n\nby msmtp\n");

        string delivered = Path.Combine(home, "delivered");
        string fetchmailrc = Path.Combine(home, "fetchmailrc");
        await WritePrivateAsync(fetchmailrc,
            $"poll localhost service {Port(995)} protocol pop3 username \"{Alice}\" password \"{Password}\" ssl sslcertfile \"{Server.CaFile}\" sslcommonname localhost fetchall no rewrite mda \"cat >> {delivered}\"\n");
        await Programs.RunAsync("fetchmail", ["--fetchmailrc", fetchmailrc, "--pidfile", Path.Combine(home, "pid"), "--idfile", Path.Combine(home, "ids"), "--nosyslog"], environment: new() { ["HOME"] = home });
        Assert.Contains(token, await File.ReadAllTextAsync(delivered), StringComparison.Ordinal);
        string left = await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Alice);
        Assert.Equal("* SEARCH", left.Trim());
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Getmail_fetches_what_is_new_over_pop3_and_leaves_it_there()
    {
        Programs.Require("getmail", "curl");
        string home = Directory.CreateTempSubdirectory("mailaccess-getmail-").FullName;
        string delivered = Path.Combine(home, "delivered");
        await File.WriteAllTextAsync(delivered, "");
        await WritePrivateAsync(Path.Combine(home, "getmailrc"), $"""
            [retriever]
            type = SimplePOP3SSLRetriever
            server = localhost
            port = {Port(995)}
            username = {Alice}
            password = {Password}
            ca_certs = {Server.CaFile}

            [destination]
            type = MDA_external
            path = /bin/sh
            arguments = ("-c", "cat >> {delivered}")
            allow_root_commands = true

            [options]
            delete = false
            read_all = false
            delivered_to = false
            received = false
            """);
        string first = $"getmail-{Guid.NewGuid():N}";
        string second = $"getmail-{Guid.NewGuid():N}";
        foreach (string token in new[] { first, second })
        {
            await AppendByCurlAsync(Alice, "INBOX", $"From: {Bob}\r\nTo: {Alice}\r\nSubject: {token}\r\nMessage-ID: <{token}@example.test>\r\n\r\nto be fetched\r\n");
            await Programs.RunAsync("getmail", ["--getmaildir", home, "--rcfile", "getmailrc", "--quiet"], environment: new() { ["HOME"] = home });
            Assert.Contains($"Subject: {token}", await File.ReadAllTextAsync(delivered), StringComparison.Ordinal);
        }
        string all = await File.ReadAllTextAsync(delivered);
        Assert.Equal(2, all.Split($"Subject: {first}").Length); // Once: the second time it was known by its unique-id.
        Assert.NotEqual("* SEARCH", (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{first}", Alice)).Trim());
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Mpop_logs_in_after_STLS_fetches_and_deletes()
    {
        Programs.Require("mpop", "curl");
        string home = Directory.CreateTempSubdirectory("mailaccess-mpop-").FullName;
        string delivered = Path.Combine(home, "delivered");
        string rc = Path.Combine(home, "mpoprc");
        await WritePrivateAsync(rc, $"""
            account default
            host localhost
            port {Port(110)}
            tls on
            tls_starttls on
            tls_trust_file {Server.CaFile}
            user {Alice}
            password {Password}
            keep off
            delivery mbox {delivered}
            uidls_file {home}/uidls
            """);
        string token = $"mpop-{Guid.NewGuid():N}";
        await AppendByCurlAsync(Alice, "INBOX", $"From: {Bob}\r\nTo: {Alice}\r\nSubject: {token}\r\nMessage-ID: <{token}@example.test>\r\n\r\nto be fetched\r\n");
        await Programs.RunAsync("mpop", ["--file", rc, "--quiet"], environment: new() { ["HOME"] = home });
        Assert.Contains($"Subject: {token}", await File.ReadAllTextAsync(delivered), StringComparison.Ordinal);
        Assert.Equal("* SEARCH", (await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Alice)).Trim());
        Directory.Delete(home, recursive: true);
    }
}
