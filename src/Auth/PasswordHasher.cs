using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth;

/// <summary>
/// Makes stored credentials of new passwords: SCRAM-SHA-256 verifiers, which serve SCRAM logins as well as plain ones, and
/// which nobody who steals them can log in with.
/// </summary>
public static class PasswordHasher
{
    /// <summary>
    /// RFC 7677 §4 asks for 4096 at least and more where no slow phones compute it; its rule of thumb is 15,000. That costs us
    /// 3 ms a check (the cache spares most), and a script in a mail program some 50 ms.
    /// </summary>
    public const int DefaultIterations = 15_000;

    /// <summary>False for a password that some client could not send: empty, control characters, longer than a kilobyte.</summary>
    public static bool TryHash(
        ReadOnlySpan<byte> password, [NotNullWhen(true)] out StoredCredential? credential, int iterations = DefaultIterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 4096); // RFC 7677 §4
        credential = null;
        if (password.Length > new AuthLimits().PasswordOctetsMax || !PasswordPreparation.TryPrepare(password, out byte[] prepared))
        {
            return false;
        }
        byte[] salt = RandomNumberGenerator.GetBytes(ScramVerifier.SaltOctets);
        ScramVerifier verifier = ScramVerifier.Derive(HashAlgorithmName.SHA256, prepared, salt, iterations);
        credential = new StoredCredential(SaslMechanisms.ScramSha256, verifier.Format());
        CryptographicOperations.ZeroMemory(prepared);
        return true;
    }
}
