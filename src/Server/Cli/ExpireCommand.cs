using System.CommandLine;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Store;
using MailAccess.Store.Expiry;
using MailAccess.Store.Maildir;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess expire: what the server does by itself once in a while, now and while it is stopped.</summary>
internal static class ExpireCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        Option<string> config = CommonOptions.Config();
        Option<bool> dryRun = new("--dry-run") { Description = "Only counts what would go." };
        Argument<string[]> names = new("account") { Description = "These accounts; without any: all that have mail.", Arity = ArgumentArity.ZeroOrMore };
        Command command = new("expire", "Removes messages by the rules of the configuration (expiry.rules). The server must not be running.") { config, dryRun, names };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            ServerConfiguration? configuration = CommonOptions.Load(arguments.GetValue(config)!, errors);
            if (configuration is null)
            {
                return ExitCodes.Configuration;
            }
            ExpiryMode mode = arguments.GetValue(dryRun) ? ExpiryMode.OnlyCount : ExpiryMode.Remove;
            return await RunAsync(configuration, arguments.GetValue(names) ?? [], mode, output, errors, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        ServerConfiguration configuration, string[] names, ExpiryMode mode, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        using LineLoggerProvider provider = new(configuration.Log, TimeProvider.System);
        using LineLoggerFactory loggers = new(provider);
        using AccountSources sources = new(configuration, TimeProvider.System, loggers);
        IAccountDirectory accounts = sources.All;
        await using AccountQuotas quotas = new(configuration, accounts, TimeProvider.System, loggers.CreateLogger("MailAccess.Server")); // maildirsize follows.
        List<string> problems = [];
        IReadOnlyList<string> known;
        try
        {
            known = await ExpiryService.AccountsAsync(configuration, accounts, cancellationToken);
        }
        catch (IOException problem)
        {
            await errors.WriteLineAsync($"mailaccess: {problem.Message}");
            return ExitCodes.Unavailable;
        }
        problems.AddRange(names.Where(n => !known.Contains(n, StringComparer.Ordinal)).Select(n => $"there is no account \"{n}\" that has mail"));
        IMailStore? store = problems.Count > 0
            ? null : await StoreSetup.OpenAsync(configuration, accounts, quotas, TimeProvider.System, loggers, problems);
        if (store is null)
        {
            problems.ForEach(p => errors.WriteLine($"mailaccess: {p}"));
            return ExitCodes.Unavailable;
        }
        await using (store)
        {
            var sweep = new ExpirySweep(store, configuration.Expiry.Rules, new StoreLimits(), TimeProvider.System, loggers.CreateLogger("MailAccess.Store"));
            ExpiryOutcome outcome = await sweep.RunAsync(names.Length > 0 ? names : known, mode, cancellationToken);
            string verb = mode == ExpiryMode.OnlyCount ? "would expire" : "expired";
            await output.WriteLineAsync($"{outcome.Messages} messages {verb} in {outcome.Mailboxes} mailboxes of {outcome.Accounts} accounts, {outcome.Failures} failures");
            return outcome.Failures == 0 ? ExitCodes.Ok : ExitCodes.Unavailable;
        }
    }
}
