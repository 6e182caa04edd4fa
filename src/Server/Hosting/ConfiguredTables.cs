using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Tables;

namespace MailAccess.Server.Hosting;

/// <summary>The keys of the configuration that name tables, and the syntax of each.</summary>
internal static class ConfiguredTables
{
    private static readonly Dictionary<string, (TableSyntax Syntax, Func<ServerConfiguration, IReadOnlyList<string>> Read)> Known = CreateKnown();

    /// <summary>All of them: <c>routing.virtualAliases</c>.</summary>
    public static IReadOnlyCollection<string> Keys => Known.Keys;

    /// <summary>Opens the tables of a key; what is wrong with one is added to the errors, with its file and line. They are the opener's.</summary>
    public static RoutingTables Open(string key, ServerConfiguration configuration, TableOpener opener, List<string> errors)
    {
        (TableSyntax syntax, Func<ServerConfiguration, IReadOnlyList<string>> read) = Known[key];
        List<ILookUpTable> opened = [];
        foreach (string specification in read(configuration))
        {
            if (opener.TryOpen(specification, syntax, out ILookUpTable? table, out string? error))
            {
                opened.Add(table!);
            }
            else if (!errors.Contains($"{key}: {error}"))
            {
                errors.Add($"{key}: {error}");
            }
        }
        return opened.Count == 0 ? RoutingTables.None : new RoutingTables(key, opened);
    }

    private static Dictionary<string, (TableSyntax Syntax, Func<ServerConfiguration, IReadOnlyList<string>> Read)> CreateKnown()
    {
        Dictionary<string, (TableSyntax Syntax, Func<ServerConfiguration, IReadOnlyList<string>> Read)> known = [];
        foreach (ListSetting<string> key in RoutingSettings.Routing.Members.OfType<ListSetting<string>>())
        {
            TableSyntax syntax = RoutingSettings.NameLists.Contains(key) ? TableSyntax.List : key == RoutingSettings.Aliases ? TableSyntax.Aliases : TableSyntax.Map;
            known.Add($"{RoutingSettings.Routing.Key}.{key.Key}", (syntax, c => c.Routing[key]));
        }
        AddMap($"rewriting.{RewritingSettings.DomainTable.Key}", c => c.Rewriting.DomainTable);
        AddMap($"rewriting.{RewritingSettings.Canonical.Key}", c => c.Rewriting.Canonical);
        AddMap($"rewriting.{RewritingSettings.SenderCanonical.Key}", c => c.Rewriting.SenderCanonical);
        AddMap($"rewriting.{RewritingSettings.RecipientCanonical.Key}", c => c.Rewriting.RecipientCanonical);
        AddMap($"rewriting.{RewritingSettings.Generics.Key}", c => c.Rewriting.Generics);
        AddMap($"queue.{RemoteTlsSettings.PolicyTables.Key}", c => c.Queue.RemoteTls.PolicyTables);
        return known;

        void AddMap(string key, Func<ServerConfiguration, IReadOnlyList<string>> read) => known.Add(key, (TableSyntax.Map, read));
    }
}
