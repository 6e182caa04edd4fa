using System.Text;
using System.Text.Json;
using MailAccess.Auth.OAuth;
using MailAccess.Auth.Throttling;

namespace MailAccess.Auth.Sasl;

/// <summary>OAUTHBEARER — RFC 7628 — and XOAUTH2, which is older, differs in its messages, and is what Outlook and Gmail's own clients speak.</summary>
/// <remarks>
/// A token that fails is answered with an error in JSON as a challenge; the exchange fails with the client's next message, whatever that is
/// (RFC 7628 §3.2.3).
/// </remarks>
internal sealed class OAuthExchange(CredentialDesk desk, OAuthTokens tokens, string mechanism, AuthenticationContext context) : ISaslExchange
{
    private State _state = State.Start;

    private enum State
    {
        Start,
        Asked,
        ErrorTold,
        Ended,
    }

    private bool IsStandard => mechanism == SaslMechanisms.OAuthBearer;

    /// <inheritdoc/>
    public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        State before = _state;
        _state = State.Ended; // Unless it goes on.
        if (before == State.Start && response is null)
        {
            _state = State.Asked;
            return new(SaslStep.Continue(default));
        }
        if (before == State.ErrorTold)
        {
            return new(SaslStep.Fail(AuthenticationFailure.InvalidCredentials));
        }
        OAuthMessage? message = null;
        bool isGood = before != State.Ended && response is { } octets
            && (IsStandard ? OAuthMessage.TryParseBearer(octets.Span, out message) : OAuthMessage.TryParseXOAuth2(octets.Span, out message));
        if (!isGood)
        {
            desk.LogFailure(new LoginAttempt(mechanism, "", context), AuthenticationFailure.Malformed);
            return new(SaslStep.Fail(AuthenticationFailure.Malformed));
        }
        if (message!.Token is not { } token)
        {
            // Without its name: where a separator was lost, the token stands in it.
            desk.LogFailure(new LoginAttempt(mechanism, "", context), AuthenticationFailure.InvalidCredentials);
            return new(TellError(TokenStatus.Invalid));
        }
        LoginAttempt attempt = new(mechanism, message.AuthorizationName, context) { AuthorizationName = message.AuthorizationName };
        return LogInAsync(attempt, token, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private async ValueTask<SaslStep> LogInAsync(LoginAttempt attempt, string token, CancellationToken cancellationToken)
    {
        using LoginTurn? turn = await desk.EnterAsync(context, cancellationToken);
        long started = desk.Now;
        if (turn is null)
        {
            return await desk.RefuseAsync(attempt, started, cancellationToken);
        }
        TokenVerdict verdict = await tokens.JudgeAsync(token, context.ConnectionId, cancellationToken);
        if (verdict.Status == TokenStatus.Unavailable)
        {
            desk.LogFailure(attempt, AuthenticationFailure.TemporarilyUnavailable);
            return SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable);
        }
        StoredAccount? found = null;
        if (verdict.Status == TokenStatus.Good)
        {
            attempt = attempt with { LoginName = verdict.Name };
            if (await desk.FindAsync(attempt, cancellationToken) is not { } lookup)
            {
                return desk.Unavailable(attempt);
            }
            found = lookup.Account;
            attempt = attempt with { AccountName = found?.Account.Name };
        }
        if (found is null || found.Credential == StoredCredential.Disabled)
        {
            await desk.FailAsync(attempt, turn, desk.Fingerprint(Encoding.UTF8.GetBytes(token)), started, cancellationToken);
            return TellError(verdict.Status);
        }
        SaslStep step = await desk.AuthorizeAsync(attempt, found.Account, cancellationToken);
        if (step.Account is { } account)
        {
            desk.LogSuccess(attempt, account);
        }
        return step;
    }

    /// <summary>RFC 7628 §3.2.2; XOAUTH2 has the status of HTTP in its place.</summary>
    private SaslStep TellError(TokenStatus status)
    {
        _state = State.ErrorTold;
        using MemoryStream json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            bool lacksScope = status == TokenStatus.InsufficientScope;
            writer.WriteStartObject();
            writer.WriteString("status", IsStandard ? (lacksScope ? "insufficient_scope" : "invalid_token") : (lacksScope ? "403" : "401"));
            if (!IsStandard)
            {
                writer.WriteString("schemes", "bearer");
            }
            if (tokens.Options.Scope is { } scope)
            {
                writer.WriteString("scope", scope);
            }
            if (IsStandard && tokens.Options.OpenIdConfiguration is { } discovery)
            {
                writer.WriteString("openid-configuration", discovery.AbsoluteUri);
            }
            writer.WriteEndObject();
        }
        return SaslStep.Continue(json.ToArray());
    }
}
