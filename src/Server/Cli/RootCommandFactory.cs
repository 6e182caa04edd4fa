using System.CommandLine;

namespace MailAccess.Server.Cli;

/// <summary>The command line: what there is, and which file runs it.</summary>
internal static class RootCommandFactory
{
    public static RootCommand Create(TextWriter output, TextWriter errors) =>
        new("MailAccess: POP3, IMAP and authenticated SMTP submission over one mailbox store, with an MTA queue behind it.")
        {
            DemoCommand.Create(output, errors),
            ServeCommand.Create(output, errors),
            CheckCommand.Create(output, errors),
            ExplainCommand.Create(Console.IsInputRedirected ? Console.In : null, output, errors, TimeProvider.System),
            UserCommand.Create(output, errors),
            QueueCommand.Create(output, errors, Console.In, TimeProvider.System),
            ExpireCommand.Create(output, errors),
            IndexCommand.Create(output, errors),
            AdoptCommand.Create(output, errors),
            LookupCommand.Create(Console.In, output, errors),
            ConfigCommand.Create(output),
        };
}
