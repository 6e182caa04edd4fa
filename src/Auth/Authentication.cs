using System.Net;

namespace MailAccess.Auth;

/// <summary>Who tries to log in, over what. For policy, throttling and the log.</summary>
public sealed record AuthenticationContext
{
    /// <summary>The client's address; an IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2) becomes what it is.</summary>
    public required IPAddress Remote
    {
        get;
        init => field = value.IsIPv4MappedToIPv6 ? value.MapToIPv4() : value;
    }

    /// <summary>The connection's id.</summary>
    public required string ConnectionId { get; init; }

    /// <summary><c>imap</c>, <c>pop3</c>, <c>submission</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>
    /// Where a login name may say more than the account, what separates it: a name that no account has is read as an account's with a detail behind
    /// it, see <see cref="SaslStep.Detail"/>. Null: names are accounts' only.
    /// </summary>
    public char? DetailDelimiter { get; init; }

    /// <summary>TLS is active.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>tls-server-end-point channel binding data (RFC 5929 §4) of this connection's own handshake, or empty.</summary>
    public ReadOnlyMemory<byte> ServerEndPointBinding { get; init; }

    /// <summary>The certificate that the client has shown under TLS, DER, if one of the authorities that we trust has signed it; else empty.</summary>
    public ReadOnlyMemory<byte> ClientCertificate { get; init; }
}

/// <summary>Why a login failed. Front-ends map each member in one total switch.</summary>
public enum AuthenticationFailure
{
    /// <summary>Did not fail.</summary>
    None,
    /// <summary>Wrong name or password; which of them is never said.</summary>
    InvalidCredentials,
    /// <summary>The mechanism is unknown or not offered here.</summary>
    UnknownMechanism,
    /// <summary>A plaintext password without TLS, where that is not allowed.</summary>
    EncryptionRequired,
    /// <summary>The client's message breaks the mechanism's grammar.</summary>
    Malformed,
    /// <summary>The client cancelled with <c>*</c>.</summary>
    Cancelled,
    /// <summary>The account may not act as the authorization identity it asked for.</summary>
    AuthorizationDenied,
    /// <summary>The account source cannot be asked now.</summary>
    TemporarilyUnavailable,
    /// <summary>Nothing was checked: too much has failed from that address, network or for that account. Right passwords are refused too, for now.</summary>
    TooManyFailures,
    /// <summary>
    /// The client's TLS channel is not ours, or it was made to believe that we cannot bind channels: somebody may stand between. Or it
    /// wants a kind of binding that is not served.
    /// </summary>
    ChannelBinding,
}

/// <summary>What came of a step of an exchange.</summary>
public readonly record struct SaslStep
{
    /// <summary>The exchange goes on: send this challenge (it may be empty), and wait for the response.</summary>
    public ReadOnlyMemory<byte>? Challenge { get; init; }

    /// <summary>The exchange ended well, for this account.</summary>
    public Account? Account { get; init; }

    /// <summary>What the login name said behind the account's: <see cref="AuthenticationContext.DetailDelimiter"/>; null: nothing.</summary>
    public string? Detail { get; init; }

    /// <summary>The exchange ended badly.</summary>
    public AuthenticationFailure Failure { get; init; }

    /// <summary>Name of the app password that was shown, if it was one; for the log.</summary>
    internal string? AppPassword { get; init; }

    /// <summary>The exchange goes on.</summary>
    public static SaslStep Continue(ReadOnlyMemory<byte> challenge) => new() { Challenge = challenge };

    /// <summary>The exchange ended well.</summary>
    public static SaslStep Success(Account account) => new() { Account = account };

    /// <summary>The exchange ended badly.</summary>
    public static SaslStep Fail(AuthenticationFailure failure) => new() { Failure = failure };
}

/// <summary>One SASL exchange, server side (RFC 4422). The front-end does the base64 and the protocol's framing.</summary>
public interface ISaslExchange : IDisposable
{
    /// <summary>
    /// The client's next message, decoded; null at the start where the client sent no initial response (an empty
    /// initial response is an empty message, RFC 4954 §4 <c>=</c>).
    /// </summary>
    ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken);
}

/// <summary>
/// The one door to accounts for all protocols: mechanisms, credential check, throttling. Unknown users cost the same
/// time as known ones; failures slow down the client's address prefix.
/// </summary>
public interface IAuthenticator
{
    /// <summary>Names of the mechanisms to announce here, strongest first. Without TLS none that sends a password in clear, unless allowed.</summary>
    IReadOnlyList<string> MechanismsFor(AuthenticationContext context);

    /// <summary>Whether LOGIN or USER/PASS is allowed here (LOGINDISABLED otherwise).</summary>
    bool AllowsPlaintext(AuthenticationContext context);

    /// <summary>Starts an exchange; null where the mechanism is not offered here.</summary>
    ISaslExchange? Begin(string mechanism, AuthenticationContext context);

    /// <summary>APOP of POP3 (RFC 1939 §7): the first challenge is the timestamp of the greeting, a message is a name, a space and a digest. Null: not here.</summary>
    ISaslExchange? BeginApop(AuthenticationContext context) => null;

    /// <summary>LOGIN, USER/PASS and SASL PLAIN. Never a challenge.</summary>
    ValueTask<SaslStep> CheckPasswordAsync(string loginName, ReadOnlyMemory<byte> password, AuthenticationContext context, CancellationToken cancellationToken);
}

/// <summary>What front-ends ask of every authenticator in the same way.</summary>
public static class AuthenticatorExtensions
{
    /// <summary>Why <see cref="IAuthenticator.Begin"/> gave no exchange: would there be one if only there were TLS? RFC 4954 §6.</summary>
    public static AuthenticationFailure WhyNotOffered(this IAuthenticator authenticator, string mechanism, AuthenticationContext context) =>
        !context.IsEncrypted
            && authenticator.MechanismsFor(context with { IsEncrypted = true }).Contains(mechanism, StringComparer.OrdinalIgnoreCase)
        ? AuthenticationFailure.EncryptionRequired : AuthenticationFailure.UnknownMechanism;
}

/// <summary>
/// Longest base64 line a front-end accepts in an exchange, RFC 4954 §4: 12288 octets.
/// </summary>
public static class SaslLimits
{
    /// <summary>Octets of one encoded message.</summary>
    public const int EncodedOctetsMax = 12288;
}
