using MailAccess.Auth;
using MailAccess.Smtp;

namespace MailAccess.Submission;

/// <summary>Which addresses are an account's own. RFC 6409 §6.1.</summary>
internal static class Ownership
{
    /// <summary>Case does not count, on either side of the <c>@</c>; a detail behind the delimiter does not either.</summary>
    public static bool Owns(this Account account, string localPart, string domain, char? detailDelimiter)
    {
        string plain = WithoutDetail(localPart, detailDelimiter);
        foreach (string address in account.Addresses)
        {
            if (MailPath.TryParse(address, out MailPath? owned)
                && owned.Domain.Equals(domain, StringComparison.OrdinalIgnoreCase)
                && (owned.LocalPart.Equals(localPart, StringComparison.OrdinalIgnoreCase)
                    || owned.LocalPart.Equals(plain, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }
        return false;
    }

    private static string WithoutDetail(string localPart, char? delimiter)
    {
        int at = delimiter is { } c ? localPart.IndexOf(c) : -1;
        return at > 0 ? localPart[..at] : localPart;
    }
}
