using System.Text;
using MailAccess.Auth.Throttling;

namespace MailAccess.Auth.Sasl;

/// <summary>EXTERNAL — RFC 4422 appendix A: who the client's certificate says he is.</summary>
internal sealed class ExternalExchange(CredentialDesk desk, CertificateName name, AuthenticationContext context) : ISaslExchange
{
    private bool _asked;
    private bool _ended;

    /// <inheritdoc/>
    public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is null && !_asked && !_ended)
        {
            _asked = true;
            return new(SaslStep.Continue(default));
        }
        IReadOnlyList<string> names = ClientCertificateNames.Of(context.ClientCertificate, name);
        LoginAttempt attempt = new(SaslMechanisms.External, names.Count > 0 ? names[0] : "", context);
        // authz-id-string = *( UTF8-char-no-nul )
        if (_ended || response is not { } message || message.Length > desk.Limits.LoginNameOctetsMax
            || message.Span.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(message.Span))
        {
            _ended = true;
            desk.LogFailure(attempt, AuthenticationFailure.Malformed);
            return new(SaslStep.Fail(AuthenticationFailure.Malformed));
        }
        _ended = true;
        return LogInAsync(attempt with { AuthorizationName = Encoding.UTF8.GetString(message.Span) }, names, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private async ValueTask<SaslStep> LogInAsync(LoginAttempt attempt, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        using LoginTurn? turn = await desk.EnterAsync(context, cancellationToken);
        long started = desk.Now;
        if (turn is null)
        {
            return await desk.RefuseAsync(attempt, started, cancellationToken);
        }
        List<Account> found = [];
        foreach (string candidate in names)
        {
            LoginAttempt named = attempt with { LoginName = candidate };
            if (await (name == CertificateName.Address ? desk.FindByAddressAsync(named, cancellationToken) : desk.FindAsync(named, cancellationToken))
                is not { } lookup)
            {
                return desk.Unavailable(attempt);
            }
            if (lookup.Account is { } stored && stored.Credential != StoredCredential.Disabled && !found.Exists(f => f.Name == stored.Account.Name))
            {
                found.Add(stored.Account);
            }
        }
        // A certificate of two accounts says which one is meant no better than none does.
        if (found.Count != 1)
        {
            return await desk.FailAsync(attempt, turn, desk.Fingerprint(context.ClientCertificate), started, cancellationToken);
        }
        attempt = attempt with { AccountName = found[0].Name };
        SaslStep step = await desk.AuthorizeAsync(attempt, found[0], cancellationToken);
        if (step.Account is { } account)
        {
            desk.LogSuccess(attempt, account);
        }
        return step;
    }
}
