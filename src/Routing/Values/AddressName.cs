using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>An address as tables are asked for it: its name, its detail, its domain.</summary>
/// <param name="User">The local part without detail.</param>
/// <param name="Detail">What stands behind the delimiter; null where there is none.</param>
/// <param name="Domain">In lower case, as A-labels; empty for <c>postmaster</c> alone.</param>
internal readonly record struct AddressName(string User, string? Detail, string Domain)
{
    /// <summary>What stands between name and detail.</summary>
    public char Delimiter { get; private init; } = '+';

    private static readonly string[] Whole = ["postmaster", "mailer-daemon", "double-bounce"];

    /// <summary>False: the domain cannot be written in the DNS.</summary>
    public static bool TryRead(MailPath path, char? delimiter, out AddressName name)
    {
        string domain = "";
        bool isGood = path.Domain.Length == 0 || MailDomain.TryNormalize(path.Domain, out domain);
        string local = path.LocalPart;
        int cut = delimiter is { } mark && !IsWhole(local, mark) ? local.IndexOf(mark, StringComparison.Ordinal) : -1;
        name = cut > 0 ? new AddressName(local[..cut], local[(cut + 1)..], domain) { Delimiter = local[cut] } : new AddressName(local, null, domain);
        return isGood;
    }

    /// <summary>As keys are written: quoted where the grammar wants it, so that what stands in a pattern's group is never more than one address.</summary>
    public static string Write(string localPart) =>
        MailPath.TryCreate(localPart, "x", out MailPath? path) ? path.ToString()[..^2] : localPart;

    // A hyphen as the delimiter must not cut the names of lists' owners: owner-staff, staff-request.
    private static bool IsWhole(string local, char delimiter) =>
        Whole.Contains(local, StringComparer.OrdinalIgnoreCase)
        || (delimiter == '-' && (local.StartsWith("owner-", StringComparison.OrdinalIgnoreCase) || local.EndsWith("-request", StringComparison.OrdinalIgnoreCase)));
}
