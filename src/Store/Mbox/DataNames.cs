using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Store.Mbox;

/// <summary>Names of accounts and mailboxes as names of private folders. Readable where possible; two names never share a folder. Not decoded.</summary>
internal static class DataNames
{
    private const int OctetsMax = 150;

    public static string Encode(string name)
    {
        byte[] octets = Encoding.UTF8.GetBytes(name);
        var encoded = new StringBuilder();
        foreach (byte octet in octets)
        {
            bool isPlain = octet is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9')
                or (byte)'-' or (byte)'_' or (byte)'@' || (octet == (byte)'.' && encoded.Length > 0);
            _ = isPlain ? encoded.Append((char)octet) : encoded.Append(CultureInfo.InvariantCulture, $"={octet:X2}");
        }
        // A long name by its hash: nothing else begins with two of these signs.
        return encoded.Length <= OctetsMax ? encoded.ToString() : "==" + Convert.ToHexStringLower(SHA256.HashData(octets));
    }
}
