using System.CommandLine;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Cli;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary>Where the configuration is looked for when nothing is said.</summary>
    public const string DefaultFile = "/etc/mailaccess/mailaccess.json";

    public static Option<string> Config() => new("--config", "-c")
    {
        Description = $"The configuration file (default {DefaultFile})",
        HelpName = "FILE",
        DefaultValueFactory = _ => DefaultFile,
    };

    /// <summary>The configuration, or null after its errors were written.</summary>
    public static ServerConfiguration? Load(string file, TextWriter errors)
    {
        List<ConfigurationError> found = [];
        ServerConfiguration? configuration = ConfigurationLoader.Load(file, Environment.GetEnvironmentVariables(), found);
        foreach (ConfigurationError error in found)
        {
            errors.WriteLine(error);
        }
        return configuration;
    }
}
