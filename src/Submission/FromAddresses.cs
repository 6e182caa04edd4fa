using System.Text;
using MailAccess.Message;
using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>The addresses in a From or Sender field, for a decision about trust.</summary>
internal static class FromAddresses
{
    /// <summary>
    /// All of them, groups' members included; null where the field cannot be read beyond doubt: what one program shows as the
    /// author another may pass over.
    /// </summary>
    public static IReadOnlyList<MailPath>? Read(ReadOnlySpan<byte> body)
    {
        List<MailPath> paths = [];
        foreach (MailAddress entry in AddressParser.Parse(body))
        {
            if (entry.Kind != MailAddressKind.Mailbox)
            {
                continue;
            }
            if (!entry.IsComplete
                || !MailPath.TryCreate(Encoding.UTF8.GetString(entry.LocalPart), Encoding.UTF8.GetString(entry.Domain), out MailPath? path))
            {
                return null;
            }
            paths.Add(path);
        }
        bool isBeyondDoubt = TryCount(body, out int atSigns, out int separators) && atSigns == paths.Count && separators >= paths.Count - 1;
        return isBeyondDoubt || IsItsOwnName(body, paths) ? paths : null;
    }

    /// <summary><c>alice@example.test &lt;alice@example.test&gt;</c>: not RFC 5322, but scripts write it, and nothing is hidden in it.</summary>
    private static bool IsItsOwnName(ReadOnlySpan<byte> body, List<MailPath> paths) =>
        paths is [MailPath only]
        && Encoding.UTF8.GetString(body).Trim().Equals($"{only} <{only}>", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// <c>@</c> outside of quotes and comments: one for each address, and a separator between any two. The address reader is generous and
    /// passes over what it cannot use; here nothing that looks like an address may be passed over. False where a quote or comment never
    /// ends, and for octets that stand in no address: programs do not agree on where one ends that has them. Square brackets may stand in a
    /// display name all the same: many write them, and what is in angle brackets behind it is beyond doubt.
    /// </summary>
    private static bool TryCount(ReadOnlySpan<byte> body, out int atSigns, out int separators)
    {
        atSigns = 0;
        separators = 0;
        int comments = 0;
        bool quoted = false;
        bool hasAt = false; // In the entry at hand.
        bool hasBracket = false; // In it, and not known to be in a display name.
        for (int i = 0; i < body.Length && !(hasBracket && hasAt); i++)
        {
            switch (body[i])
            {
                case (byte)'\\' when quoted || comments > 0:
                    i++;
                    break;
                case (byte)'"' when comments == 0:
                    quoted = !quoted;
                    break;
                case (byte)'(' when !quoted:
                    comments++;
                    break;
                case (byte)')' when !quoted && comments > 0:
                    comments--;
                    break;
                case (byte)'@' when !quoted && comments == 0:
                    atSigns++;
                    hasAt = true;
                    break;
                case (byte)'<' when !quoted && comments == 0:
                    hasBracket = false;
                    break;
                case (byte)',' or (byte)';' when !quoted && comments == 0:
                    separators++;
                    hasAt = false;
                    break;
                case (byte)'[' when !quoted && comments == 0 && i > 0 && body[i - 1] == '@' && body[i..].IndexOf((byte)']') is int length and > 0:
                    i += length; // A domain literal.
                    break;
                case (byte)'[' or (byte)']' when !quoted && comments == 0:
                    hasBracket = true;
                    break;
                case (byte)'\\' or < (byte)'\t' or 0x0B or 0x0C or (> (byte)'\r' and < (byte)' ') or 0x7F when !quoted && comments == 0:
                    return false;
            }
        }
        return !quoted && comments == 0 && !hasBracket;
    }
}
