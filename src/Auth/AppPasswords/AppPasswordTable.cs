using MailAccess.Auth.Directories;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.AppPasswords;

/// <summary>All app passwords of one reading of their file. Immutable.</summary>
internal sealed class AppPasswordTable
{
    /// <summary>A file that is no such file at all must not fill the log.</summary>
    private const int ProblemsShownMax = 100;

    private readonly Dictionary<string, List<AppPassword>> _byAccount = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    /// <summary>None.</summary>
    public static AppPasswordTable Empty { get; } = new();

    /// <summary>The id of each.</summary>
    public IReadOnlySet<string> Ids => _ids;

    /// <summary>A broken line fits no password, is logged, and counts as an app password of its account where it begins with one.</summary>
    public static AppPasswordTable Parse(string content, string path, ILogger logger)
    {
        AppPasswordTable table = new();
        int number = 0;
        int problems = 0;
        foreach (string line in content.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (!PasswdLine.IsEntry(line))
            {
                continue;
            }
            List<AppPassword>? passwords = AppPassword.AccountOf(line) is { } account ? table.Open(account) : null;
            if (!AppPassword.TryParse(line, out AppPassword? password, out string? problem) || passwords is null)
            {
                problem ??= "no account";
            }
            else if (passwords.Count >= AppPasswordEditor.PerAccountMax)
            {
                problem = "too many app passwords of one account";
            }
            else
            {
                passwords.Add(password);
                table._ids.Add(password.Id);
            }
            if (problem is not null && ++problems <= ProblemsShownMax)
            {
                Log.LineSkipped(logger, path, number, problem);
            }
        }
        return table;
    }

    /// <summary>The account's app password that this is.</summary>
    public AppPassword? Match(string account, ReadOnlySpan<byte> password)
    {
        if (AppPassword.IsPossible(password) && _byAccount.TryGetValue(account, out List<AppPassword>? passwords))
        {
            foreach (AppPassword one in passwords)
            {
                if (one.Matches(password))
                {
                    return one;
                }
            }
        }
        return null;
    }

    /// <summary>The file names the account; that all its app passwords have ended makes no difference.</summary>
    public bool HasAny(string account) => _byAccount.ContainsKey(account);

    private List<AppPassword> Open(string account)
    {
        if (!_byAccount.TryGetValue(account, out List<AppPassword>? passwords))
        {
            passwords = [];
            _byAccount.Add(account, passwords);
        }
        return passwords;
    }
}
