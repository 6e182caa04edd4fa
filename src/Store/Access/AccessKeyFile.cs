using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Store.Access;

/// <summary>
/// A user's mailbox access keys (RFC 4467 §2.2): a text file in his account's root, a line for each of the mailbox's identity and the key in
/// hexadecimal, separated by a space, below a line with the format's version.
/// </summary>
/// <remarks>
/// Keys belong to identities, not to names: they go where the mailbox goes, and a new mailbox has none whatever its name. With them anybody
/// can read the mail: they stand in no log and in no answer, and leave the store only as what was made with them.
/// </remarks>
internal sealed class AccessKeyFile
{
    /// <summary>Not one of <c>mailaccess.*</c>: those may be deleted, this is data.</summary>
    public const string Name = "account-access-keys";

    /// <summary>Keys of one user: far more than a client makes that authorizes what it sends.</summary>
    public const int KeysMax = 10_000;

    /// <summary>256 bits; RFC 4467 §10 asks for 128.</summary>
    private const int KeyOctets = 32;

    private const string FirstLine = "mailaccess access keys 1";

    private readonly Dictionary<Guid, byte[]> _keys = [];

    /// <summary>There is none.</summary>
    public bool IsEmpty => _keys.Count == 0;

    /// <summary>No further mailbox can have one.</summary>
    public bool IsFull => _keys.Count >= KeysMax;

    /// <summary>A line that cannot be read costs one key: what was authorized with it is refused.</summary>
    public static AccessKeyFile Parse(ReadOnlySpan<byte> content)
    {
        AccessKeyFile file = new();
        string[] lines = Encoding.ASCII.GetString(content).Split('\n');
        foreach (string line in lines[0] == FirstLine ? lines[1..] : [])
        {
            byte[] key = new byte[KeyOctets];
            if (line.Split(' ') is [string id, { Length: 2 * KeyOctets } text] && Guid.TryParseExact(id, "N", out Guid mailbox)
                && Convert.FromHexString(text, key, out _, out int written) == System.Buffers.OperationStatus.Done && written == KeyOctets)
            {
                file._keys[mailbox] = key;
            }
        }
        return file;
    }

    public byte[] Format()
    {
        if (IsEmpty)
        {
            return [];
        }
        StringBuilder text = new(FirstLine + "\n");
        foreach ((Guid mailbox, byte[] key) in _keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"{mailbox:N} {Convert.ToHexStringLower(key)}\n");
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    public bool Has(Guid mailbox) => _keys.ContainsKey(mailbox);

    /// <summary>A new one, in place of another if there is one.</summary>
    public void Renew(Guid mailbox) => _keys[mailbox] = RandomNumberGenerator.GetBytes(KeyOctets);

    public bool Remove(Guid mailbox) => _keys.Remove(mailbox);

    /// <summary>HMAC-SHA-256 with the mailbox's key; where it has none with one that nobody knows, in the same time (RFC 4467 §6).</summary>
    public byte[] Sign(Guid mailbox, ReadOnlySpan<byte> text) =>
        HMACSHA256.HashData(_keys.GetValueOrDefault(mailbox) ?? RandomNumberGenerator.GetBytes(KeyOctets), text);
}
