using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>How addresses of our own clients' mail are rewritten.</summary>
public sealed record RewritingOptions
{
    /// <summary>The domain of addresses and of tables' results that have none: Postfix's myorigin; null: such addresses stay as they are.</summary>
    public string? Origin { get; init; }

    /// <summary>Our own domains, for which tables are asked for the local part alone; in lower case, as A-labels, or an address literal. Must not block.</summary>
    public Func<string, bool> IsOwnDomain { get; init; } = static _ => false;

    /// <summary>What parts a local part's name from its detail; null: nothing.</summary>
    public char? RecipientDelimiter { get; init; } = '+';

    /// <summary>Whether a detail that a canonical table does not know goes over to the result. propagate_unmatched_extensions = canonical.</summary>
    public bool CanonicalKeepsDetail { get; init; } = true;

    /// <summary>The same for generics. propagate_unmatched_extensions = generic.</summary>
    public bool GenericsKeepDetail { get; init; }

    /// <summary>Old domains and their new names. FEATURE(domaintable).</summary>
    public IReadOnlyList<ILookUpTable> DomainTable { get; init; } = [];

    /// <summary>canonical_maps</summary>
    public IReadOnlyList<ILookUpTable> Canonical { get; init; } = [];

    /// <summary>canonical_classes</summary>
    public AddressClasses CanonicalClasses { get; init; } = AddressClasses.All;

    /// <summary>sender_canonical_maps; asked before <see cref="Canonical"/>.</summary>
    public IReadOnlyList<ILookUpTable> SenderCanonical { get; init; } = [];

    /// <summary>sender_canonical_classes</summary>
    public AddressClasses SenderCanonicalClasses { get; init; } = AddressClasses.EnvelopeSender | AddressClasses.HeaderSender;

    /// <summary>recipient_canonical_maps; asked before <see cref="Canonical"/>.</summary>
    public IReadOnlyList<ILookUpTable> RecipientCanonical { get; init; } = [];

    /// <summary>recipient_canonical_classes</summary>
    public AddressClasses RecipientCanonicalClasses { get; init; } = AddressClasses.EnvelopeRecipient | AddressClasses.HeaderRecipient;

    /// <summary>Hosts that are not shown.</summary>
    public Masquerading Masquerade { get; init; } = new();

    /// <summary>smtp_generic_maps, FEATURE(genericstable): for mail that leaves by SMTP.</summary>
    public IReadOnlyList<ILookUpTable> Generics { get; init; } = [];

    /// <summary>The domains that generics are for; null: all, and local parts alone for our own. GENERICS_DOMAIN.</summary>
    public IReadOnlyCollection<string>? GenericsDomains { get; init; }

    /// <summary>How often a canonical table's result is looked up again: a circle ends there.</summary>
    public int RepeatsMax { get; init; } = 10;

    /// <summary>A header field with more octets passes unchanged.</summary>
    public int FieldOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Different addresses of one header that tables are asked for; those beyond stay as they are.</summary>
    public int HeaderAddressesMax { get; init; } = 2_000;
}
