using System.Runtime.InteropServices;
using MailAccess.Server.Cli;
using MailAccess.Server.Configuration;
using MailAccess.Server.Logging;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>A server from its start to a signal that ends it.</summary>
internal static class ServerRun
{
    /// <summary>Runs until SIGTERM, SIGINT or SIGQUIT; gives the exit code.</summary>
    /// <param name="configuration">A valid one.</param>
    /// <param name="reload">Reads the configuration again on SIGHUP and gives its errors; null where there is no file.</param>
    /// <param name="started">Called when clients can connect.</param>
    /// <param name="errors">Where reasons go why it does not start.</param>
    public static async Task<int> RunAsync(ServerConfiguration configuration, Func<IReadOnlyList<ConfigurationError>>? reload, Action started, TextWriter errors)
    {
        // Nothing of ours blocks pool threads for long; what does after all must not stall everybody (two cores: two threads).
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 32), Math.Max(ports, 8));
        using LineLoggerProvider provider = new(configuration.Log, TimeProvider.System);
        using LineLoggerFactory loggers = new(provider);
        ILogger log = loggers.CreateLogger("MailAccess.Server");
        TaskCompletionSource<string> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => End(s, end));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => End(s, end));
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, s => End(s, end));

        List<string> problems = [];
        MailServer? server = await MailServer.StartAsync(configuration, loggers, TimeProvider.System, problems);
        if (server is null)
        {
            foreach (string problem in problems)
            {
                await errors.WriteLineAsync($"mailaccess: {problem}");
            }
            return ExitCodes.Unavailable;
        }
        await using (server)
        {
            using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                provider.Reopen();
                server.ReloadCertificates();
                Check(reload, log);
            });
            using MemoryTrimmer trimmer = new(TimeProvider.System);
            started();
            log.Ending(await end.Task);
        }
        log.Ended();
        return ExitCodes.Ok;
    }

    private static void End(PosixSignalContext signal, TaskCompletionSource<string> end)
    {
        signal.Cancel = true; // We end by ourselves, when everything is in order.
        end.TrySetResult(signal.Signal.ToString());
    }

    private static void Check(Func<IReadOnlyList<ConfigurationError>>? reload, ILogger log)
    {
        if (reload is null)
        {
            return;
        }
        IReadOnlyList<ConfigurationError> found = reload();
        foreach (ConfigurationError error in found)
        {
            log.ConfigurationProblem(error.ToString());
        }
        if (found.Count == 0)
        {
            log.ConfigurationGood();
        }
    }
}
