using System.Globalization;

namespace MailAccess.EndToEnd.Logins;

/// <summary>Every mechanism that curl, msmtp and mpop have, against the server as a user starts it, over STARTTLS and implicit TLS.</summary>
public sealed class LoginTests(LoginServer logins) : IClassFixture<LoginServer>
{
    private const string Alice = "alice@example.test";
    private const string Bob = "bob@example.test";

    /// <summary>curl's words for "the server did not let me log in".</summary>
    private const int LoginDenied = 67;

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    [InlineData("XOAUTH2")]
    [InlineData("OAUTHBEARER")]
    [InlineData("EXTERNAL")]
    public async Task Curl_logs_in_over_imap_pop3_and_submission(string mechanism)
    {
        Programs.Require("curl");
        string[] credential = mechanism switch
        {
            "EXTERNAL" => ["--user", Alice + ":", .. Certificate("alice")],
            "PLAIN" or "LOGIN" => ["--user", Alice + ":demo"],
            _ => ["--user", Alice, "--oauth2-bearer", logins.Token()],
        };
        foreach (string[] where in Doors())
        {
            await Programs.RunAsync("curl", [.. Common(mechanism), .. credential, .. where], "From: alice@example.test\r\nSubject: by curl\r\n\r\nx\r\n");
        }
        Assert.InRange(logins.KeyRequests, 0, 1); // Keys are kept, not asked for at each login.
    }

    [Theory]
    [InlineData("PLAIN", "password")]
    [InlineData("LOGIN", "password")]
    [InlineData("XOAUTH2", "audience")]
    [InlineData("OAUTHBEARER", "expired")]
    [InlineData("OAUTHBEARER", "signature")]
    [InlineData("OAUTHBEARER", "account")]
    [InlineData("EXTERNAL", "authority")]
    [InlineData("EXTERNAL", "account")]
    public async Task What_does_not_count_opens_nothing(string mechanism, string wrong)
    {
        Programs.Require("curl");
        string[] credential = wrong switch
        {
            "password" => ["--user", Alice + ":wrong"],
            "audience" => ["--user", Alice, "--oauth2-bearer", logins.Token(audience: "other.example.test")],
            "expired" => ["--user", Alice, "--oauth2-bearer", logins.Token(lifetimeSeconds: -3600)],
            "signature" => ["--user", Alice, "--oauth2-bearer", logins.Token(isStrangers: true)],
            "authority" => ["--user", Alice + ":", .. Certificate("stranger")],
            _ when mechanism == "EXTERNAL" => ["--user", Bob + ":", .. Certificate("alice")],
            _ => ["--user", Bob, "--oauth2-bearer", logins.Token()],
        };
        foreach (string[] where in Doors().Where((_, i) => i % 2 == 0)) // One door a protocol: each guess makes the next one wait longer.
        {
            (int code, string said) = await Programs.TryRunAsync("curl", [.. Common(mechanism), .. credential, .. where], "From: alice@example.test\r\n\r\nx\r\n");
            Assert.True(code == LoginDenied, $"{where[^1]}: {code}\n{said}");
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("login")]
    [InlineData("scram-sha-1")]
    [InlineData("scram-sha-256")]
    [InlineData("oauthbearer")]
    [InlineData("xoauth2")]
    [InlineData("external")]
    public async Task Msmtp_sends_and_mpop_fetches(string mechanism)
    {
        Programs.Require("msmtp", "mpop");
        string[] words = (await Programs.RunAsync("msmtp", ["--version"])).Split([' ', '\n']);
        Assert.SkipUnless(words.Contains(mechanism), $"msmtp is built without {mechanism}");
        string home = Directory.CreateTempSubdirectory("mailaccess-msmtp-").FullName;
        string rc = Path.Combine(home, "rc");
        string secret = mechanism.Contains("oauth", StringComparison.Ordinal) ? logins.Token() : "demo";
        foreach ((int smtp, int pop, string starttls) in new[] { (587, 110, "on"), (465, 995, "off") })
        {
            string token = $"msmtp-{Guid.NewGuid():N}";
            string common = $"account default\nhost localhost\ntls on\ntls_starttls {starttls}\ntls_trust_file {logins.Server.CaFile}\nauth {mechanism}\nuser {Alice}\npassword {secret}\n"
                + (mechanism == "external" ? $"tls_cert_file {logins.PathOf("alice.pem")}\ntls_key_file {logins.PathOf("alice.key")}\n" : "");
            await WriteAsync(rc, common + $"port {Port(smtp)}\nfrom {Alice}\n");
            await Programs.RunAsync("msmtp", ["-C", rc, Alice], $"From: {Alice}\nTo: {Alice}\nSubject: {token}\n\nby msmtp\n");

            string delivered = Path.Combine(home, "delivered");
            await WriteAsync(rc, common + $"port {Port(pop)}\nkeep off\ndelivery mbox {delivered}\nuidls_file {home}/uidls\n");
            await Programs.RunAsync("mpop", ["--file", rc, "--quiet"], environment: new() { ["HOME"] = home });
            Assert.Contains($"Subject: {token}", await File.ReadAllTextAsync(delivered), StringComparison.Ordinal);
        }
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Python_logs_in_with_a_certificate_and_a_token_and_is_told_why_not()
    {
        Programs.Require("python3");
        string said = await Programs.RunAsync("python3",
        [
            Path.Combine(Programs.Clients, "logins.py"), logins.Server.PortBase.ToString(CultureInfo.InvariantCulture), logins.Server.CaFile, logins.PathOf("alice.pem"), logins.PathOf("alice.key"),
            logins.Token(), logins.Token(lifetimeSeconds: -3600),
        ]);
        Assert.Contains("ok", said, StringComparison.Ordinal);
        await logins.Server.SaysAsync("the token is refused");
        Assert.DoesNotContain(logins.Token()[..20], logins.Server.Said, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string[] Common(string mechanism) => ["--silent", "--show-error", "--cacert", logins.Server.CaFile, "--ssl-reqd", "--login-options", "AUTH=" + mechanism];

    private string[] Certificate(string name) => ["--cert", logins.PathOf(name + ".pem"), "--key", logins.PathOf(name + ".key")];

    /// <summary>What each protocol wants of curl: over implicit TLS, then over STARTTLS.</summary>
    private IEnumerable<string[]> Doors()
    {
        string[] message = ["--mail-from", Alice, "--mail-rcpt", Bob, "--upload-file", "-"];
        yield return [$"imaps://localhost:{Port(993)}/INBOX?ALL"];
        yield return [$"imap://localhost:{Port(143)}/INBOX?ALL"];
        yield return [$"pop3s://localhost:{Port(995)}/"];
        yield return [$"pop3://localhost:{Port(110)}/"];
        yield return [.. message, $"smtps://localhost:{Port(465)}"];
        yield return [.. message, $"smtp://localhost:{Port(587)}"];
    }

    private string Port(int standard) => logins.Server.Port(standard).ToString(CultureInfo.InvariantCulture);
}
