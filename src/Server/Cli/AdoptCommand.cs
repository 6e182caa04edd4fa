using System.CommandLine;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Store;
using MailAccess.Store.Maildir;
using MailAccess.Store.Maildir.Adoption;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess adopt: takes over Maildirs of other servers in place, or says what that would do.</summary>
/// <remarks>The server does the same by itself when an account is first opened; this does it at once for all, and says what it found.</remarks>
internal static class AdoptCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        Argument<string[]> what = new("what")
        {
            Description = "Accounts, or paths of their Maildirs (default: all accounts)",
            HelpName = "ACCOUNT|PATH",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> config = CommonOptions.Config();
        Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be taken over; nothing is written" };
        Command command = new("adopt", "Takes over Maildirs of Dovecot and Courier in place: UIDs, flags, keywords, subscriptions and POP3 unique-ids stay.") { what, dryRun, config };
        command.SetAction(async (arguments, stop) =>
        {
            ServerConfiguration? configuration = CommonOptions.Load(arguments.GetValue(config)!, errors);
            return configuration is null
                ? ExitCodes.Configuration
                : await new Adoption(configuration, output, errors).RunAsync(arguments.GetValue(what) ?? [], arguments.GetValue(dryRun), stop);
        });
        return command;
    }
}

/// <summary>One run of the command.</summary>
internal sealed class Adoption(ServerConfiguration configuration, TextWriter output, TextWriter errors)
{
    private int _adopted;
    private int _problems;

    public async Task<int> RunAsync(IReadOnlyList<string> what, bool isDryRun, CancellationToken stop)
    {
        using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
        using LineLoggerFactory loggers = new(log);
        using AccountSources sources = new(configuration, TimeProvider.System, loggers);
        IAccountDirectory accounts = sources.All;
        List<(string Name, string Root)> roots = [];
        if (await FindAsync(accounts, what, isDryRun, roots, stop) is { } failure)
        {
            return failure;
        }
        List<InspectedMaildir> inspected = [];
        foreach ((string name, string root) in roots)
        {
            try
            {
                inspected.Add(MaildirInspection.Inspect(root));
            }
            catch (IOException problem)
            {
                await errors.WriteLineAsync($"mailaccess: {name}: {problem.Message}");
                return ExitCodes.Unavailable;
            }
            Report(name, inspected[^1]);
        }
        if (!isDryRun && await AdoptAsync(roots, inspected, accounts, loggers, stop) is { } refused)
        {
            return refused;
        }
        await output.WriteLineAsync(
            $"{(isDryRun ? "would take over" : "taken over")}: {(isDryRun ? inspected.Sum(i => i.Mailboxes.Count) : _adopted)} mailboxes of {inspected.Count(i => i.Mailboxes.Count > 0)} accounts; {_problems} notes");
        return ExitCodes.Ok;
    }

