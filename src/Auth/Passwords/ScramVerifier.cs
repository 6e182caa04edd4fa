using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Auth.Passwords;

/// <summary>What a server keeps of a password for SCRAM: it can check a client, and cannot be used to log in. RFC 5802 §3.</summary>
internal sealed record ScramVerifier(HashAlgorithmName Hash, int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    /// <summary>Octets of salt in the verifiers that we make.</summary>
    public const int SaltOctets = 16;

    /// <summary>More would only be a way to stop the server; the greatest count seen in practice is a million.</summary>
    private const int IterationsMax = 10_000_000;

    /// <summary>Derives the keys: this is the expensive step. The password is prepared already.</summary>
    public static ScramVerifier Derive(HashAlgorithmName hash, ReadOnlySpan<byte> password, byte[] salt, int iterations)
    {
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, hash, KeyOctets(hash));
        byte[] clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        byte[] serverKey = CryptographicOperations.HmacData(hash, salted, "Server Key"u8);
        byte[] storedKey = CryptographicOperations.HashData(hash, clientKey);
        CryptographicOperations.ZeroMemory(salted);
        CryptographicOperations.ZeroMemory(clientKey);
        return new ScramVerifier(hash, iterations, salt, storedKey, serverKey);
    }

    /// <summary>Dovecot's notation behind the scheme: <c>iterations,base64 salt,base64 StoredKey,base64 ServerKey</c>.</summary>
    public static bool TryParse(HashAlgorithmName hash, string data, [NotNullWhen(true)] out ScramVerifier? verifier)
    {
        verifier = null;
        string[] parts = data.Split(',');
        if (parts.Length != 4
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations)
            || iterations is < 1 or > IterationsMax
            || !TryDecode(parts[1], out byte[] salt) || salt.Length == 0
            || !TryDecode(parts[2], out byte[] storedKey) || storedKey.Length != KeyOctets(hash)
            || !TryDecode(parts[3], out byte[] serverKey) || serverKey.Length != KeyOctets(hash))
        {
            return false;
        }
        verifier = new ScramVerifier(hash, iterations, salt, storedKey, serverKey);
        return true;
    }

    /// <summary>The inverse of <see cref="TryParse"/>.</summary>
    public string Format() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iterations},{Convert.ToBase64String(Salt)},{Convert.ToBase64String(StoredKey)},{Convert.ToBase64String(ServerKey)}");

    /// <summary>Checks a plain password by deriving the keys again.</summary>
    public bool Matches(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(Derive(Hash, password, Salt, Iterations).StoredKey, StoredKey);

    /// <summary>RFC 5802 §3: ClientKey := ClientProof XOR ClientSignature, and H(ClientKey) must be StoredKey.</summary>
    public bool MatchesProof(ReadOnlySpan<byte> authMessage, ReadOnlySpan<byte> proof)
    {
        byte[] clientKey = CryptographicOperations.HmacData(Hash, StoredKey, authMessage);
        if (proof.Length != clientKey.Length)
        {
            return false;
        }
        for (int i = 0; i < clientKey.Length; i++)
        {
            clientKey[i] ^= proof[i];
        }
        bool matches = CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(Hash, clientKey), StoredKey);
        CryptographicOperations.ZeroMemory(clientKey);
        return matches;
    }

    /// <summary>ServerSignature, by which the client sees that we know its password. RFC 5802 §3.</summary>
    public byte[] Sign(ReadOnlySpan<byte> authMessage) => CryptographicOperations.HmacData(Hash, ServerKey, authMessage);

    /// <summary>Never shows its keys.</summary>
    public override string ToString() => $"SCRAM verifier, {Hash}, {Iterations} iterations";

    private static int KeyOctets(HashAlgorithmName hash) => hash == HashAlgorithmName.SHA1 ? SHA1.HashSizeInBytes : SHA256.HashSizeInBytes;

    private static bool TryDecode(string text, out byte[] octets) => SaslCodec.TryDecodeBase64(Encoding.ASCII.GetBytes(text), out octets);
}
