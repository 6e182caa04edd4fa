using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Sasl;

/// <summary>SASL PLAIN — RFC 4616.</summary>
internal sealed class PlainExchange(CredentialDesk desk, AuthenticationContext context) : ISaslExchange
{
    private bool _asked;
    private bool _ended;

    /// <inheritdoc/>
    public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is not { } message)
        {
            bool first = !_asked;
            _asked = true;
            return new(first ? SaslStep.Continue(default) : SaslStep.Fail(AuthenticationFailure.Malformed));
        }
        LoginAttempt attempt = new(SaslMechanisms.Plain, "", context);
        if (_ended || !TryParse(message, ref attempt, out ReadOnlyMemory<byte> password))
        {
            desk.LogFailure(attempt, AuthenticationFailure.Malformed);
            return new(SaslStep.Fail(AuthenticationFailure.Malformed));
        }
        _ended = true;
        return PasswordLogin.CheckAsync(desk, attempt, password, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>message = [authzid] UTF8NUL authcid UTF8NUL passwd — RFC 4616 §2; names and password are UTF-8 and not empty.</summary>
    private static bool TryParse(ReadOnlyMemory<byte> message, ref LoginAttempt attempt, out ReadOnlyMemory<byte> password)
    {
        password = default;
        int first = message.Span.IndexOf((byte)0);
        int second = first < 0 ? -1 : message.Span[(first + 1)..].IndexOf((byte)0);
        if (second < 0)
        {
            return false;
        }
        second += first + 1;
        password = message[(second + 1)..];
        string authorization = "";
        if ((first > 0 && !PasswordPreparation.TryGetText(message.Span[..first], out authorization))
            || !PasswordPreparation.TryGetText(message.Span[(first + 1)..second], out string name)
            || password.IsEmpty || password.Span.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(password.Span))
        {
            return false;
        }
        attempt = attempt with { LoginName = name, AuthorizationName = authorization };
        return true;
    }
}
