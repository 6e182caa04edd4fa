using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>
/// Hides hosts behind a domain: Postfix's masquerade_domains, which shortens <c>user@host.example.org</c>, and Sendmail's MASQUERADE_AS, which
/// puts one domain in place of our own and of others. Pure.
/// </summary>
public sealed record Masquerading
{
    private static readonly TablePlace DomainsPlace = new("rewriting.masquerade.domains", 0);
    private static readonly TablePlace AsPlace = new("rewriting.masquerade.as", 0);

    /// <summary>Domains, as A-labels, whose hosts are left out; the first that holds an address's domain decides, and one with <c>!</c> before it says that it stays. masquerade_domains.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>The addresses that <see cref="Domains"/> are for. masquerade_classes.</summary>
    public AddressClasses DomainsClasses { get; init; } = AddressClasses.EnvelopeSender | AddressClasses.HeaderSender | AddressClasses.HeaderRecipient;

    /// <summary>The domain that takes the place of others; null: none does. MASQUERADE_AS.</summary>
    public string? As { get; init; }

    /// <summary>The addresses that <see cref="As"/> is for: FEATURE(masquerade_envelope) adds the envelope's sender, FEATURE(allmasquerade) recipients.</summary>
    public AddressClasses AsClasses { get; init; } = AddressClasses.HeaderSender;

    /// <summary>Domains, as A-labels, besides our own whose place it takes; with a dot before them, everything below. MASQUERADE_DOMAIN, class M.</summary>
    public IReadOnlyCollection<string> AsDomains { get; init; } = [];

    /// <summary>Only <see cref="AsDomains"/>, not our own domains. FEATURE(limited_masquerade).</summary>
    public bool IsLimited { get; init; }

    /// <summary>Local parts, without regard to case, whose addresses stay: root. masquerade_exceptions, EXPOSED_USER.</summary>
    public IReadOnlyCollection<string> Exceptions { get; init; } = [];

    /// <summary>Our own domains; in lower case, as A-labels. Must not block.</summary>
    public Func<string, bool> IsOwnDomain { get; init; } = static _ => false;

    /// <summary>What may change.</summary>
    public AddressClasses Classes =>
        (Domains.Count > 0 ? DomainsClasses : AddressClasses.None) | (As is not null ? AsClasses : AddressClasses.None);

    /// <summary>The address as others see it.</summary>
    public MailPath Apply(MailPath address, AddressClasses role, ICollection<RoutingStep>? steps)
    {
        if ((Classes & role) == 0 || address.IsAddressLiteral || Exceptions.Contains(address.LocalPart, StringComparer.OrdinalIgnoreCase)
            || !MailDomain.TryNormalize(address.Domain, out string domain))
        {
            return address;
        }
        if ((DomainsClasses & role) != 0 && Shorten(domain) is { } shortened)
        {
            address = Move(address, shortened, DomainsPlace, steps);
            domain = shortened;
        }
        return As is { } to && (AsClasses & role) != 0 && IsHidden(domain) && domain != MailDomain.NormalizeEntry(to)
            ? Move(address, to, AsPlace, steps)
            : address;
    }

    private static MailPath Move(MailPath address, string domain, TablePlace place, ICollection<RoutingStep>? steps)
    {
        if (!MailPath.TryCreate(address.LocalPart, domain, out MailPath? moved))
        {
            return address;
        }
        steps?.Add(new RoutingStep(0, "masquerade", address.ToString(), moved.ToString(), place));
        return moved;
    }

    // A domain of the list itself ends the search too: masquerade_domains = foo.example.org example.org leaves user@foo.example.org alone.
    private string? Shorten(string domain)
    {
        foreach (string entry in Domains)
        {
            string name = entry.TrimStart('!');
            if (domain.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }
            if (IsBelow(domain, name))
            {
                return entry.StartsWith('!') ? null : name;
            }
        }
        return null;
    }

    private bool IsHidden(string domain) =>
        (!IsLimited && IsOwnDomain(domain))
        || AsDomains.Any(d => d.StartsWith('.') ? IsBelow(domain, d[1..]) : domain.Equals(d, StringComparison.OrdinalIgnoreCase));

    private static bool IsBelow(string domain, string parent) =>
        domain.Length > parent.Length && domain[^(parent.Length + 1)] == '.' && domain.EndsWith(parent, StringComparison.OrdinalIgnoreCase);
}
