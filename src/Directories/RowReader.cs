using MailAccess.Auth;
using Microsoft.Extensions.Logging;

namespace MailAccess.Directories;

/// <summary>Makes accounts of what a source says, and logs once what cannot be used.</summary>
/// <param name="source">Its name in the log.</param>
/// <param name="defaultDomains">Domains of accounts without one.</param>
/// <param name="log">Where to.</param>
internal sealed class RowReader(string source, IReadOnlyList<string> defaultDomains, ILogger log)
{
    private const int ProblemsMax = 1000;

    private readonly HashSet<(string, string)> _logged = [];

    /// <summary>The account, or null where there can be none.</summary>
    public StoredAccount? Read(AccountRow row)
    {
        bool isGood = row.TryRead(defaultDomains, out StoredAccount? account, out string? problem);
        if (problem is not null && IsNew(row.Name, problem))
        {
            if (isGood)
            {
                Log.LoginDisabled(log, source, row.Name, problem);
            }
            else
            {
                Log.AccountSkipped(log, source, row.Name, problem);
            }
        }
        return account;
    }

    /// <summary>The account, if the address is one of its own.</summary>
    public Account? ReadOwner(AccountRow row, string address) =>
        Read(row)?.Account is { } account && account.Addresses.Contains(address, StringComparer.OrdinalIgnoreCase) ? account : null;

    private bool IsNew(string name, string problem)
    {
        lock (_logged)
        {
            return _logged.Count < ProblemsMax && _logged.Add((name, problem));
        }
    }
}
