using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Passwords;
using MailAccess.Auth.Throttling;

namespace MailAccess.Auth.Sasl;

/// <summary>SCRAM-SHA-1 and SCRAM-SHA-256, with channel binding (-PLUS) and without — RFC 5802, RFC 7677.</summary>
/// <remarks>
/// <para>What is wrong with the channel is told as a server-error of RFC 5802 §7: it tells nothing of any account, and a client's user must
/// know why his right password did not do. Everything else that fails is told by the protocol alone (§5.1, <c>e</c>, is optional).</para>
/// A name that nobody has, or whose credential cannot serve this mechanism, goes through the same steps with a salt of its own
/// that stays the same, and fails at the proof.
/// </remarks>
internal sealed class ScramExchange(
    CredentialDesk desk, string mechanism, HashAlgorithmName hash, ScramBinding binding, AuthenticationContext context, string serverNonce)
    : ISaslExchange
{
    private readonly ScramChannel _channel = new(binding, context.ServerEndPointBinding);
    private State _state = State.ClientFirst;
    private LoginAttempt _attempt = new(mechanism, "", context);
    private ScramClientFirst? _first;
    private StoredAccount? _account;
    private Account? _proven;
    private byte[] _salt = [];
    private int _iterations;
    private string _serverFirst = "";

    private enum State
    {
        ClientFirst,
        ClientFinal,
        Acknowledgement,
        ErrorTold,
        Ended,
    }

    /// <inheritdoc/>
    public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (_state == State.ClientFirst && response is null)
        {
            return new(SaslStep.Continue(default)); // SCRAM is client-first: RFC 4422 §5, item 2a.
        }
        if (response is not { } message || message.Length > desk.Limits.ScramMessageOctetsMax)
        {
            return new(Refuse());
        }
        switch (_state)
        {
            case State.ClientFirst:
                return ScramClientFirst.TryParse(message.Span, out _first) ? ChallengeAsync(_first, cancellationToken) : new(Refuse());
            case State.ClientFinal when IsFinal(message.Span, out ScramClientFinal? final):
                return _channel.Fits(_first!, final!.ChannelBinding)
                    ? ProveAsync(final, cancellationToken) : new(RefuseChannel("channel-bindings-dont-match"));
            case State.ErrorTold: // Whatever the client says to it.
                _state = State.Ended;
                return new(SaslStep.Fail(AuthenticationFailure.ChannelBinding));
            case State.Acknowledgement when message.IsEmpty:
                _state = State.Ended;
                desk.LogSuccess(_attempt, _proven!);
                return new(SaslStep.Success(_proven!) with { Detail = _attempt.Detail });
            default:
                return new(Refuse());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private async ValueTask<SaslStep> ChallengeAsync(ScramClientFirst first, CancellationToken cancellationToken)
    {
        _state = State.Ended; // Until this step has come to its end.
        _attempt = _attempt with { LoginName = first.LoginName, AuthorizationName = first.AuthorizationName };
        if (_channel.FindProblem(first) is { } problem)
        {
            return RefuseChannel(problem);
        }
        if (await desk.FindAsync(_attempt, cancellationToken) is not { } lookup)
        {
            return desk.Unavailable(_attempt);
        }
        _account = lookup.Account;
        _attempt = _attempt with { AccountName = _account?.Account.Name, Detail = lookup.Detail };
        (_salt, _iterations) = desk.ScramParameters(hash, _attempt, _account?.Credential);
        // server-first-message = nonce "," salt "," iteration-count
        _serverFirst = string.Create(
            CultureInfo.InvariantCulture, $"r={first.Nonce}{serverNonce},s={Convert.ToBase64String(_salt)},i={_iterations}");
        _state = State.ClientFinal;
        return SaslStep.Continue(Encoding.UTF8.GetBytes(_serverFirst));
    }

    /// <summary>§5.1: the nonce must be the one we sent.</summary>
    private bool IsFinal(ReadOnlySpan<byte> message, out ScramClientFinal? final) =>
        ScramClientFinal.TryParse(message, out final) && final.Nonce == _first!.Nonce + serverNonce;

    private async ValueTask<SaslStep> ProveAsync(ScramClientFinal final, CancellationToken cancellationToken)
    {
        _state = State.Ended; // Until the proof holds.
        using LoginTurn? turn = await desk.EnterAsync(_attempt, cancellationToken);
        long started = desk.Now;
        if (turn is null)
        {
            return await desk.RefuseAsync(_attempt, started, cancellationToken);
        }
        ScramVerifier? verifier = await desk.FindVerifierAsync(hash, _salt, _iterations, _account, cancellationToken);
        byte[] authMessage = Encoding.UTF8.GetBytes($"{_first!.Bare},{_serverFirst},{final.WithoutProof}");
        if (verifier is null || !verifier.MatchesProof(authMessage, final.Proof))
        {
            // Every proof is another guess: its nonces hide whether the password was the same.
            return await desk.FailAsync(_attempt, turn, fingerprint: null, started, cancellationToken);
        }
        SaslStep authorized = await desk.AuthorizeAsync(_attempt, _account!.Account, cancellationToken);
        if (authorized.Account is null)
        {
            return authorized;
        }
        _proven = authorized.Account;
        _state = State.Acknowledgement;
        return SaslStep.Continue(Encoding.UTF8.GetBytes($"v={Convert.ToBase64String(verifier.Sign(authMessage))}"));
    }

    /// <summary>server-final-message = server-error — RFC 5802 §7; the client's next message ends the exchange.</summary>
    private SaslStep RefuseChannel(string error)
    {
        _state = State.ErrorTold;
        desk.LogFailure(_attempt, AuthenticationFailure.ChannelBinding);
        return SaslStep.Continue(Encoding.ASCII.GetBytes($"e={error}"));
    }

    private SaslStep Refuse()
    {
        _state = State.Ended;
        desk.LogFailure(_attempt, AuthenticationFailure.Malformed);
        return SaslStep.Fail(AuthenticationFailure.Malformed);
    }
}
