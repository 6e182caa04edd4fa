using System.Text;
using MailAccess.Auth;

namespace MailAccess.Imap.Tests;

/// <summary>alice, bob and plain, who lacks some capabilities, all with the password "secret"; PLAIN, and TWO-STEP, which asks back once.</summary>
internal sealed class TestAuthenticator(bool allowsPlaintextWithoutTls) : IAuthenticator
{
    public IReadOnlyList<string> MechanismsFor(AuthenticationContext context) =>
        AllowsPlaintext(context) ? ["TWO-STEP", "PLAIN"] : ["TWO-STEP"];

    public bool AllowsPlaintext(AuthenticationContext context) => context.IsEncrypted || allowsPlaintextWithoutTls;

    public ISaslExchange? Begin(string mechanism, AuthenticationContext context) =>
        MechanismsFor(context).Contains(mechanism, StringComparer.OrdinalIgnoreCase) ? new Exchange(mechanism.ToUpperInvariant()) : null;

    public ValueTask<SaslStep> CheckPasswordAsync(
        string loginName, ReadOnlyMemory<byte> password, AuthenticationContext context, CancellationToken cancellationToken) =>
        new(Check(loginName, password.Span));

    /// <summary>As a client names it at login; null for nobody's name.</summary>
    public static Account? Find(string name) => name is not ("alice" or "bob" or "müller" or "plain") ? null : new Account
    {
        Name = name,
        Addresses = [$"{name}@example.test"],
        DisabledImapCapabilities = name == "plain" ? ["move", "CONDSTORE", "IDLE", "NOTIFY", "URLAUTH"] : [],
    };

    private static SaslStep Check(string name, ReadOnlySpan<byte> password) =>
        name == "broken" ? SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable)
        : name == "guessed" ? SaslStep.Fail(AuthenticationFailure.TooManyFailures)
        : password.SequenceEqual("secret"u8) && Find(name) is { } account ? SaslStep.Success(account)
            : SaslStep.Fail(AuthenticationFailure.InvalidCredentials);

    private sealed class Exchange(string mechanism) : ISaslExchange
    {
        private string? _name;

        public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken) =>
            new(mechanism == "PLAIN" ? Plain(response) : TwoStep(response));

        public void Dispose()
        {
        }

        private static SaslStep Plain(ReadOnlyMemory<byte>? response)
        {
            if (response is not { } message)
            {
                return SaslStep.Continue(ReadOnlyMemory<byte>.Empty);
            }
            string[] fields = Encoding.UTF8.GetString(message.Span).Split('\0');
            if (fields.Length != 3)
            {
                return SaslStep.Fail(AuthenticationFailure.Malformed);
            }
            return fields[0].Length > 0 && fields[0] != fields[1]
                ? SaslStep.Fail(AuthenticationFailure.AuthorizationDenied)
                : Check(fields[1], Encoding.UTF8.GetBytes(fields[2]));
        }

        private SaslStep TwoStep(ReadOnlyMemory<byte>? response)
        {
            if (response is not { } message)
            {
                return SaslStep.Continue(Encoding.ASCII.GetBytes("name?"));
            }
            string text = Encoding.UTF8.GetString(message.Span);
            if (_name is null)
            {
                _name = text;
                return SaslStep.Continue(Encoding.ASCII.GetBytes("password?"));
            }
            return Check(_name, message.Span);
        }
    }
}
