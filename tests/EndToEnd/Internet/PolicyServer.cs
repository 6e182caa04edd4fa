using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MailAccess.EndToEnd.Internet;

/// <summary>MTA-STS policies by HTTPS, at the one port at which they are looked for (RFC 8461 §3.3).</summary>
internal sealed class PolicyServer : IAsyncDisposable
{
    private const int HttpsPort = 443;
    private readonly TcpListener _listener;
    private readonly SslStreamCertificateContext _certificate;
    private readonly Dictionary<string, string> _policies;
    private readonly Task _serving;

    private PolicyServer(TcpListener listener, X509Certificate2 certificate, Dictionary<string, string> policies)
    {
        _listener = listener;
        _certificate = SslStreamCertificateContext.Create(certificate, null, offline: true);
        _policies = policies;
        _serving = AcceptAsync();
    }

    /// <summary>The host of a domain's policy.</summary>
    public static string HostOf(string domain) => "mta-sts." + domain;

    /// <summary>Policies by domain, under a certificate for their hosts; null: we may not listen there.</summary>
    public static PolicyServer? TryStart(string address, X509Certificate2 certificate, Dictionary<string, string> policies)
    {
        TcpListener listener = new(IPAddress.Parse(address), HttpsPort);
        try
        {
            listener.Start();
            return new PolicyServer(listener, certificate, policies);
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
    }

    private async Task AcceptAsync()
    {
        List<Task> conversations = [];
        try
        {
            while (true)
            {
                conversations.Add(AnswerAsync(await _listener.AcceptTcpClientAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            await Task.WhenAll(conversations);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        try
        {
            using TcpClient owned = client;
            await using SslStream stream = new(client.GetStream());
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = _certificate });
            using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
            string? request = await reader.ReadLineAsync();
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }
            string? policy = request == "GET /.well-known/mta-sts.txt HTTP/1.1" ? _policies.FirstOrDefault(p => HostOf(p.Key) == stream.TargetHostName).Value : null;
            string answer = policy is null
                ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {policy.Length}\r\nConnection: close\r\n\r\n{policy}");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
        }
    }
}
