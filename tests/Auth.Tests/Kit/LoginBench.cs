using System.Net;
using System.Text;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.History;
using MailAccess.Auth.OAuth;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>An authenticator with what it stands on, and short ways to use it.</summary>
internal sealed class LoginBench : IDisposable
{
    public LoginBench(AuthOptions? options = null, IAccountDirectory? directory = null, string? nonce = null, OAuthTokens? tokens = null, LoginHistory? history = null,
        Func<TimeProvider, Microsoft.Extensions.Logging.ILogger, AppPasswordDesk>? appPasswords = null)
    {
        Directory = directory as MemoryDirectory ?? new MemoryDirectory();
        AuthOptions chosen = options ?? new AuthOptions { Mechanisms = SaslMechanisms.All };
        int nonces = 0;
        Authenticator = new Authenticator(
            directory ?? Directory, chosen, Clock, Log, tokens, history, appPasswords?.Invoke(Clock, Log), () => nonce ?? $"nonce{nonces++}");
    }

    public static AuthenticationContext OverTls { get; } = From("192.0.2.1");

    /// <summary>Under TLS with a certificate that a channel can be bound to.</summary>
    public static AuthenticationContext OverBoundTls { get; } = OverTls with { ServerEndPointBinding = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray() };

    public MemoryDirectory Directory { get; }

    public AutoClock Clock { get; } = new();

    public CapturedLog Log { get; } = new();

    public Authenticator Authenticator { get; }

    public static AuthenticationContext From(string address, bool encrypted = true) =>
        new() { Remote = IPAddress.Parse(address), ConnectionId = "c1", Protocol = "imap", IsEncrypted = encrypted };

    public ValueTask<SaslStep> LoginAsync(string name, string password, AuthenticationContext? context = null) =>
        Authenticator.CheckPasswordAsync(name, Encoding.UTF8.GetBytes(password), context ?? OverTls, TestContext.Current.CancellationToken);

    public ISaslExchange Begin(string mechanism, AuthenticationContext? context = null)
    {
        ISaslExchange? exchange = Authenticator.Begin(mechanism, context ?? OverTls);
        Assert.NotNull(exchange);
        return exchange;
    }

    public static ValueTask<SaslStep> SayAsync(ISaslExchange exchange, string? message) =>
        exchange.RespondAsync(message is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(message), TestContext.Current.CancellationToken);

    public static string Text(SaslStep step)
    {
        Assert.NotNull(step.Challenge);
        return Encoding.UTF8.GetString(step.Challenge.Value.Span);
    }

    public void Dispose() => Authenticator.Dispose();
}
