using System.CommandLine;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess serve</summary>
internal static class ServeCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        Option<string> config = CommonOptions.Config();
        Command command = new("serve", "Runs the server until SIGTERM or Ctrl-C.") { config };
        command.SetAction(async (arguments, _) =>
        {
            string file = arguments.GetValue(config)!;
            ServerConfiguration? configuration = CommonOptions.Load(file, errors);
            return configuration is null ? ExitCodes.Configuration : await ServerRun.RunAsync(configuration, Reload, Started, errors);

            IReadOnlyList<ConfigurationError> Reload()
            {
                List<ConfigurationError> found = [];
                ConfigurationLoader.Load(file, Environment.GetEnvironmentVariables(), found);
                return found;
            }
        });
        return command;

        void Started() => output.WriteLine("mailaccess: running");
    }
}
