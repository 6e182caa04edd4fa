using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Posix;

namespace MailAccess.Auth.Passwords;

/// <summary>Checks a password against a stored credential of any scheme that we know. Constant time in what is compared.</summary>
internal static class PasswordScheme
{
    private const int Pbkdf2IterationsMax = 10_000_000;
    private const int Md5Octets = 16;

    /// <summary>Null where the credential can be checked here, else what is wrong with it. Says nothing of its data.</summary>
    public static string? FindProblem(StoredCredential credential)
    {
        if (!TryResolve(credential, out string scheme, out byte[] data))
        {
            return "the password's encoding is broken";
        }
        switch (scheme)
        {
            case "PLAIN" or "CLEAR" or "CLEARTEXT":
                return data.Length > 0 ? null : "the password is empty";
            case "SCRAM-SHA-256" or "SCRAM-SHA-1":
                return TryGetVerifier(credential, out _) ? null : $"not a {scheme} verifier (iterations,salt,StoredKey,ServerKey)";
            case "PBKDF2":
                return TryParsePbkdf2(data, out _, out _, out _) ? null : "not a PBKDF2 hash ($1$salt$rounds$hash)";
            case "CRYPT" or "DES-CRYPT" or "MD5-CRYPT" or "SHA256-CRYPT" or "SHA512-CRYPT" or "BLF-CRYPT":
                return CryptLibrary.IsAvailable ? null : "crypt(3) hashes need libcrypt.so.1 or libcrypt.so.2, which is not installed";
            case "SHA" or "SHA1" or "SHA256" or "SHA384" or "SHA512" or "SSHA" or "SSHA256" or "SSHA384" or "SSHA512"
                or "MD5" or "SMD5" or "LDAP-MD5" or "PLAIN-MD5":
                return TrySplitDigest(scheme, data, IsEncoded(credential), out _, out _, out _) ? null : $"not a {scheme} hash";
            default:
                return $"unknown password scheme {{{(scheme.Length <= 32 ? scheme : scheme[..32])}}}";
        }
    }

    /// <summary>The SCRAM verifier that is stored as such.</summary>
    public static bool TryGetVerifier(StoredCredential credential, out ScramVerifier? verifier)
    {
        verifier = null;
        return credential.Scheme.ToUpperInvariant() switch
        {
            "SCRAM-SHA-256" => ScramVerifier.TryParse(HashAlgorithmName.SHA256, credential.Data, out verifier),
            "SCRAM-SHA-1" => ScramVerifier.TryParse(HashAlgorithmName.SHA1, credential.Data, out verifier),
            _ => false,
        };
    }

    /// <summary>The password itself, where it is stored.</summary>
    public static bool TryGetPlain(StoredCredential credential, out byte[] password) =>
        TryResolve(credential, out string scheme, out password) && scheme is "PLAIN" or "CLEAR" or "CLEARTEXT" && password.Length > 0;

