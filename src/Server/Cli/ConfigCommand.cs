using System.CommandLine;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess config example|schema|reference</summary>
internal static class ConfigCommand
{
    public static Command Create(TextWriter output)
    {
        Command command = new("config", "Prints what can be configured.");
        Add(command, "example", "A commented configuration with every key.", SchemaWriter.Example);
        Add(command, "schema", "The JSON schema of the configuration, for editors.", SchemaWriter.Schema);
        Add(command, "reference", "The list of keys as Markdown.", SchemaWriter.Reference);
        return command;

        void Add(Command parent, string name, string description, Func<string> text)
        {
            Command child = new(name, description);
            child.SetAction(_ =>
            {
                output.Write(text());
                return ExitCodes.Ok;
            });
            parent.Add(child);
        }
    }
}