    /// <summary>The exit code where something named does not exist.</summary>
    private async Task<int?> FindAsync(
        IAccountDirectory accounts, IReadOnlyList<string> what, bool isDryRun, List<(string Name, string Root)> roots, CancellationToken stop)
    {
        List<(string Name, string Root)> all = [];
        try
        {
            foreach (Account account in await accounts.ListAsync(stop))
            {
                if (StoreSetup.RootOf(account.Name, configuration.Mail.PathTemplate, accounts) is { } root)
                {
                    all.Add((account.Name, root));
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"mailaccess: accounts: {problem.Message}");
            return ExitCodes.Configuration;
        }
        foreach (string wanted in what)
        {
            bool isPath = wanted.Contains('/', StringComparison.Ordinal);
            string path = isPath ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(wanted)) : "";
            int at = all.FindIndex(a => isPath ? Path.TrimEndingDirectorySeparator(a.Root) == path : a.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase));
            if (at >= 0)
            {
                roots.Add(all[at]);
            }
            else if (isPath && isDryRun)
            {
                roots.Add((path, path));
            }
            else
            {
                await errors.WriteLineAsync(isPath
                    ? $"mailaccess: no account's mail lies in {path} (mail.path is {configuration.Mail.PathTemplate}); --dry-run looks at any path"
                    : $"mailaccess: there is no account {wanted}");
                return ExitCodes.NoUser;
            }
        }
        if (what.Count == 0)
        {
            roots.AddRange(all);
        }
        return null;
    }

    private void Report(string name, InspectedMaildir maildir)
    {
        output.WriteLine($"{name}: {maildir.Root}");
        foreach (InspectedMailbox mailbox in maildir.Mailboxes)
        {
            string source = mailbox.Source switch
            {
                AdoptionSource.Dovecot => $"Dovecot (list version {mailbox.ListVersion})",
                AdoptionSource.Courier => "Courier",
                AdoptionSource.MailAccess => "taken over already",
                _ => "a Maildir without UIDs",
            };
            string numbers = mailbox.UidValidity == 0 ? "" : $", UIDVALIDITY {mailbox.UidValidity}, next UID {mailbox.UidNext}";
            output.WriteLine(
                $"  {mailbox.Name}: {source}{numbers}: {mailbox.Messages} messages, {mailbox.Numbered} with UIDs, {mailbox.Keywords} keywords, {mailbox.Pop3Uidls} POP3 unique-ids");
            Note(mailbox.Problems);
        }
        if (maildir.Mailboxes.Count > 0)
        {
            output.WriteLine($"  {maildir.Subscriptions} subscriptions; names of folders in {(maildir.IsUtf8 ? "UTF-8" : "modified UTF-7")}");
        }
        Note(maildir.Problems);
    }

    private void Note(IReadOnlyList<string> problems)
    {
        _problems += problems.Count;
        foreach (string problem in problems)
        {
            output.WriteLine($"    note: {problem}");
        }
    }

    private async Task<int?> AdoptAsync(
        List<(string Name, string Root)> roots, List<InspectedMaildir> inspected, IAccountDirectory accounts, LineLoggerFactory loggers, CancellationToken stop)
    {
        List<string> problems = [];
        await using AccountQuotas quotas = new(configuration, accounts, TimeProvider.System, loggers.CreateLogger("MailAccess.Server"));
        MaildirStore? opened = await StoreSetup.OpenMaildirsAsync(configuration, accounts, quotas, TimeProvider.System, loggers, problems);
        if (opened is null)
        {
            problems.ForEach(p => errors.WriteLine($"mailaccess: {p}"));
            await errors.WriteLineAsync("mailaccess: a running server takes over each account when it is first used; stop it to do it now, or look with --dry-run");
            return ExitCodes.Unavailable;
        }
        await using MaildirStore store = opened;
        for (int i = 0; i < roots.Count; i++)
        {
            if (inspected[i].Mailboxes.Count > 0 && await AdoptAsync(store, roots[i].Name, inspected[i], stop) is { } error)
            {
                await errors.WriteLineAsync($"mailaccess: {roots[i].Name}: {error}");
                return ExitCodes.Unavailable;
            }
        }
        return null;
    }

    /// <summary>Opens every mailbox, which takes it over; then compares. What went wrong, or null.</summary>
    private async Task<string?> AdoptAsync(MaildirStore store, string name, InspectedMaildir maildir, CancellationToken stop)
    {
        StoreResult<IMailAccount> found = await store.OpenAccountAsync(name, stop);
        if (!found.TryGet(out IMailAccount? account))
        {
            return $"the store said {found.Error}";
        }
        await using (account)
        {
            foreach (InspectedMailbox mailbox in maildir.Mailboxes)
            {
                StoreResult<IMailbox> entered = await account.OpenAsync(mailbox.Name, stop);
                if (!entered.TryGet(out IMailbox? open))
                {
                    return $"{mailbox.Name}: the store said {entered.Error}";
                }
                await using (open)
                {
                    if (mailbox.UidValidity != 0 && open.Snapshot.UidValidity.Value != mailbox.UidValidity)
                    {
                        return $"{mailbox.Name}: UIDVALIDITY is {open.Snapshot.UidValidity.Value}, not {mailbox.UidValidity}";
                    }
                    _adopted++;
                }
            }
        }
        return null;
    }
}
