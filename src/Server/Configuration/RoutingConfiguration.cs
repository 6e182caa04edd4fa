using MailAccess.Routing;

namespace MailAccess.Server.Configuration;

/// <summary>The section <c>routing</c>.</summary>
internal sealed record RoutingConfiguration
{
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
            // In lists of names a word without a slash is a name.
            routing._tables[tables.Key] = RoutingSettings.NameLists.Contains(tables) ? view.Get(tables) : TablePaths.Read(view, tables);
        }
        return routing;
    }
}
