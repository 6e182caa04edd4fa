using System.Net;
using System.Security.Cryptography;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.History;
using MailAccess.Auth.OAuth;
using MailAccess.Auth.Sasl;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth;

/// <summary>
/// The one <see cref="IAuthenticator"/> of a process: one, because failures and right passwords are remembered in it.
/// </summary>
public sealed class Authenticator : IAuthenticator, IDisposable
{
    /// <summary>Random octets of a server nonce; RFC 5802 §5.1 wants it different each time, RFC 4086 enough of them.</summary>
    private const int NonceOctets = 18;

    private readonly AuthOptions _options;
    private readonly CredentialDesk _desk;
    private readonly OAuthTokens? _tokens;
    private readonly AppPasswordDesk? _appPasswords;
    private readonly Func<string> _nonces;

    /// <summary>
    /// The directory stays the caller's, and so do the tokens, without which OAUTHBEARER and XOAUTH2 are not offered, the history, without which
    /// known places are kept in memory only, and the app passwords.
    /// </summary>
    public Authenticator(
        IAccountDirectory directory, AuthOptions options, TimeProvider clock, ILogger logger, OAuthTokens? tokens = null, LoginHistory? history = null,
        AppPasswordDesk? appPasswords = null)
        : this(directory, options, clock, logger, tokens, history, appPasswords, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceOctets)))
    {
    }

    internal Authenticator(
        IAccountDirectory directory, AuthOptions options, TimeProvider clock, ILogger logger, OAuthTokens? tokens, LoginHistory? history,
        AppPasswordDesk? appPasswords, Func<string> nonces)
    {
        _appPasswords = appPasswords;
        _tokens = tokens;
        _options = options;
        _desk = new CredentialDesk(
            directory, options, history ?? LoginHistory.InMemory(options.Throttle.KnownPlaceTime, clock, logger), clock, logger, appPasswords);
        _nonces = nonces;
    }

    /// <summary>Password hashes computed so far; what the cache spared is not among them.</summary>
    internal long HashesComputed => _desk.Hashes.Started;

    /// <inheritdoc/>
    public IReadOnlyList<string> MechanismsFor(AuthenticationContext context) => [.. SaslMechanisms.All.Where(m => IsOffered(m, context))];

    /// <inheritdoc/>
    public bool AllowsPlaintext(AuthenticationContext context) => context.IsEncrypted || _options.AllowPlaintextWithoutTls switch
    {
        PlaintextPolicy.Always => true,
        PlaintextPolicy.Loopback => IPAddress.IsLoopback(context.Remote),
        _ => false,
    };

    /// <inheritdoc/>
    public ISaslExchange? Begin(string mechanism, AuthenticationContext context)
    {
        // Mechanism names are upper case (RFC 4422 §3.1), but protocols compare them without case.
        string? known = SaslMechanisms.All.FirstOrDefault(m => m.Equals(mechanism, StringComparison.OrdinalIgnoreCase));
        if (known is null || !IsOffered(known, context))
        {
            return null;
        }
        return known switch
        {
            SaslMechanisms.External => new ExternalExchange(_desk, _options.ClientCertificateName, context),
            SaslMechanisms.OAuthBearer or SaslMechanisms.XOAuth2 => new OAuthExchange(_desk, _tokens!, known, context),
            SaslMechanisms.Plain => new PlainExchange(_desk, context),
            SaslMechanisms.Login => new LoginExchange(_desk, context),
            SaslMechanisms.ScramSha256Plus or SaslMechanisms.ScramSha256 => Scram(known, HashAlgorithmName.SHA256, context),
            _ => Scram(known, HashAlgorithmName.SHA1, context),
        };
    }

    /// <inheritdoc/>
    public ISaslExchange? BeginApop(AuthenticationContext context) => new ApopExchange(_desk, context, $"<{_nonces()}@mailaccess>");

    /// <inheritdoc/>
    public async ValueTask<SaslStep> CheckPasswordAsync(
        string loginName, ReadOnlyMemory<byte> password, AuthenticationContext context, CancellationToken cancellationToken)
    {
        LoginAttempt attempt = new("password", loginName, context);
        if (!AllowsPlaintext(context))
        {
            _desk.LogFailure(attempt, AuthenticationFailure.EncryptionRequired);
            return SaslStep.Fail(AuthenticationFailure.EncryptionRequired);
        }
        return await PasswordLogin.CheckAsync(_desk, attempt, password, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _desk.Dispose();

    private ScramExchange Scram(string mechanism, HashAlgorithmName hash, AuthenticationContext context)
    {
        ScramBinding binding =
            SaslMechanisms.BindsChannel(mechanism) ? ScramBinding.Required
            : SaslMechanisms.All.Any(m => SaslMechanisms.BindsChannel(m) && IsOffered(m, context)) ? ScramBinding.Declined
            : ScramBinding.NotOffered;
        return new ScramExchange(_desk, mechanism, hash, binding, context, _nonces());
    }

    private bool IsOffered(string mechanism, AuthenticationContext context) =>
        IsChosen(mechanism)
        && (!(SaslMechanisms.SendsPassword(mechanism) || SaslMechanisms.SendsToken(mechanism)) || AllowsPlaintext(context))
        && (!SaslMechanisms.SendsToken(mechanism) || _tokens is not null)
        && (mechanism != SaslMechanisms.External || (context.IsEncrypted && !context.ClientCertificate.IsEmpty))
        && (!SaslMechanisms.BindsChannel(mechanism) || (context.IsEncrypted && !context.ServerEndPointBinding.IsEmpty));

    private bool IsChosen(string mechanism) =>
        _options.Mechanisms is { } chosen ? chosen.Contains(mechanism, StringComparer.OrdinalIgnoreCase)
        : SaslMechanisms.SendsPassword(mechanism) || SaslMechanisms.SendsToken(mechanism) || mechanism == SaslMechanisms.External
            || (!SaslMechanisms.BindsChannel(mechanism) // Clients that know another kind of binding would choose it, fail, and try nothing else.
                && _appPasswords is not { MayRefuseMainPassword: true } // SCRAM proves main passwords only.
                && _desk.Directory is IDirectoryFacts facts && facts.EveryAccountCanUse(mechanism));
}
