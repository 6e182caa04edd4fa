using MailAccess.Store.Delivery;

namespace MailAccess.Queue;

/// <summary>What a program may use up; null: no limit of ours. The kernel counts processes for the user as a whole.</summary>
public sealed record ProgramLimits
{
    /// <summary>Processor time, in whole seconds.</summary>
    public TimeSpan? ProcessorTimeMax { get; init; }

    /// <summary>Address space of each process, in octets; counted in KiB.</summary>
    public long? MemoryOctetsMax { get; init; }

    /// <summary>Each file that it writes, in octets; counted in blocks of 512.</summary>
    public long? FileOctetsMax { get; init; }

    /// <summary>Processes of the user.</summary>
    public int? ProcessesMax { get; init; }
}

/// <summary>A configured program: what Postfix writes in master.cf as a service of pipe(8), and Sendmail as a mailer.</summary>
public sealed record AgentOptions
{
    /// <summary>The name by which transport tables say it.</summary>
    public required string Name { get; init; }

    /// <summary>The program by its absolute path, and its arguments with macros.</summary>
    public required AgentCommandLine Command { get; init; }

    /// <summary>Whose rights it has; null: the default user.</summary>
    public string? User { get; init; }

    /// <summary>Where it runs.</summary>
    public string Directory { get; init; } = "/";

    /// <summary>What is done with the message and with addresses.</summary>
    public AgentFlags Flags { get; init; }

    /// <summary>Largest message, in octets; larger ones are returned. Null: as large as any.</summary>
    public long? MessageOctetsMax { get; init; }

    /// <summary>How long it may run.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(1000);

    /// <summary>Runs at once.</summary>
    public int ConcurrencyMax { get; init; } = 20;

    /// <summary>Recipients of one run; with <see cref="AgentFlags.DeliveredTo"/> and <see cref="AgentFlags.OriginalTo"/> one, whatever is said here.</summary>
    public int RecipientsMax { get; init; } = 50;

    /// <summary>What <c>$sender</c> is for a message without sender.</summary>
    public string NullSender { get; init; } = "MAILER-DAEMON";

    /// <summary>What it may use up.</summary>
    public ProgramLimits Limits { get; init; } = new();
}

/// <summary>Delivery to files, commands and programs.</summary>
public sealed record DeliveryAgentOptions
{
    /// <summary>Programs by name, without regard to case.</summary>
    public IReadOnlyList<AgentOptions> Agents { get; init; } = [];

    /// <summary>Whose rights files and commands have that nobody owns, or root; used where this process is root. Null: they have to wait.</summary>
    public string? DefaultUser { get; init; } = "nobody";

    /// <summary>How long a command of an alias or a .forward may run.</summary>
    public TimeSpan CommandTimeLimit { get; init; } = TimeSpan.FromSeconds(1000);

    /// <summary>Such commands at once.</summary>
    public int CommandsMax { get; init; } = 20;

    /// <summary>Files at once.</summary>
    public int FilesMax { get; init; } = 20;

    /// <summary>What such a command may use up.</summary>
    public ProgramLimits CommandLimits { get; init; } = new();

    /// <summary>Where commands and programs are looked for.</summary>
    public string Path { get; init; } = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>What parts a local part's name from its detail; null: nothing.</summary>
    public char? RecipientDelimiter { get; init; } = '+';

    /// <summary>How files are locked against other programs.</summary>
    public FileDeliveryOptions Files { get; init; } = new();
}
