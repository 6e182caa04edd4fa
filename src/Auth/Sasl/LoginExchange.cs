using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Sasl;

/// <summary>LOGIN — draft-murchison-sasl-login: two prompts; Outlook sends the name as an initial response.</summary>
internal sealed class LoginExchange(CredentialDesk desk, AuthenticationContext context) : ISaslExchange
{
    private State _state = State.Name;
    private LoginAttempt _attempt = new(SaslMechanisms.Login, "", context);

    private enum State
    {
        Name,
        Password,
        Ended,
    }

    /// <inheritdoc/>
    public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        switch (_state)
        {
            case State.Name when response is null:
                // Clients compare these words; they are what everybody sends.
                return new(SaslStep.Continue("Username:"u8.ToArray()));
            case State.Name when PasswordPreparation.TryGetText(response.Value.Span, out string name):
                _state = State.Password;
                _attempt = _attempt with { LoginName = name };
                return new(SaslStep.Continue("Password:"u8.ToArray()));
            case State.Password when response is { IsEmpty: false } password:
                _state = State.Ended;
                return PasswordLogin.CheckAsync(desk, _attempt, password, cancellationToken);
            default:
                _state = State.Ended;
                desk.LogFailure(_attempt, AuthenticationFailure.Malformed);
                return new(SaslStep.Fail(AuthenticationFailure.Malformed));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
