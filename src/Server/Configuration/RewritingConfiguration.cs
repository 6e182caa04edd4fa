using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Server.Configuration;

/// <summary>The section <c>rewriting</c>.</summary>
internal sealed record RewritingConfiguration
{
    public string? Origin { get; init; }

    public IReadOnlyList<string> DomainTable { get; init; } = [];

    public IReadOnlyList<string> Canonical { get; init; } = [];

    public IReadOnlyList<string> SenderCanonical { get; init; } = [];

    public IReadOnlyList<string> RecipientCanonical { get; init; } = [];

    public AddressClasses CanonicalClasses { get; init; } = AddressClasses.All;

    public IReadOnlyList<string> Generics { get; init; } = [];

    public IReadOnlyList<string> GenericsDomains { get; init; } = [];

    /// <summary>Without our own domains, which the configuration does not know alone.</summary>
    public Masquerading Masquerade { get; init; } = new();

    /// <summary>Nothing is ever rewritten.</summary>
    public bool IsEmpty => Origin is null && DomainTable.Count + Canonical.Count + SenderCanonical.Count + RecipientCanonical.Count + Generics.Count == 0
        && Masquerade.Classes == AddressClasses.None;

    public static RewritingConfiguration Read(ConfigurationView view, string file, List<ConfigurationError> errors)
    {
        ConfigurationView masquerade = view.Section(RewritingSettings.Masquerade);
        IReadOnlyList<AddressClasses> classes = masquerade.Get(RewritingSettings.MasqueradeClasses);
        string? to = masquerade.Get(RewritingSettings.MasqueradeAs);
        if (to is null && (masquerade.Has(RewritingSettings.MasqueradeAsDomains) || masquerade.Get(RewritingSettings.MasqueradeLimited)))
        {
            errors.Add(masquerade.Error(file, RewritingSettings.MasqueradeAsDomains, "asDomains and limited need \"as\", the domain that takes their place"));
        }
        foreach (string domain in masquerade.Get(RewritingSettings.MasqueradeDomains).Where(d => d.TrimStart('!') is "" or ['.', ..]))
        {
            errors.Add(masquerade.Error(file, RewritingSettings.MasqueradeDomains, $"\"{domain}\" is no domain: write example.org, or !example.org"));
        }
        Masquerading defaults = new();
        return new RewritingConfiguration
        {
            Origin = view.Get(RewritingSettings.Origin),
            DomainTable = TablePaths.Read(view, RewritingSettings.DomainTable),
            Canonical = TablePaths.Read(view, RewritingSettings.Canonical),
            SenderCanonical = TablePaths.Read(view, RewritingSettings.SenderCanonical),
            RecipientCanonical = TablePaths.Read(view, RewritingSettings.RecipientCanonical),
            CanonicalClasses = Union(view.Get(RewritingSettings.CanonicalClasses)),
            Generics = TablePaths.Read(view, RewritingSettings.Generics),
            GenericsDomains = view.Get(RewritingSettings.GenericsDomains),
            Masquerade = new Masquerading
            {
                Domains = [.. masquerade.Get(RewritingSettings.MasqueradeDomains).Select(MailDomain.NormalizeEntry)],
                DomainsClasses = classes.Count > 0 ? Union(classes) : defaults.DomainsClasses,
                As = to,
                AsDomains = [.. masquerade.Get(RewritingSettings.MasqueradeAsDomains).Select(MailDomain.NormalizeEntry)],
                AsClasses = classes.Count > 0 ? Union(classes) : defaults.AsClasses,
                IsLimited = masquerade.Get(RewritingSettings.MasqueradeLimited),
                Exceptions = masquerade.Get(RewritingSettings.MasqueradeExceptions),
            },
        };
    }

    private static AddressClasses Union(IReadOnlyList<AddressClasses> classes) => classes.Aggregate(AddressClasses.None, (all, one) => all | one);
}