    /// <summary>Whether the password is right. Takes milliseconds for a good scheme: never called on a thread that others wait for.</summary>
    public static bool Matches(StoredCredential credential, ReadOnlySpan<byte> password)
    {
        // HMAC pads its key with NULs and crypt(3) stops at one: with a NUL behind it a password would be another spelling of itself.
        if (password.IsEmpty || password.Contains((byte)0) || !TryResolve(credential, out string scheme, out byte[] data))
        {
            return false;
        }
        switch (scheme)
        {
            case "PLAIN" or "CLEAR" or "CLEARTEXT":
                return data.Length > 0 && EqualText(data, password);
            case "SCRAM-SHA-256" or "SCRAM-SHA-1":
                return TryGetVerifier(credential, out ScramVerifier? verifier) && MatchesVerifier(verifier!, password);
            case "PBKDF2":
                return TryParsePbkdf2(data, out byte[] salt, out int rounds, out byte[] hash) && CryptographicOperations.FixedTimeEquals(
                    Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA1, hash.Length), hash);
            case "CRYPT" or "DES-CRYPT" or "MD5-CRYPT" or "SHA256-CRYPT" or "SHA512-CRYPT" or "BLF-CRYPT":
                return CryptLibrary.TryHash(password, data) is { } crypted && CryptographicOperations.FixedTimeEquals(crypted, data);
            default:
                return TrySplitDigest(scheme, data, IsEncoded(credential), out HashAlgorithmName algorithm, out byte[] digest, out byte[] salted)
                    && CryptographicOperations.FixedTimeEquals(
                        CryptographicOperations.HashData(algorithm, [.. password, .. salted]), digest);
        }
    }

    private static bool MatchesVerifier(ScramVerifier verifier, ReadOnlySpan<byte> password)
    {
        bool isText = PasswordPreparation.TryPrepare(password, out byte[] prepared);
        if (isText && verifier.Matches(prepared))
        {
            return true;
        }
        // Dovecot hashes what it is given: a verifier made there from an unprepared password fits only the octets themselves.
        return !(isText && password.SequenceEqual(prepared)) && verifier.Matches(password);
    }

    /// <summary>Compares without telling by time how long the stored password is, or how much of it is right.</summary>
    private static bool EqualText(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(left), SHA256.HashData(right));

    /// <summary>The scheme in capitals without its encoding suffix, and the data decoded as the suffix says.</summary>
    private static bool TryResolve(StoredCredential credential, out string scheme, out byte[] data)
    {
        string name = credential.Scheme.ToUpperInvariant();
        int dot = name.LastIndexOf('.');
        string suffix = dot < 0 ? "" : name[(dot + 1)..];
        scheme = dot < 0 ? name : name[..dot];
        data = Encoding.UTF8.GetBytes(credential.Data);
        // To directories {MD5} is a digest, to Dovecot crypt(3)'s MD5: they cannot be taken for one another.
        scheme = scheme == "MD5" && data.AsSpan().StartsWith("$1$"u8) ? "MD5-CRYPT" : scheme;
        return suffix switch
        {
            "" => true,
            "HEX" => TryDecodeHex(credential.Data, out data),
            "B64" or "BASE64" => SaslCodec.TryDecodeBase64(data, out data),
            _ => false,
        };
    }

    private static bool IsEncoded(StoredCredential credential) => credential.Scheme.Contains('.', StringComparison.Ordinal);

    /// <summary>Dovecot's <c>$1$salt$rounds$hex</c>: PBKDF2 with HMAC-SHA-1; the salt's letters are the salt.</summary>
    private static bool TryParsePbkdf2(ReadOnlySpan<byte> data, out byte[] salt, out int rounds, out byte[] hash)
    {
        salt = hash = [];
        rounds = 0;
        string[] parts = Encoding.UTF8.GetString(data).Split('$');
        if (parts.Length != 5 || parts[0].Length != 0 || parts[1] != "1"
            || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out rounds)
            || rounds is < 1 or > Pbkdf2IterationsMax
            || !TryDecodeHex(parts[4], out hash))
        {
            return false;
        }
        salt = Encoding.UTF8.GetBytes(parts[2]);
        return hash.Length == SHA1.HashSizeInBytes;
    }

    /// <summary>
    /// A digest, for SSHA with its salt behind it. Base64, or for the unsalted ones hexadecimal where the length says so, as in Dovecot.
    /// </summary>
    private static bool TrySplitDigest(
        string scheme, byte[] data, bool isDecoded, out HashAlgorithmName algorithm, out byte[] digest, out byte[] salt)
    {
        digest = salt = [];
        bool salted = scheme.StartsWith("SSHA", StringComparison.Ordinal) || scheme == "SMD5";
        (algorithm, int octets) = scheme switch
        {
            "SHA" or "SHA1" or "SSHA" => (HashAlgorithmName.SHA1, SHA1.HashSizeInBytes),
            "SHA256" or "SSHA256" => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            "SHA384" or "SSHA384" => (HashAlgorithmName.SHA384, SHA384.HashSizeInBytes),
            "SHA512" or "SSHA512" => (HashAlgorithmName.SHA512, SHA512.HashSizeInBytes),
            "MD5" or "SMD5" or "LDAP-MD5" or "PLAIN-MD5" => (HashAlgorithmName.MD5, Md5Octets),
            _ => (default, 0),
        };
        if (octets == 0)
        {
            return false;
        }
        if (!isDecoded && !(!salted && data.Length == octets * 2 && TryDecodeHex(Encoding.UTF8.GetString(data), out data))
            && !SaslCodec.TryDecodeBase64(data, out data))
        {
            return false;
        }
        if (salted ? data.Length <= octets : data.Length != octets)
        {
            return false;
        }
        digest = data[..octets];
        salt = data[octets..];
        return true;
    }

    private static bool TryDecodeHex(string text, out byte[] octets)
    {
        octets = [];
        if (text.Length % 2 != 0 || !text.All(char.IsAsciiHexDigit))
        {
            return false;
        }
        octets = Convert.FromHexString(text);
        return true;
    }
}
