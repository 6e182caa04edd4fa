using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>The client side of SCRAM, written from RFC 5802 §3 on its own.</summary>
internal sealed class ScramClient(HashAlgorithmName hash, string name, string password)
{
    private string _bare = "";
    private byte[] _serverKey = [];
    private string _authMessage = "";

    public string Header { get; init; } = "n,,";

    /// <summary>cbind-data behind the header in "c".</summary>
    public byte[] Binding { get; init; } = [];

    public string First(string nonce)
    {
        _bare = $"n={name.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";
        return Header + _bare;
    }

    public string Final(string serverFirst)
    {
        Dictionary<char, string> fields = serverFirst.Split(',').ToDictionary(f => f[0], f => f[2..]);
        int octets = hash == HashAlgorithmName.SHA1 ? 20 : 32;
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), Convert.FromBase64String(fields['s']), int.Parse(fields['i'], null), hash, octets);
        byte[] clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8.ToArray());
        _serverKey = CryptographicOperations.HmacData(hash, salted, "Server Key"u8.ToArray());
        string withoutProof = $"c={Convert.ToBase64String([.. Encoding.UTF8.GetBytes(Header), .. Binding])},r={fields['r']}";
        _authMessage = $"{_bare},{serverFirst},{withoutProof}";
        byte[] signature = CryptographicOperations.HmacData(
            hash, CryptographicOperations.HashData(hash, clientKey), Encoding.UTF8.GetBytes(_authMessage));
        byte[] proof = [.. clientKey.Zip(signature, (k, s) => (byte)(k ^ s))];
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    public bool Trusts(string serverFinal) =>
        serverFinal == $"v={Convert.ToBase64String(CryptographicOperations.HmacData(hash, _serverKey, Encoding.UTF8.GetBytes(_authMessage)))}";
}
