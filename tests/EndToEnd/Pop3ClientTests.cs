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

    [Theory]
    [InlineData("lmtp", 24)]
    [InlineData("smtp", 25)]
    public async Task Fetchmail_after_STLS_keeps_what_it_fetches_and_hands_it_on(string protocol, int port)
    {
        Programs.Require("fetchmail", "curl");
        string home = Directory.CreateTempSubdirectory("mailaccess-fetchmail-").FullName;
        string rc = Path.Combine(home, "fetchmailrc");
        string token = $"fetchmail-{Guid.NewGuid():N}";
        await WritePrivateAsync(rc,
            $"poll localhost service {Port(110)} protocol pop3 uidl username \"{Alice}\" password \"{Password}\" sslproto \"auto\" sslcertck sslcertfile \"{Server.CaFile}\" sslcommonname localhost "
            + $"smtphost localhost/{Port(port)} {(protocol == "lmtp" ? "lmtp " : "")}smtpname \"{Bob}\" keep no rewrite\n");
        string[] arguments = ["--fetchmailrc", rc, "--pidfile", Path.Combine(home, "pid"), "--idfile", Path.Combine(home, "ids"), "--nosyslog", "-v"];
        await AppendByCurlAsync(Alice, "INBOX", $"From: Ann <ann@y.test>\r\nTo: {Alice}\r\nSubject: {token}\r\nMessage-ID: <{token}@y.test>\r\n\r\nkept: ä\r\n.\r\n");
        string first = await Programs.RunAsync("fetchmail", arguments, environment: new() { ["HOME"] = home });
        Assert.Contains("STLS", first, StringComparison.Ordinal);
        (int code, string again) = await Programs.TryRunAsync("fetchmail", arguments, environment: new() { ["HOME"] = home });
        Assert.True(code == 1, again); // Nothing new: known by its unique-id.

        Assert.Single(Numbers(await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Alice)));
        string number = Assert.Single(Numbers(await CurlAsync($"imaps://localhost:{Port(993)}/INBOX?SUBJECT%20{token}", Bob)));
        string handedOn = await CurlAsync($"imaps://localhost:{Port(993)}/INBOX;MAILINDEX={number}", Bob);
        Assert.EndsWith("\r\n\r\nkept: ä\r\n.\r\n", handedOn, StringComparison.Ordinal);
        Assert.Contains(protocol == "lmtp" ? " LMTP id " : " ESMTP", handedOn.Replace("\r\n ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Directory.Delete(home, recursive: true);
    }

    [Theory]
    [InlineData("mpop", "wrong", 77)]
    [InlineData("fetchmail", "wrong", 3)]
    [InlineData("getmail", "wrong", 127)]
    [InlineData("curl", "wrong", 67)]
    public async Task A_wrong_password_is_seen_as_such(string program, string password, int expected)
    {
        Programs.Require(program);
        string home = Directory.CreateTempSubdirectory("mailaccess-wrong-").FullName;
        string rc = Path.Combine(home, "rc");
        string[] arguments = ["--silent", "--show-error", "--cacert", Server.CaFile, "--user", $"{Bob}:{password}", $"pop3s://localhost:{Port(995)}/"];
        switch (program)
        {
            case "mpop":
                await WritePrivateAsync(rc, $"account default\nhost localhost\nport {Port(995)}\ntls on\ntls_starttls off\ntls_trust_file {Server.CaFile}\nuser {Bob}\npassword {password}\ndelivery mbox {home}/mail\n");
                arguments = ["--file", rc];
                break;
            case "fetchmail":
                await WritePrivateAsync(rc, $"poll localhost service {Port(995)} protocol pop3 username \"{Bob}\" password \"{password}\" ssl sslcertfile \"{Server.CaFile}\" sslcommonname localhost mda cat\n");
                arguments = ["--fetchmailrc", rc, "--pidfile", Path.Combine(home, "pid"), "--nosyslog"];
                break;
            case "getmail":
                await WritePrivateAsync(rc, $"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = {Port(995)}\nusername = {Bob}\npassword = {password}\nca_certs = {Server.CaFile}\n[destination]\ntype = Mboxrd\npath = {home}/mail\n");
                await File.WriteAllTextAsync(Path.Combine(home, "mail"), "");
                arguments = ["--getmaildir", home, "--rcfile", "rc"];
                break;
        }
        (int code, string said) = await Programs.TryRunAsync(program, arguments, environment: new() { ["HOME"] = home });
        Assert.True(code == expected, $"{program}: {code}\n{said}");
        if (program != "curl") // Which has only its exit code for it.
        {
            Assert.Contains("auth", said, StringComparison.OrdinalIgnoreCase);
        }
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Curl_fetches_from_a_folder_that_stands_in_the_login_name()
    {
        Programs.Require("curl");
        string folder = $"Lists/{Guid.NewGuid():N}";
        await Programs.RunAsync("curl", ["--silent", "--show-error", "--cacert", Server.CaFile, "--user", $"{Alice}:{Password}", "--request", $"CREATE {folder}", $"imaps://localhost:{Port(993)}/"]);
        string token = $"folder-{Guid.NewGuid():N}";
        await AppendByCurlAsync(Alice, Uri.EscapeDataString(folder), $"From: {Bob}\r\nTo: {Alice}\r\nSubject: {token}\r\n\r\nto be fetched\r\n");
        foreach (string user in new[] { $"{Alice}+{folder}", $"alice+{folder}@example.test" })
        {
            Assert.Contains(token, await CurlAsync($"pop3s://localhost:{Port(995)}/1", user), StringComparison.Ordinal);
        }
        Assert.Equal("1 ", (await CurlAsync($"pop3s://localhost:{Port(995)}/", $"{Alice}+{folder}"))[..2]);
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

    private static string[] Numbers(string search) => search.Replace("* SEARCH", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
