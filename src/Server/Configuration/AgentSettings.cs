namespace MailAccess.Server.Configuration;

/// <summary>The keys of delivery to files, commands and programs.</summary>
internal static class AgentSettings
{
    private const int RunsMax = 10_000;

    public static readonly Setting<string> DefaultUser = new("defaultUser", ScalarTypes.Text, "nobody", "\"nobody\"",
        "The system's user whose rights commands, programs and files have that have no owner of their own, or root. It counts where the server runs as root; else all is done with the server's own rights. Never root.");

    public static readonly Setting<TimeSpan> CommandTimeLimit = new("commandTimeLimit", ScalarTypes.Duration, TimeSpan.FromSeconds(1000), "\"1000s\"",
        "How long a command of an alias or a .forward may run. Then it is ended, with all that it has started, and tried again later.");

    public static readonly Setting<int> Commands = new("commands", ScalarTypes.Integer(1, RunsMax), 20, "20", "How many such commands run at once.");

    public static readonly Setting<int> Files = new("files", ScalarTypes.Integer(1, RunsMax), 20, "20", "How many deliveries to files of aliases and .forward files there are at once.");

    public static readonly Setting<string> Name = new("name", ScalarTypes.Text, "", null, "The name by which transport tables say it: \"uucp:next-hop\".");

    public static readonly ListSetting<string> Command = new("command", ScalarTypes.Text, [], null,
        "The program by its absolute path, and its arguments. No shell reads them. $sender, $recipient, $original_recipient, $user, $mailbox, $extension, $domain, $nexthop, $size, $queue_id, $client_address, $client_helo, $client_protocol and $sasl_username are replaced, also as ${name} and $(name); $$ is a dollar. An argument with a macro of the recipient stands once for each recipient. An address at the start of an argument that begins with - is refused.");

    public static readonly Setting<string?> Flags = new("flags", Settings.Optional(ScalarTypes.Text), null, null,
        "Letters of Postfix's pipe(8). Before the message: F a line \"From sender date\", R Return-Path, O X-Original-To, D Delivered-To (with O and D, one recipient a run). In it: > before lines that begin with \"From \", . before lines that begin with a dot, B a blank line at its end, c lines that end in CR LF. In arguments: h domains and u local parts in lower case, q local parts quoted where that is needed. X: mail ends there; without it a report of success says \"relayed\", as with Postfix.");

    public static readonly Setting<string?> User = new("user", Settings.Optional(ScalarTypes.Text), null, null,
        "The system's user whose rights the program has. Default: agents.defaultUser. Never root.");

    public static readonly Setting<string> Folder = new("directory", ScalarTypes.Text, "/", null, "Where the program runs; absolute.");

    public static readonly Setting<long> SizeMax = new("sizeMax", ScalarTypes.Size, 0, null, "Largest message, in octets; larger ones are returned to their senders. 0: as large as any.");

    public static readonly Setting<TimeSpan> TimeLimit = new("timeLimit", ScalarTypes.Duration, TimeSpan.FromSeconds(1000), null, "As agents.commandTimeLimit.");

    public static readonly Setting<int> Concurrency = new("concurrency", ScalarTypes.Integer(1, RunsMax), 20, null, "How many of it run at once.");

    public static readonly Setting<int> RecipientsMax = new("recipientsMax", ScalarTypes.Integer(1, 1000), 50, null, "How many recipients one run gets.");

    public static readonly Setting<string> NullSender = new("nullSender", ScalarTypes.Text, "MAILER-DAEMON", null, "What $sender, and the sender in the line of the flag F, is for a message without sender.");

    public static readonly Setting<TimeSpan> ProcessorTimeMax = new("processorTimeMax", ScalarTypes.Duration, TimeSpan.Zero, null, "Processor time that each process may use, in whole seconds. \"0s\": no limit.");

    public static readonly Setting<long> MemoryMax = new("memoryMax", ScalarTypes.Size, 0, null, "Address space of each process. 0: no limit.");

    public static readonly Setting<long> FileSizeMax = new("fileSizeMax", ScalarTypes.Size, 0, null, "Largest file that may be written. 0: no limit.");

    public static readonly Setting<int> ProcessesMax = new("processesMax", ScalarTypes.Integer(0, 1_000_000), 0, null, "Processes that its user may have, all programs together. 0: no limit.");

    private static readonly SettingDefinition[] Limits = [ProcessorTimeMax, MemoryMax, FileSizeMax, ProcessesMax];

    public static readonly SectionSetting CommandLimits = new("commandLimits", "What a command of an alias or a .forward may use up.", Limits);

    public static readonly SectionListSetting Programs = new("programs", "Programs that transport tables send mail to.",
        new SectionSetting("", "A program.",
            [Name, Command, Flags, User, Folder, SizeMax, TimeLimit, Concurrency, RecipientsMax, NullSender, .. Limits])
        { Required = [Name, Command] },
        "#[{ \"name\": \"uucp\", \"flags\": \"Fqhu\", \"user\": \"uucp\", \"command\": [\"/usr/bin/uux\", \"-r\", \"-n\", \"-z\", \"-a$sender\", \"-\", \"$nexthop!rmail\", \"($recipient)\"] }]");

    public static readonly SectionSetting Agents = new("agents", "Delivery to files, commands and programs.", [DefaultUser, CommandTimeLimit, CommandLimits, Commands, Files, Programs]);
}
