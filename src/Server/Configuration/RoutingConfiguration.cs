using MailAccess.Routing;

namespace MailAccess.Server.Configuration;

/// <summary>The section <c>routing</c>.</summary>
internal sealed record RoutingConfiguration
{
    /// <summary>Types of tables whose argument is a file.</summary>
    private static readonly string[] FileTypes = ["hash", "btree", "lmdb", "cdb", "dbm", "texthash", "regexp", "pcre", "cidr", "ldap", "pgsql"];

    private readonly Dictionary<string, IReadOnlyList<string>> _tables = [];

    public required bool ForwardFiles { get; init; }
    public required bool RelayByMx { get; init; }
    public NextHop? MailHub { get; init; }
    public string? UnknownUsers { get; init; }
    public required bool NullClient { get; init; }

    /// <summary>The specifications of the tables that a key names.</summary>
    public IReadOnlyList<string> this[ListSetting<string> key] => _tables[key.Key];

    public static RoutingConfiguration Read(ConfigurationView view, bool hasSmartHost, string file, List<ConfigurationError> errors)
    {
        NextHop? hub = null;
        if (view.Get(RoutingSettings.MailHub) is { } text && !NextHop.TryParse(text, out hub))
        {
            errors.Add(view.Error(file, RoutingSettings.MailHub, $"\"{text}\" is not a host such as \"[hub.example.org]\" or \"[hub.example.org]:25\", nor a domain"));
        }
        bool isNullClient = view.Get(RoutingSettings.NullClient);
        if (isNullClient && hub is null && !hasSmartHost)
        {
            errors.Add(view.Error(file, RoutingSettings.NullClient, "needs routing.mailHub or queue.smartHost: all mail goes there"));
        }
        RoutingConfiguration routing = new()
        {
            ForwardFiles = view.Get(RoutingSettings.ForwardFiles),
            RelayByMx = view.Get(RoutingSettings.RelayByMx),
            MailHub = hub,
            UnknownUsers = view.Get(RoutingSettings.UnknownUsers),
            NullClient = isNullClient,
        };
        foreach (ListSetting<string> tables in RoutingSettings.Routing.Members.OfType<ListSetting<string>>())
        {
            routing._tables[tables.Key] = [.. view.Get(tables).Select(s => RoutingSettings.NameLists.Contains(tables) ? s : WithFullPath(s, view))];
        }
        return routing;
    }

    // Relative paths count from the folder of the configuration, as everywhere in it. (In lists of names a word without a slash is a name.)
    private static string WithFullPath(string specification, ConfigurationView view)
    {
        int colon = specification.IndexOf(':', StringComparison.Ordinal);
        string argument = specification[(colon + 1)..];
        bool isFile = colon < 0 || FileTypes.Contains(specification[..colon], StringComparer.Ordinal);
        return isFile && argument.Length > 0 && (char.IsLetterOrDigit(argument[0]) || argument[0] == '.') && !argument.Contains(' ', StringComparison.Ordinal)
            ? specification[..(colon + 1)] + view.FullPath(argument) : specification;
    }
}
