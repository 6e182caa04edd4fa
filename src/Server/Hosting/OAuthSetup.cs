using MailAccess.Auth.OAuth;
using MailAccess.Server.Configuration;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>The check of access tokens, made from the configuration.</summary>
internal static class OAuthSetup
{
    /// <summary>Connections to one authorization server; more logins at once wait for each other.</summary>
    private const int ConnectionsMax = 16;

    /// <summary>Redirections are not followed: a token goes where the administrator says, and nowhere else.</summary>
    public static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxConnectionsPerServer = ConnectionsMax,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // So that a changed DNS record is seen.
    };

    /// <summary>Null where no tokens are accepted, and where an error was added.</summary>
    public static OAuthTokens? Create(
        ServerConfiguration configuration, HttpMessageHandler handler, TimeProvider clock, ILoggerFactory loggers, List<string> errors)
    {
        if (configuration.OAuth is not { } oauth || ReadSecret(oauth, errors) is not { } secret)
        {
            return null;
        }
        OAuthOptions options = oauth.Options with { Introspection = oauth.Options.Introspection is { } asked ? asked with { ClientSecret = secret } : null };
        return new OAuthTokens(options, handler, clock, loggers.CreateLogger("MailAccess.Auth"));
    }

    /// <summary>Empty where none is needed; null, with the reason added, where it cannot be had.</summary>
    public static string? ReadSecret(OAuthConfiguration oauth, List<string> errors) =>
        oauth.ClientSecretFile is { } path ? SecretFile.Read("oauth.clientSecretFile", path, errors) : "";
}
