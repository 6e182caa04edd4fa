namespace MailAccess.Auth.Sasl;

/// <summary>A login name with something behind the account's, as an address has its detail: <c>alice+Lists@example.org</c>, <c>alice@example.org+Lists</c>.</summary>
/// <param name="AccountName">The account's login name.</param>
/// <param name="Detail">What stands behind the first delimiter; never empty.</param>
internal readonly record struct LoginDetail(string AccountName, string Detail)
{
    /// <summary>
    /// The one way to read a name so, or null. A domain behind the detail belongs to the account where the account has none before it.
    /// </summary>
    public static LoginDetail? Of(string loginName, char? delimiter)
    {
        int start = delimiter is { } sign ? loginName.IndexOf(sign, StringComparison.Ordinal) : -1;
        if (start < 1)
        {
            return null;
        }
        string account = loginName[..start];
        string detail = loginName[(start + 1)..];
        int at = account.Contains('@', StringComparison.Ordinal) ? -1 : detail.LastIndexOf('@');
        if (at >= 0)
        {
            account += detail[at..];
            detail = detail[..at];
        }
        return detail.Length > 0 ? new LoginDetail(account, detail) : null;
    }
}
