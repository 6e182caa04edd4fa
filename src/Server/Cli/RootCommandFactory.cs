using System.CommandLine;

namespace MailAccess.Server.Cli;

/// <summary>The command line: what there is, and which file runs it.</summary>
internal static class RootCommandFactory
{
    public static RootCommand Create(TextWriter output) =>
        new("MailAccess: POP3, IMAP and authenticated SMTP submission over one mailbox store, with an MTA queue behind it.")
        {
            ConfigCommand.Create(output),
        };
}
