using System.CommandLine;
using System.Text;
using MailAccess.Auth;
using MailAccess.Auth.AppPasswords;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Cli;

/// <summary>
/// mailaccess user add|passwd|list|remove|history|app-password: the accounts of the passwd file, of which a running server sees a change within a second.
/// Those of other sources are only listed; app passwords and the history are those of all.
/// </summary>
internal static class UserCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        return new Command("user", "Accounts: add, passwd, list, remove, history, app-password.")
        {
            Named("add", "Adds an account. The password is asked for, twice.", withPassword: true, AddAsync),
            Named("passwd", "Changes an account's password.", withPassword: true, SetPasswordAsync),
            List(),
            Named("remove", "Removes an account, and its app passwords. Its mail stays where it is.", withPassword: false, RemoveAsync),
            UserHistoryCommand.Create(output, errors, TimeProvider.System),
            UserAppPasswordCommand.Create(output, errors, TimeProvider.System),
        };

        Command Named(string name, string description, bool withPassword, Func<ServerConfiguration, string, byte[], Task<int>> run)
        {
            Argument<string> user = new("name") { Description = "The account, usually an address: alice@example.org" };
            Option<string> config = CommonOptions.Config();
            Option<bool> fromInput = new("--password-stdin") { Description = "Take the password from the first line of standard input" };
            Command command = new(name, description) { user, config };
            if (withPassword)
            {
                command.Add(fromInput);
            }
            command.SetAction(async (arguments, _) =>
            {
                ServerConfiguration? configuration = CommonOptions.Load(arguments.GetValue(config)!, errors);
                if (configuration is null)
                {
                    return ExitCodes.Configuration;
                }
                if (!configuration.Accounts.Directories.HasPasswdFile)
                {
                    return await SayAsync(
                        $"accounts come from {configuration.Accounts.Shown} (accounts.sources): they are changed there, not from here", ExitCodes.Usage);
                }
                string account = arguments.GetValue(user)!.ToLowerInvariant();
                WarnOfForeignDomain(configuration, account);
                byte[]? password = withPassword ? PasswordPrompt.Read(account, arguments.GetValue(fromInput), errors) : [];
                return password is null ? ExitCodes.Usage : await run(configuration, account, password);
            });
            return command;
        }

        Command List()
        {
            Option<string> config = CommonOptions.Config();
            Command command = new("list", "Lists the accounts.") { config };
            command.SetAction(async (arguments, _) =>
            {
                ServerConfiguration? configuration = CommonOptions.Load(arguments.GetValue(config)!, errors);
                if (configuration is null)
                {
                    return ExitCodes.Configuration;
                }
                return await ListAsync(configuration);
            });
            return command;
        }

        async Task<int> ListAsync(ServerConfiguration configuration)
        {
            if (configuration.Accounts.Directories.HasPasswdFile)
            {
                foreach (PasswdEntry entry in await EntriesAsync(AccountSource.Editor(configuration.Accounts.PasswdFile)))
                {
                    await output.WriteLineAsync($"{entry.User}\t{{{entry.Scheme}}}\t{string.Join(',', entry.Addresses)}".TrimEnd());
                }
            }
            using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
            using LineLoggerFactory loggers = new(log);
            using AccountSources sources = new(configuration, TimeProvider.System, loggers);
            foreach (NamedSource source in sources.Sources.Where(s => s.Directory != sources.PasswdFile))
            {
                try
                {
                    foreach (Account account in await source.Directory.ListAsync(CancellationToken.None))
                    {
                        await output.WriteLineAsync($"{account.Name}\t{source.Key}\t{string.Join(',', account.Addresses)}".TrimEnd());
                    }
                }
                catch (IOException problem)
                {
                    return await SayAsync($"{source.Key}: {problem.Message}", ExitCodes.Unavailable);
                }
            }
            return ExitCodes.Ok;
        }

        void WarnOfForeignDomain(ServerConfiguration configuration, string account)
        {
            int at = account.LastIndexOf('@');
            if (at > 0 && !configuration.Domains.Contains(account[(at + 1)..], StringComparer.OrdinalIgnoreCase))
            {
                errors.WriteLine($"mailaccess: note: {account[(at + 1)..]} is not one of \"domains\", so no mail arrives for {account}");
            }
        }

        async Task<int> AddAsync(ServerConfiguration configuration, string account, byte[] password) =>
            await SayAsync(await AccountSource.AddAsync(AccountSource.Editor(configuration.Accounts.PasswdFile), account, password), ExitCodes.CannotCreate);

        async Task<int> SetPasswordAsync(ServerConfiguration configuration, string account, byte[] password)
        {
            PasswdFileEditor editor = AccountSource.Editor(configuration.Accounts.PasswdFile);
            return await ExistsAsync(editor, account)
                ? await SayAsync(await AccountSource.SetPasswordAsync(editor, account, password), ExitCodes.CannotCreate)
                : await SayAsync($"there is no account {account}", ExitCodes.NoUser);
        }

        async Task<int> RemoveAsync(ServerConfiguration configuration, string account, byte[] none)
        {
            PasswdFileEditor editor = AccountSource.Editor(configuration.Accounts.PasswdFile);
            if (!await ExistsAsync(editor, account))
            {
                return await SayAsync($"there is no account {account}", ExitCodes.NoUser);
            }
            // Its app passwords go first: whatever comes between, a later account of this name does not inherit them.
            AppPasswordEditor appPasswords = new(AccountSource.AppPasswordFile(configuration), new AuthLimits(), TimeProvider.System);
            string? problem = await appPasswords.RemoveAllAsync(account, CancellationToken.None)
                ?? (await editor.RemoveAsync(account, CancellationToken.None)).Problem;
            return await SayAsync(problem, ExitCodes.CannotCreate);
        }

        async Task<int> SayAsync(string? problem, int code)
        {
            if (problem is null)
            {
                return ExitCodes.Ok;
            }
            await errors.WriteLineAsync($"mailaccess: {problem}");
            return code;
        }
    }

    private static async Task<bool> ExistsAsync(PasswdFileEditor editor, string account) =>
        (await EntriesAsync(editor)).Any(e => e.User == account);

    private static async Task<IReadOnlyList<PasswdEntry>> EntriesAsync(PasswdFileEditor editor)
    {
        try
        {
            return await editor.ListAsync();
        }
        catch (FileNotFoundException)
        {
            return []; // The first account makes the file.
        }
    }
}
