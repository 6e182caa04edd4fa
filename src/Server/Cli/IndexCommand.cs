using System.CommandLine;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Store;
using MailAccess.Store.Inspection;
using MailAccess.Store.Search;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess index check|rebuild|dump: the index files beside the mail.</summary>
internal static class IndexCommand
{
    public static Command Create(TextWriter output, TextWriter errors) =>
        new("index", "The index of mailboxes: check, rebuild, dump.") { Check(output, errors), Rebuild(output, errors), Dump(output, errors) };

    private static Command Check(TextWriter output, TextWriter errors) => Named(
        "check", "Compares index, log, cache and list of UIDs with the mail. Changes nothing. Exit code 65: something is wrong.", [], errors,
        async target =>
        {
            await NoteRunningAsync(target.Configuration, errors);
            int wrong = 0;
            int count = 0;
            foreach ((string account, IIndexInspector inspector, MailboxName name) in target.Mailboxes())
            {
                IndexReport? report = inspector.Check(name);
                if (report is null)
                {
                    await errors.WriteLineAsync($"mailaccess: there is no mailbox {name} of {account}");
                    return ExitCodes.NoUser;
                }
                count++;
                wrong += report.Problems.Count > 0 ? 1 : 0;
                await output.WriteLineAsync($"{account} {name}: {(report.Problems.Count > 0 ? "WRONG" : "good")}, {report.Messages} messages");
                foreach (string line in report.Problems.Select(p => "  wrong: " + p).Concat(report.Notes.Select(n => "  note: " + n)))
                {
                    await output.WriteLineAsync(line);
                }
            }
            await output.WriteLineAsync($"{count} mailboxes, {wrong} wrong");
            return wrong > 0 ? ExitCodes.DataError : ExitCodes.Ok;
        });

    private static Command Rebuild(TextWriter output, TextWriter errors) => Named(
        "rebuild", "Makes the index and the search filter anew from the mail; UIDVALIDITY, UIDs, flags, keywords and dates stay. Not while the server runs.", [], errors,
        async target =>
        {
            using LineLoggerProvider log = new(target.Configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
            using LineLoggerFactory loggers = new(log);
            List<string> found = [];
            await using AccountQuotas quotas = new(target.Configuration, target.Directory, TimeProvider.System, loggers.CreateLogger("MailAccess.Server"));
            IIndexedStore? store = await StoreSetup.OpenAsync(target.Configuration, target.Directory, quotas, TimeProvider.System, loggers, found);
            if (store is null)
            {
                found.ForEach(f => errors.WriteLine($"mailaccess: {f}; nothing was rebuilt"));
                return ExitCodes.Unavailable;
            }
            await using (store)
            {
                foreach ((string account, _, MailboxName name) in target.Mailboxes().ToList())
                {
                    var bar = new ProgressLine($"{account} {name}", errors);
                    StoreResult<int> rebuilt = await store.RebuildIndexAsync(account, name, bar.Show);
                    bar.End();
                    if (!rebuilt.TryGet(out int messages))
                    {
                        await errors.WriteLineAsync($"mailaccess: {account} {name}: {rebuilt.Error}");
                        return rebuilt.Error == StoreError.NotFound ? ExitCodes.NoUser : ExitCodes.CannotCreate;
                    }
                    await TakeNoticeAsync(store, account, name, errors);
                    await output.WriteLineAsync($"{account} {name}: {messages} messages");
                }
            }
            return ExitCodes.Ok;
        });

    private static Command Dump(TextWriter output, TextWriter errors)
    {
        Option<bool> json = new("--json") { Description = "As JSON, one object a mailbox and line" };
        return Named(
            "dump", "Prints what the index says of each message.", [json], errors,
            async target =>
            {
                await NoteRunningAsync(target.Configuration, errors);
                foreach ((string account, IIndexInspector inspector, MailboxName name) in target.Mailboxes())
                {
                    if (inspector.Dump(name) is not { } dump)
                    {
                        await errors.WriteLineAsync($"mailaccess: {account} {name} has no index that can be read");
                        return ExitCodes.DataError;
                    }
                    await output.WriteAsync(target.Arguments.GetValue(json) ? IndexDumpWriter.Json(account, dump) : IndexDumpWriter.Table(account, dump));
                }
                return ExitCodes.Ok;
            });
    }

    private static Command Named(string name, string description, Option[] options, TextWriter errors, Func<IndexTarget, Task<int>> run)
    {
        Argument<string?> account = new("account") { Description = "Whose mailboxes (default: everybody's)", Arity = ArgumentArity.ZeroOrOne };
        Argument<string?> mailbox = new("mailbox") { Description = "Which mailbox (default: all), as INBOX or Lists/dev", Arity = ArgumentArity.ZeroOrOne };
        Option<string> config = CommonOptions.Config();
        Command command = new(name, description) { account, mailbox, config };
        Array.ForEach(options, command.Add);
        command.SetAction(async (arguments, _) =>
        {
            if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
            {
                return ExitCodes.Configuration;
            }
            using LineLoggerProvider log = new(configuration.Log with { Level = LogLevel.Warning, File = null }, TimeProvider.System);
            using LineLoggerFactory loggers = new(log);
            using AccountSources sources = new(configuration, TimeProvider.System, loggers);
            try
            {
                IndexTarget target = new(configuration, sources.All, arguments);
                return await target.FindAsync(arguments.GetValue(account), arguments.GetValue(mailbox)) is { } problem
                    ? await SayAsync(problem, ExitCodes.NoUser)
                    : await run(target);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                return await SayAsync(problem.Message, ExitCodes.DataError);
            }
        });
        return command;

        async Task<int> SayAsync(string problem, int code)
        {
            await errors.WriteLineAsync($"mailaccess: {problem}");
            return code;
        }
    }

    /// <summary>What the server has in memory and in its journal is in no index file yet.</summary>
    private static async Task NoteRunningAsync(ServerConfiguration configuration, TextWriter errors)
    {
        string data = Path.Combine(configuration.DataFolder, "store");
        if (DataFolderState.IsInUse(data))
        {
            await errors.WriteLineAsync("mailaccess: note: the server is running; its latest changes may not be in the index files yet");
        }
        else if (DataFolderState.HasJournal(data))
        {
            await errors.WriteLineAsync("mailaccess: note: the server did not end cleanly; the next start brings the index up to date from its journal");
        }
    }

    /// <summary>Opened once, so that messages without a UID get theirs; and the search filter is of the same messages.</summary>
    private static async Task TakeNoticeAsync(IMailStore store, string account, MailboxName name, TextWriter errors)
    {
        StoreResult<IMailAccount> opened = await store.OpenAccountAsync(account, CancellationToken.None);
        if (!opened.TryGet(out IMailAccount? mail) || !(await mail.OpenAsync(name, CancellationToken.None)).TryGet(out IMailbox? mailbox))
        {
            return;
        }
        await using (mailbox)
        {
            var bar = new ProgressLine($"{account} {name}: search filter", errors);
            await SearchFilters.MakeAsync(mailbox, anew: true, bar.Show, CancellationToken.None); // Where there is none, nothing is made.
            bar.End();
        }
    }
}
