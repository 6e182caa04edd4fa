using System.IO.Compression;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Security;

/// <summary>What domains are told about TLS. RFC 8460.</summary>
public sealed class TlsReportTests : SecureDeliveryFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-tlsrpt-").FullName;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Task ServeAsync(ScriptedPeer peer) => ServeAsync(peer, o => o with
    {
        TrustedCertificates = [Root.Certificate],
        SecurityFolder = _folder,
        TlsReportContact = Samples.Path("tls@example.test"),
        TlsReportOrganization = "Example",
    });

    private static JsonElement Unpack(byte[] report)
    {
        using GZipStream gzip = new(new MemoryStream(report), CompressionMode.Decompress);
        using JsonDocument document = JsonDocument.Parse(gzip);
        return document.RootElement.Clone();
    }

    // Midnight comes, and the four hours of delay go.
    private void EndDay()
    {
        for (int hour = 0; hour < 29; hour++)
        {
            Harness.Clock.Advance(TimeSpan.FromHours(1));
        }
    }

    private async Task<JsonElement> PostedAsync()
    {
        EndDay();
        await Harness.Logger.SawAsync("TLSRPT: report about far.test", "handed to https://");
        return Unpack(Assert.Single(Fetcher.Posted).Report);
    }

    private static (string Type, long Successes, long Failures, string Kinds) Of(JsonElement policy) => (
        policy.GetProperty("policy").GetProperty("policy-type").GetString()!,
        policy.GetProperty("summary").GetProperty("total-successful-session-count").GetInt64(),
        policy.GetProperty("summary").GetProperty("total-failure-session-count").GetInt64(),
        string.Join(' ', policy.GetProperty("failure-details").EnumerateArray().Select(d => d.GetProperty("result-type").GetString())));

    [Fact]
    public async Task A_domain_that_asks_gets_a_days_counts_the_day_after_also_over_a_restart()
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        await ServeAsync(peer);
        Dns.Text["_smtp._tls.far.test"] = ["v=TLSRPTv1; rua=https://reports.far.test/v1"];
        Publish(Policy("enforce"));
        Assert.Contains("status=sent", await SendAsync(), StringComparison.Ordinal);
        await Harness.Logger.SawAsync("removed");
        await Harness.RestartAsync();
        JsonElement report = await PostedAsync();
        Assert.Equal("Example", report.GetProperty("organization-name").GetString());
        Assert.Equal("tls@example.test", report.GetProperty("contact-info").GetString());
        Assert.EndsWith("T00:00:00Z", report.GetProperty("date-range").GetProperty("start-datetime").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("T23:59:59Z", report.GetProperty("date-range").GetProperty("end-datetime").GetString(), StringComparison.Ordinal);
        JsonElement policy = Assert.Single(report.GetProperty("policies").EnumerateArray());
        Assert.Equal(("sts", 1L, 0L, ""), Of(policy));
        Assert.Equal(["version: STSv1", "mode: enforce", "mx: mx.far.test", "max_age: 604800"],
            policy.GetProperty("policy").GetProperty("policy-string").EnumerateArray().Select(s => s.GetString()));
        Assert.Equal("far.test", policy.GetProperty("policy").GetProperty("policy-domain").GetString());
        EndDay();
        Assert.Single(Fetcher.Posted);
    }

    [Theory]
    [InlineData("enforce", "no STARTTLS", "sts", "starttls-not-supported")]
    [InlineData("enforce", "other.test", "sts", "certificate-host-mismatch")]
    [InlineData("testing", "other.test", "sts", "certificate-host-mismatch")]
    [InlineData("testing", "expired", "sts", "certificate-expired")]
    [InlineData("testing", "untrusted", "sts", "certificate-not-trusted")]
    [InlineData("testing elsewhere", "mx.far.test", "sts", "validation-failure")]
    [InlineData("enforce elsewhere", "mx.far.test", "sts", "validation-failure")]
    [InlineData("missing", "mx.far.test", "sts", "sts-policy-fetch-error")]
    [InlineData("no", "no STARTTLS", "no-policy-found", "starttls-not-supported")]
    [InlineData("dane", "other.test", "tlsa", "validation-failure")]
    [InlineData("dane down", "other.test", "tlsa", "dnssec-invalid")]
    public async Task Failures_are_told_by_kind(string policy, string server, string type, string kind) // §4.3
    {
        using TestAuthority stranger = TestAuthority.Create("Stranger");
        using X509Certificate2 certificate = server switch
        {
            "untrusted" => stranger.Issue("mx.far.test"),
            "expired" => Root.Issue(TestAuthority.Day(-40), TestAuthority.Day(-20), "mx.far.test"),
            _ => Root.Issue(server),
        };
        await using ScriptedPeer peer = Peer(server == "no STARTTLS" ? null : certificate);
        await ServeAsync(peer);
        Dns.Text["_smtp._tls.far.test"] = ["v=TLSRPTv1; rua=https://reports.far.test/v1"];
        string[] words = policy.Split(' ');
        if (words[0] is "enforce" or "testing")
        {
            Publish(Policy(words[0], words.Length > 1 ? "elsewhere.test" : "mx.far.test"));
        }
        else if (words[0] == "missing")
        {
            Dns.Text["_mta-sts.far.test"] = ["v=STSv1; id=1"];
        }
        else if (policy == "dane")
        {
            Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, Root.Certificate)];
        }
        else if (policy == "dane down")
        {
            Dns.Fail.Add("tlsa " + NameAt(peer));
        }
        await SendAsync();
        Dns.Fail.Clear();
        JsonElement[] policies = [.. (await PostedAsync()).GetProperty("policies").EnumerateArray()];
        Assert.Contains(policies, p => Of(p) is { } found && (found.Type == type || policy == "dane down") && found.Failures >= 1 && found.Kinds == kind);
    }

    [Fact]
    public async Task A_report_by_mail_says_what_it_is_and_goes_in_spite_of_everything() // §5.3
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        await ServeAsync(peer);
        Dns.Text["_smtp._tls.far.test"] = ["v=TLSRPTv1;rua=mailto:tls%2Dreports@far.test,https://reports.far.test/v1"];
        Fetcher.PostRefusal = "HTTP status 500";
        await SendAsync();
        await peer.NextMessageAsync(None);
        await Harness.Logger.SawAsync("removed");
        Publish(Policy("enforce", "elsewhere.test")); // Now nothing else would get through.
        EndDay();
        while ((await Harness.Logger.SawAsync("to=<tls-reports@far.test>", "status=")).Contains("status=deferred", StringComparison.Ordinal))
        {
            await WaitingAsync();
            Harness.Clock.Advance(TimeSpan.FromHours(4)); // The day's last hours had passed while it was being dialled.
        }
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.Equal(("MAIL FROM:<tls@example.test>", "RCPT TO:<tls-reports@far.test> NOTIFY=NEVER"), (message.Mail, message.Recipients.Single()));
        Assert.Contains("\r\nTLS-Report-Domain: far.test\r\nTLS-Report-Submitter: example.test\r\nTLS-Required: No\r\n", message.Text, StringComparison.Ordinal);
        Assert.Contains("multipart/report; report-type=\"tlsrpt\"", message.Text, StringComparison.Ordinal);
        Assert.Matches("Subject: Report Domain: far.test Submitter: example.test\\s+Report-ID:\\s+<[0-9a-f]{24}@example.test>", message.Text);
        Assert.Matches("filename=\"example.test!far.test![0-9]+![0-9]+![0-9a-f]{24}.json.gz\"", message.Text);
        string part = message.Text.Split("application/tlsrpt+gzip", 2)[1].Split("\r\n\r\n", 2)[1].Split("\r\n--", 2)[0];
        Assert.Equal(("no-policy-found", 1L, 0L, ""), Of(Unpack(Convert.FromBase64String(part)).GetProperty("policies")[0]));
    }

    [Fact]
    public async Task Who_asks_for_nothing_gets_nothing()
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        await ServeAsync(peer);
        await SendAsync();
        await Harness.Logger.SawAsync("removed");
        EndDay();
        await Harness.Queue.StopAsync(TimeSpan.Zero);
        Assert.Empty(Fetcher.Posted);
        Assert.Single(peer.Messages);
    }

    [Theory]
    [InlineData("https://a.test/x mailto:b@c.test", "v=TLSRPTv1; rua=https://a.test/x , mailto:b@c.test;")]
    [InlineData("mailto:b@c.test", "v=TLSRPTv1;x=y;rua=mailto:b@c.test,ftp://a.test/")]
    [InlineData("", "v=TLSRPTv1;rua=mailto:b@c.test", "v=TLSRPTv1;rua=mailto:b@c.test")]
    [InlineData("", "v=TLSRPTv2;rua=mailto:b@c.test")]
    [InlineData("", "v=TLSRPTv1")]
    [InlineData("")]
    public void The_record_tells_where(string addresses, params string[] records) => // §3
        Assert.Equal(addresses, string.Join(' ', TlsReporter.FindAddresses(records).Select(a => a.OriginalString)));

    [Fact]
    public void Counts_are_bounded_and_a_damaged_file_begins_anew()
    {
        string file = Path.Combine(_folder, "outcomes.json");
        File.WriteAllText(file, "{\"2026", Encoding.ASCII);
        TlsOutcomes outcomes = new(Harness.Clock, file);
        HostTls terms = new() { Policy = Routing.TlsPolicy.Required, Why = "" };
        for (int i = 0; i < 10_100; i++)
        {
            outcomes.Add($"{i}.test", terms, null);
            outcomes.Add("0.test", terms, new TlsFailure("validation-failure", Reason: $"{i}" + new string('x', 500)));
        }
        Harness.Clock.Advance(TimeSpan.FromDays(1));
        (DateTimeOffset day, IReadOnlyList<string> domains) = Assert.Single(outcomes.Finished());
        Assert.Equal(10_000, domains.Count);
        PolicyOutcomes policy = Assert.Single(outcomes.Find(day, "0.test"));
        Assert.Equal((10_100, 50), (policy.Failures, policy.Details.Count));
        Assert.All(policy.Details, d => Assert.True(d.Failure.Reason!.Length <= 200));
        outcomes.Save();
        Assert.Equal(10_000, new TlsOutcomes(Harness.Clock, file).Finished().Single().Domains.Count);
    }
}
