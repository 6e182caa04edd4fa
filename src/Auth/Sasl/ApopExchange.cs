using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Throttling;

namespace MailAccess.Auth.Sasl;

/// <summary>
/// APOP of POP3 — RFC 1939 §7: MD5 over a timestamp of ours and the password, which must be known in plain. No SASL mechanism, but it comes to the
/// same desk: the first challenge is the timestamp, and each message is a name and a digest. A client may try again with the same timestamp.
/// </summary>
internal sealed class ApopExchange(CredentialDesk desk, AuthenticationContext context, string timestamp) : ISaslExchange
{
    private const string Name = "APOP";
    private const int DigestCharacters = 32;
    private static readonly SearchValues<byte> HexadecimalDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <inheritdoc/>
    public async ValueTask<SaslStep> RespondAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is not { } message)
        {
            return SaslStep.Continue(Encoding.ASCII.GetBytes(timestamp));
        }
        int space = message.Span.LastIndexOf((byte)' ');
        ReadOnlyMemory<byte> digest = message[(space + 1)..];
        if (space < 1 || digest.Length != DigestCharacters || digest.Span.ContainsAnyExcept(HexadecimalDigits))
        {
            desk.LogFailure(new LoginAttempt(Name, "", context), AuthenticationFailure.Malformed);
            return SaslStep.Fail(AuthenticationFailure.Malformed);
        }
        LoginAttempt attempt = new(Name, Encoding.UTF8.GetString(message.Span[..space]), context);
        if (await desk.FindAsync(attempt, cancellationToken) is not { } lookup)
        {
            return desk.Unavailable(attempt);
        }
        StoredAccount? account = lookup.Account;
        attempt = attempt with { AccountName = account?.Account.Name, Detail = lookup.Detail };
        using LoginTurn? turn = await desk.EnterAsync(attempt, cancellationToken);
        long started = desk.Now;
        if (turn is null)
        {
            return await desk.RefuseAsync(attempt, started, cancellationToken);
        }
        byte[]? password = await desk.FindPlainAsync(account, cancellationToken);
        byte[] expected = Digest(timestamp, password ?? []);
        if (!CryptographicOperations.FixedTimeEquals(expected, digest.Span) || password is null)
        {
            // One timestamp: the same digest is the same wrong password.
            return await desk.FailAsync(attempt, turn, desk.Fingerprint(message), started, cancellationToken);
        }
        SaslStep authorized = await desk.AuthorizeAsync(attempt, account!.Account, cancellationToken);
        if (authorized.Account is { } proven)
        {
            desk.LogSuccess(attempt, proven);
        }
        return authorized;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>16 octets in hexadecimal, lower case.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "RFC 1939 §7 has no other. Off unless an administrator wants it.")]
    internal static byte[] Digest(string timestamp, ReadOnlySpan<byte> password) =>
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData([.. Encoding.ASCII.GetBytes(timestamp), .. password])));
}
