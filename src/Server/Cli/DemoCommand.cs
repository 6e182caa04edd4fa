using System.CommandLine;
using System.Text;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Demo;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess demo</summary>
internal static class DemoCommand
{
    private const int DefaultPortBase = 10_000;

    public static Command Create(TextWriter output, TextWriter errors)
    {
        Option<int> portBase = new("--port-base")
        {
            Description = "Listen at this number + the standard port (IMAP 143 → 10143)",
            DefaultValueFactory = _ => DefaultPortBase,
        };
        portBase.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64_000)
            {
                result.AddError("--port-base is a number from 1 to 64000");
            }
        });
        Option<string> data = new("--data")
        {
            Description = "Folder for mail, accounts, certificate and queue",
            HelpName = "DIR",
            DefaultValueFactory = _ => DemoSetup.DefaultDataFolder,
        };
        Command command = new("demo", "Starts a whole mail server on 127.0.0.1 with two accounts, to try it out.") { portBase, data };
        command.SetAction((arguments, _) => RunAsync(Path.GetFullPath(arguments.GetValue(data)!), arguments.GetValue(portBase), output, errors));
        return command;
    }

    private static async Task<int> RunAsync(string data, int portBase, TextWriter output, TextWriter errors)
    {
        DemoSetup demo = new(data, portBase);
        DemoCertificates certificates = demo.Certificates(TimeProvider.System);
        try
        {
            Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            certificates.Ensure(["localhost", "mail." + DemoSetup.Domain, DemoSetup.Domain]);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"mailaccess: {problem.Message}");
            return ExitCodes.CannotCreate;
        }
        if (await EnsureAccountsAsync(demo.PasswdFile) is { } failure)
        {
            await errors.WriteLineAsync($"mailaccess: {failure}");
            return ExitCodes.CannotCreate;
        }
        List<ConfigurationError> found = [];
        ServerConfiguration? configuration = demo.Configure(certificates, Environment.GetEnvironmentVariables(), found);
        if (configuration is null)
        {
            found.ForEach(e => errors.WriteLine(e));
            return ExitCodes.Configuration;
        }
        return await ServerRun.RunAsync(configuration, null, () => output.Write(demo.Table(certificates)), errors);
    }

    private static async Task<string?> EnsureAccountsAsync(string passwdFile)
    {
        if (File.Exists(passwdFile))
        {
            return null;
        }
        PasswdFileEditor editor = AccountSource.Editor(passwdFile);
        foreach (string account in DemoSetup.Accounts)
        {
            if (await AccountSource.AddAsync(editor, account, Encoding.UTF8.GetBytes(DemoSetup.Password)) is { } failure)
            {
                return failure;
            }
        }
        return null;
    }
}
