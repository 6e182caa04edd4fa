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
        return CountAtSigns(body) == paths.Count || IsItsOwnName(body, paths) ? paths : null;
    }

    /// <summary><c>alice@example.test &lt;alice@example.test&gt;</c>: not RFC 5322, but scripts write it, and nothing is hidden in it.</summary>
    private static bool IsItsOwnName(ReadOnlySpan<byte> body, List<MailPath> paths) =>
        paths is [MailPath only]
        && Encoding.UTF8.GetString(body).Trim().Equals($"{only} <{only}>", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// <c>@</c> outside of quotes and comments: one for each address. The address reader is generous and passes
    /// over what it cannot use; here nothing that looks like an address may be passed over.
    /// </summary>
    private static int CountAtSigns(ReadOnlySpan<byte> body)
    {
        int count = 0;
        int comments = 0;
        bool quoted = false;
        for (int i = 0; i < body.Length; i++)
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
                    count++;
                    break;
            }
        }
        return count;
    }
}
