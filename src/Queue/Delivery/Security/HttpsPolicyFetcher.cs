using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailAccess.Dns;

namespace MailAccess.Queue;

/// <summary>Policies and reports by HTTPS: no redirects, no proxies, no cookies, no compression; names by our own resolver.</summary>
/// <param name="resolver">For the hosts' addresses.</param>
/// <param name="trusted">Authorities besides the system's.</param>
/// <param name="clock">For the time-out.</param>
/// <param name="connectTo">Where connections really go; null: to the host's addresses. For tests.</param>
public sealed class HttpsPolicyFetcher(IResolver resolver, X509Certificate2Collection? trusted, TimeProvider clock, Func<string, IPEndPoint>? connectTo = null)
    : IPolicyFetcher, IDisposable
{
    /// <summary>"a suggested maximum policy size is 64 kilobytes": RFC 8461 §3.3.</summary>
    public const int PolicyOctetsMax = 64 * 1024;

    private const int AddressesTriedMax = 4;

    /// <summary>"A suggested timeout is one minute": RFC 8461 §3.3.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly X509Certificate2Collection? _trusted = trusted;
    private HttpClient? _client;

    private HttpClient Client => _client ?? LazyInitializer.EnsureInitialized(ref _client, Create);

    /// <inheritdoc/>
    public async Task<FetchResult> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        string host = "mta-sts." + domain;
        if (Uri.CheckHostName(host) != UriHostNameType.Dns)
        {
            return new FetchResult(null, FetchFlaw.Unreachable, "no host can have that name"); // Nor may it be read as a port, a path or a user.
        }
        FetchResult result = default;
        (FetchFlaw flaw, string? reason) = await WithinAsync(Read, cancellationToken);
        return flaw == FetchFlaw.None ? result : new FetchResult(null, flaw, reason);

        async Task Read(CancellationToken token)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri($"https://{host}/.well-known/mta-sts.txt"));
            using HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
            result = response.StatusCode != HttpStatusCode.OK
                ? new FetchResult(null, FetchFlaw.Unreachable, string.Create(CultureInfo.InvariantCulture, $"HTTP status {(int)response.StatusCode}"))
                : !"text/plain".Equals(response.Content.Headers.ContentType?.MediaType, StringComparison.OrdinalIgnoreCase)
                ? new FetchResult(null, FetchFlaw.Unreachable, "the media type is not text/plain")
                : await ReadAsync(response.Content, token);
        }
    }

    /// <inheritdoc/>
    public async Task<string?> PostReportAsync(Uri address, ReadOnlyMemory<byte> report, CancellationToken cancellationToken)
    {
        string? refusal = null;
        (_, string? reason) = await WithinAsync(Post, cancellationToken);
        return reason ?? refusal;

        async Task Post(CancellationToken token)
        {
            using ReadOnlyMemoryContent content = new(report);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/tlsrpt+gzip");
            using HttpRequestMessage request = new(HttpMethod.Post, address) { Content = content };
            using HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
            refusal = response.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"HTTP status {(int)response.StatusCode}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client?.Dispose();

    private static async Task<FetchResult> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        byte[] octets = new byte[PolicyOctetsMax + 1];
        await using Stream body = await content.ReadAsStreamAsync(cancellationToken);
        int length = await body.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken);
        return length > PolicyOctetsMax
            ? new FetchResult(null, FetchFlaw.Unreachable, "the policy is larger than 64 KiB")
            : new FetchResult(Encoding.UTF8.GetString(octets, 0, length));
    }

    private async Task<(FetchFlaw Flaw, string? Reason)> WithinAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(Timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await work(either.Token);
            return (FetchFlaw.None, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (FetchFlaw.Unreachable, "timed out");
        }
        catch (HttpRequestException e)
        {
            return e.InnerException is AuthenticationException
                ? (FetchFlaw.Certificate, "the certificate of the policy host is not valid for it")
                : (FetchFlaw.Unreachable, e.GetBaseException().Message);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return (FetchFlaw.Unreachable, e.GetBaseException().Message);
        }
    }

    private HttpClient Create()
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false, // "HTTP 3xx redirects MUST NOT be followed": RFC 8461 §3.3.
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = 4,
            PooledConnectionIdleTimeout = TimeSpan.Zero,
            ConnectCallback = ConnectAsync,
        };
        handler.SslOptions.CertificateChainPolicy = CertificateChains.NewPolicy();
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
            certificate is X509Certificate2 leaf && IsValid(((SslStream)sender).TargetHostName, leaf, chain, errors);
        return new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    // Only DNS names: RFC 8461 §3.3.
    private bool IsValid(string host, X509Certificate2 leaf, X509Chain? chain, SslPolicyErrors errors) =>
        CertificateNames.Match(leaf, [host], allowsCommonName: false)
        && ((errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0
            || (_trusted is { Count: > 0 } && CertificateChains.CheckUnder(_trusted, leaf, chain?.ChainPolicy.ExtraStore ?? []) == CertificateFlaw.None));

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        IPEndPoint[] places = connectTo is not null
            ? [connectTo(context.DnsEndPoint.Host)]
            : [.. (await resolver.ResolveAddressesAsync(context.DnsEndPoint.Host, cancellationToken)).Records.Take(AddressesTriedMax)
                .Select(a => new IPEndPoint(a, context.DnsEndPoint.Port))];
        SocketException? last = null;
        foreach (IPEndPoint place in places)
        {
            Socket socket = new(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(place, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw last ?? (Exception)new IOException($"{context.DnsEndPoint.Host} has no address");
    }
}
