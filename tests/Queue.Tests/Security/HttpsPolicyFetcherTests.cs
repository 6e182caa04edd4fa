using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Security;

/// <summary>Policies by HTTPS from a server on loopback. RFC 8461 §3.3.</summary>
public sealed class HttpsPolicyFetcherTests : IDisposable
{
    private readonly TestAuthority _root = TestAuthority.Create();
    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    /// <summary>Answers each connection with these octets; null: with silence.</summary>
    private sealed class WebServer : IAsyncDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly Task _serving;

        public WebServer(X509Certificate2 certificate, string? answer)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            _serving = ServeAsync(certificate, answer);
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        public List<string> Requests { get; } = [];

        public SemaphoreSlim Asked { get; } = new(0);

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _serving;
        }

        private async Task ServeAsync(X509Certificate2 certificate, string? answer)
        {
            List<SslStream> open = [];
            try
            {
                while (true)
                {
                    SslStream stream = new(new NetworkStream(await _listener.AcceptAsync(), ownsSocket: true));
                    open.Add(stream);
                    await AnswerAsync(stream, certificate, answer);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
            }
            open.ForEach(s => s.Dispose());
        }

        private async Task AnswerAsync(SslStream stream, X509Certificate2 certificate, string? answer)
        {
            try
            {
                await stream.AuthenticateAsServerAsync(certificate);
                byte[] buffer = new byte[8192];
                string request = "";
                while (!request.Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer) is > 0 and int length)
                {
                    request += Encoding.ASCII.GetString(buffer, 0, length);
                }
                if (request.Length == 0)
                {
                    return; // The client liked the certificate not, or has gone.
                }
                Requests.Add(request);
                Asked.Release();
                if (answer is not null)
                {
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer));
                    await stream.ShutdownAsync();
                }
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
            }
        }
    }

    private HttpsPolicyFetcher To(WebServer server) => new(new FakeResolver(), [_root.Certificate], _clock, _ => server.EndPoint);

    private static string Ok(string body, string type = "text/plain") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/plain; charset=utf-8; x=y")]
    [InlineData("Text/Plain")]
    public async Task A_policy_comes_from_its_host_over_https(string type)
    {
        using X509Certificate2 certificate = _root.Issue("mta-sts.far.test");
        await using WebServer server = new(certificate, Ok("version: STSv1\n", type));
        using HttpsPolicyFetcher fetcher = To(server);
        Assert.Equal(new FetchResult("version: STSv1\n"), await fetcher.FetchAsync("far.test", None));
        Assert.StartsWith("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.far.test\r\n", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("far.test/x?")]
    [InlineData("far.test:8443")]
    [InlineData("user@far.test")]
    [InlineData("far test")]
    [InlineData("far..test")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890abcd.test")]
    public async Task A_domain_that_is_no_host_name_is_asked_nothing(string domain)
    {
        using X509Certificate2 certificate = _root.Issue("mta-sts.far.test");
        await using WebServer server = new(certificate, Ok("version: STSv1\n"));
        using HttpsPolicyFetcher fetcher = To(server);
        Assert.Equal(FetchFlaw.Unreachable, (await fetcher.FetchAsync(domain, None)).Flaw);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.far.test/other\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 203 Maybe\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\nhi")]
    public async Task Everything_but_a_whole_text_is_none(string answer)
    {
        using X509Certificate2 certificate = _root.Issue("mta-sts.far.test");
        await using WebServer server = new(certificate, answer);
        using HttpsPolicyFetcher fetcher = To(server);
        FetchResult result = await fetcher.FetchAsync("far.test", None);
        Assert.Equal((null, FetchFlaw.Unreachable), (result.Text, result.Flaw));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("far.test")]
    [InlineData("mta-sts.other.test")]
    [InlineData("expired")]
    [InlineData("unknown authority")]
    [InlineData("common name")]
    public async Task The_hosts_certificate_must_be_its_own(string flaw)
    {
        using TestAuthority other = TestAuthority.Create();
        using X509Certificate2 certificate = flaw switch
        {
            "expired" => _root.Issue(TestAuthority.Day(-40), TestAuthority.Day(-20), "mta-sts.far.test"),
            "unknown authority" => other.Issue("mta-sts.far.test"),
            "common name" => _root.Issue(),
            _ => _root.Issue(flaw),
        };
        await using WebServer server = new(certificate, Ok("version: STSv1\n"));
        using HttpsPolicyFetcher fetcher = To(server);
        Assert.Equal(FetchFlaw.Certificate, (await fetcher.FetchAsync("far.test", None)).Flaw);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(65536, FetchFlaw.None)]
    [InlineData(65537, FetchFlaw.Unreachable)]
    public async Task A_policy_has_64_kib_at_most(int octets, FetchFlaw expected)
    {
        using X509Certificate2 certificate = _root.Issue("mta-sts.far.test");
        await using WebServer server = new(certificate, Ok(new string('x', octets)));
        using HttpsPolicyFetcher fetcher = To(server);
        Assert.Equal(expected, (await fetcher.FetchAsync("far.test", None)).Flaw);
    }

    [Fact]
    public async Task A_host_that_says_nothing_has_a_minute()
    {
        using X509Certificate2 certificate = _root.Issue("mta-sts.far.test");
        await using WebServer server = new(certificate, null);
        using HttpsPolicyFetcher fetcher = To(server);
        Task<FetchResult> fetching = fetcher.FetchAsync("far.test", None);
        await server.Asked.WaitAsync(None);
        Assert.False(fetching.IsCompleted);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("timed out", (await fetching).Reason);
    }

    [Fact]
    public async Task A_host_without_address_and_one_that_is_down_are_unreachable()
    {
        FakeResolver resolver = new();
        using HttpsPolicyFetcher fetcher = new(resolver, null, _clock);
        Assert.Equal(FetchFlaw.Unreachable, (await fetcher.FetchAsync("far.test", None)).Flaw);
        Assert.Contains("addresses mta-sts.far.test", resolver.Asked);
        using X509Certificate2 certificate = _root.Issue("mta-sts.far.test");
        WebServer gone = new(certificate, null);
        IPEndPoint place = gone.EndPoint;
        await gone.DisposeAsync();
        using HttpsPolicyFetcher late = new(resolver, null, _clock, _ => place);
        Assert.Equal(FetchFlaw.Unreachable, (await late.FetchAsync("far.test", None)).Flaw);
    }

    [Theory]
    [InlineData("201 Created", null)]
    [InlineData("500 No", "HTTP status 500")]
    public async Task A_report_is_posted_as_what_it_is(string status, string? expected) // RFC 8460 §5.4
    {
        using X509Certificate2 certificate = _root.Issue("reports.test");
        await using WebServer server = new(certificate, $"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using HttpsPolicyFetcher fetcher = To(server);
        Assert.Equal(expected, await fetcher.PostReportAsync(new Uri("https://reports.test/v1"), new byte[] { 1, 2, 3 }, None));
        string request = Assert.Single(server.Requests);
        Assert.StartsWith("POST /v1 HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/tlsrpt+gzip\r\n", request, StringComparison.Ordinal);
    }
}
