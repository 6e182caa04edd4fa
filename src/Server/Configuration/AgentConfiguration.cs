using MailAccess.Queue;
using MailAccess.Routing;

namespace MailAccess.Server.Configuration;

/// <summary>The section <c>agents</c>.</summary>
internal static class AgentConfiguration
{
    private const string Root = "root";

    private static readonly TimeSpan TimeLimitMax = TimeSpan.FromDays(1);

    /// <summary>What the queue is given; its host name, delimiter and locks are other sections' business.</summary>
    public static DeliveryAgentOptions Read(ConfigurationView agents, string file, List<ConfigurationError> errors)
    {
        RefuseRoot(agents, AgentSettings.DefaultUser, agents.Get(AgentSettings.DefaultUser), file, errors);
        CheckTime(agents, AgentSettings.CommandTimeLimit, file, errors);
        List<AgentOptions> programs = [];
        foreach (ConfigurationView program in agents.Sections(AgentSettings.Programs))
        {
            if (ReadProgram(program, file, errors) is not { } options)
            {
                continue;
            }
            if (programs.Exists(p => p.Name.Equals(options.Name, StringComparison.OrdinalIgnoreCase)))
            {
                errors.Add(program.Error(file, AgentSettings.Name, $"\"{options.Name}\" is there twice"));
                continue;
            }
            programs.Add(options);
        }
        return new DeliveryAgentOptions
        {
            DefaultUser = agents.Get(AgentSettings.DefaultUser),
            CommandTimeLimit = agents.Get(AgentSettings.CommandTimeLimit),
            CommandLimits = ReadLimits(agents.Section(AgentSettings.CommandLimits)),
            CommandsMax = agents.Get(AgentSettings.Commands),
            FilesMax = agents.Get(AgentSettings.Files),
            Agents = programs,
        };
    }

    private static AgentOptions? ReadProgram(ConfigurationView program, string file, List<ConfigurationError> errors)
    {
        string name = program.Get(AgentSettings.Name);
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            errors.Add(program.Error(file, AgentSettings.Name, $"\"{name}\" is no name of letters, digits, - , _ and . : tables could not say it"));
        }
        else if (!TransportNames.MayBeAgent(name))
        {
            errors.Add(program.Error(file, AgentSettings.Name, $"\"{name}\" means something else in tables"));
        }
        if (program.Get(AgentSettings.User) is { } user)
        {
            RefuseRoot(program, AgentSettings.User, user, file, errors);
        }
        CheckTime(program, AgentSettings.TimeLimit, file, errors);
        if (!program.Get(AgentSettings.Folder).StartsWith('/'))
        {
            errors.Add(program.Error(file, AgentSettings.Folder, "must be an absolute path"));
        }
        if (!AgentFlagLetters.TryParse(program.Get(AgentSettings.Flags) ?? "", out AgentFlags flags, out char unknown))
        {
            errors.Add(program.Error(file, AgentSettings.Flags, $"has no letter {unknown}; there are {AgentFlagLetters.All}"));
        }
        if (!AgentCommandLine.TryParse(program.Get(AgentSettings.Command), out AgentCommandLine? line, out string? problem))
        {
            errors.Add(program.Error(file, AgentSettings.Command, problem));
            return null;
        }
        return new AgentOptions
        {
            Name = name,
            Command = line,
            Flags = flags,
            User = program.Get(AgentSettings.User),
            Directory = program.Get(AgentSettings.Folder),
            MessageOctetsMax = OrNone(program.Get(AgentSettings.SizeMax)),
            TimeLimit = program.Get(AgentSettings.TimeLimit),
            ConcurrencyMax = program.Get(AgentSettings.Concurrency),
            RecipientsMax = program.Get(AgentSettings.RecipientsMax),
            NullSender = program.Get(AgentSettings.NullSender),
            Limits = ReadLimits(program),
        };
    }

    private static ProgramLimits ReadLimits(ConfigurationView view) => new()
    {
        ProcessorTimeMax = view.Get(AgentSettings.ProcessorTimeMax) is { Ticks: > 0 } time ? time : null,
        MemoryOctetsMax = OrNone(view.Get(AgentSettings.MemoryMax)),
        FileOctetsMax = OrNone(view.Get(AgentSettings.FileSizeMax)),
        ProcessesMax = view.Get(AgentSettings.ProcessesMax) is > 0 and int processes ? processes : null,
    };

    private static long? OrNone(long value) => value > 0 ? value : null;

    private static void RefuseRoot(ConfigurationView view, SettingDefinition setting, string user, string file, List<ConfigurationError> errors)
    {
        if (user == Root)
        {
            errors.Add(view.Error(file, setting, "must not be root: what comes by mail never runs with its rights"));
        }
    }

    private static void CheckTime(ConfigurationView view, Setting<TimeSpan> setting, string file, List<ConfigurationError> errors)
    {
        if (view.Get(setting) <= TimeSpan.Zero || view.Get(setting) > TimeLimitMax)
        {
            errors.Add(view.Error(file, setting, "must be more than 0s and at most 1d"));
        }
    }
}
