using System.Text;
using MailAccess.Auth;

namespace MailAccess.Submission.Tests;

/// <summary>
/// PLAIN in one step, LOGIN in two, and TWO-STEP, which is not a plaintext mechanism: a challenge, an answer <c>yes</c>, and
/// a closing challenge, as SCRAM has it. The one password is <c>demo</c>; the name <c>broken</c> makes the source fail.
/// </summary>
internal sealed class AuthenticatorDouble : IAuthenticator
{
    public static readonly Account Alice = new()
    {
        Name = "alice",
        Addresses = ["alice@example.test", "sales@example.test", "jörg@bücher.test"],
    };

    public IReadOnlyList<string> MechanismsFor(AuthenticationContext context) =>
        context.IsEncrypted ? ["TWO-STEP", "PLAIN", "LOGIN"] : ["TWO-STEP"];

    public bool AllowsPlaintext(AuthenticationContext context) => context.IsEncrypted;

    public ISaslExchange? Begin(string mechanism, AuthenticationContext context) =>
        MechanismsFor(context).Contains(mechanism) ? new Exchange(mechanism) : null;

    public ValueTask<SaslStep> CheckPasswordAsync(
        string loginName, ReadOnlyMemory<byte> password, AuthenticationContext context, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private sealed class Exchange(string mechanism) : ISaslExchange
    {
        private readonly List<string> _said = [];

        public ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
        {
            if (response is { } octets)
            {
                _said.Add(Encoding.UTF8.GetString(octets.Span));
            }
            return new(mechanism switch
            {
                "PLAIN" => Plain(),
                "LOGIN" => Login(),
                _ => TwoStep(),
            });
        }

        public void Dispose()
        {
        }

        private SaslStep Plain()
        {
            if (_said.Count == 0)
            {
                return SaslStep.Continue(default);
            }
            string[] parts = _said[0].Split('\0');
            return parts.Length != 3 ? SaslStep.Fail(AuthenticationFailure.Malformed) : Check(parts[1], parts[2]);
        }

        private SaslStep Login() => _said.Count switch
        {
            0 => SaslStep.Continue("Username:"u8.ToArray()),
            1 => SaslStep.Continue("Password:"u8.ToArray()),
            _ => Check(_said[0], _said[1]),
        };

        private SaslStep TwoStep() => _said switch
        {
            [] => SaslStep.Continue("ready?"u8.ToArray()),
            ["yes"] => SaslStep.Continue("done"u8.ToArray()),
            ["yes", ""] => SaslStep.Success(Alice),
            _ => SaslStep.Fail(AuthenticationFailure.InvalidCredentials),
        };

        private static SaslStep Check(string name, string password) =>
            name == "broken" ? throw new IOException("no accounts today")
            : name == "guessed" ? SaslStep.Fail(AuthenticationFailure.TooManyFailures)
            : name == "alice" && password == "demo" ? SaslStep.Success(Alice)
            : SaslStep.Fail(AuthenticationFailure.InvalidCredentials);
    }
}
