using System.Globalization;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir.Adoption;

/// <summary>
/// The highest UIDVALIDITY that Dovecot gave out in an account: in hexadecimal in <c>dovecot-uidvalidity</c>, and at the end of
/// the name of an empty file beside it.
/// </summary>
internal static class DovecotUidValidity
{
    private const string FileName = "dovecot-uidvalidity";

    /// <summary>0 where Dovecot never gave any.</summary>
    public static uint Read(IFiles files, string root)
    {
        string content = Encoding.Latin1.GetString(files.ReadAll(Path.Combine(root, FileName)) ?? []).Trim();
        uint highest = TryHex(content, out uint written) ? written : 0;
        foreach (string name in files.List(root) ?? [])
        {
            if (name.StartsWith(FileName + ".", StringComparison.Ordinal) && TryHex(name[(FileName.Length + 1)..], out uint named))
            {
                highest = Math.Max(highest, named);
            }
        }
        return highest;
    }

    private static bool TryHex(string text, out uint value) => uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
