using MailAccess.Routing;

namespace MailAccess.Server.Configuration;

/// <summary>The keys of rewriting.</summary>
internal static class RewritingSettings
{
    private static readonly ScalarType<AddressClasses> Class = ScalarTypes.Choice(
        ("envelopeSender", AddressClasses.EnvelopeSender), ("envelopeRecipient", AddressClasses.EnvelopeRecipient),
        ("headerSender", AddressClasses.HeaderSender), ("headerRecipient", AddressClasses.HeaderRecipient));

    // Who is written to is not hidden: a recipient of the envelope goes where it says.
    private static readonly ScalarType<AddressClasses> ShownClass = ScalarTypes.Choice(
        ("envelopeSender", AddressClasses.EnvelopeSender), ("headerSender", AddressClasses.HeaderSender), ("headerRecipient", AddressClasses.HeaderRecipient));

    public static readonly Setting<string?> Origin = new("origin", Settings.Optional(ScalarTypes.Domain), null, "#\"example.org\"",
        "The domain of addresses that have none, in headers and in tables (Postfix: myorigin). Default: the first of domains, where anything else of this section is set; without that, headers stay as they are.");

    public static readonly ListSetting<string> DomainTable = new("domainTable", ScalarTypes.Text, [], "#[\"hash:/etc/mail/domaintable\"]",
        "Tables of old domains and the ones that took their place (Sendmail: FEATURE(domaintable)), for recipients too.");

    public static readonly ListSetting<string> Canonical = new("canonical", ScalarTypes.Text, [], "#[\"hash:/etc/postfix/canonical\"]",
        "Tables that give addresses their proper form, such as first.last (Postfix: canonical_maps): user+detail@domain, user@domain, user (of a domain of this server), @domain. A detail that the table does not name goes over to the result.");

    public static readonly ListSetting<string> SenderCanonical = new("senderCanonical", ScalarTypes.Text, [], null,
        "The same for senders alone, asked before canonical (Postfix: sender_canonical_maps).");

    public static readonly ListSetting<string> RecipientCanonical = new("recipientCanonical", ScalarTypes.Text, [], null,
        "The same for recipients alone, those of the envelope too (Postfix: recipient_canonical_maps).");

    public static readonly ListSetting<AddressClasses> CanonicalClasses = new("canonicalClasses", Class,
        [AddressClasses.EnvelopeSender, AddressClasses.EnvelopeRecipient, AddressClasses.HeaderSender, AddressClasses.HeaderRecipient], null,
        "The addresses that canonical is for (Postfix: canonical_classes).");

    public static readonly ListSetting<string> Generics = new("generics", ScalarTypes.Text, [], "#[\"hash:/etc/mail/genericstable\"]",
        "Tables of addresses that are good only here, and what they become when mail leaves by SMTP (Sendmail: FEATURE(genericstable); Postfix: smtp_generic_maps). A result is not looked up again.");

    public static readonly ListSetting<string> GenericsDomains = new("genericsDomains", ScalarTypes.Domain, [], null,
        "The domains whose addresses are looked up in generics (Sendmail: GENERICS_DOMAIN). Default: all.");

    public static readonly ListSetting<string> MasqueradeDomains = new("domains", ScalarTypes.Text, [], "#[\"example.org\"]",
        "Domains whose hosts are left out: user@host.example.org becomes user@example.org. The first that holds an address's domain decides; one with ! before it says that it stays as it is (Postfix: masquerade_domains).");

    public static readonly Setting<string?> MasqueradeAs = new("as", Settings.Optional(ScalarTypes.Domain), null, null,
        "The domain that takes the place of this server's own ones (Sendmail: MASQUERADE_AS).");

    public static readonly ListSetting<string> MasqueradeAsDomains = new("asDomains", ScalarTypes.Text, [], null,
        "More domains whose place it takes (Sendmail: MASQUERADE_DOMAIN); with a dot before them, everything below (FEATURE(masquerade_entire_domain)).");

    public static readonly Setting<bool> MasqueradeLimited = new("limited", ScalarTypes.Switch, false, null,
        "Whether \"as\" is for asDomains alone, and not for this server's own domains (Sendmail: FEATURE(limited_masquerade)).");

    public static readonly ListSetting<string> MasqueradeExceptions = new("exceptions", ScalarTypes.Text, [], "#[\"root\"]",
        "Local parts whose addresses stay as they are (Postfix: masquerade_exceptions; Sendmail: EXPOSED_USER).");

    public static readonly ListSetting<AddressClasses> MasqueradeClasses = new("classes", ShownClass, [], null,
        "The addresses that are masqueraded (Postfix: masquerade_classes). Default for domains, as in Postfix: envelopeSender, headerSender, headerRecipient; for \"as\", as in Sendmail: headerSender, to which envelopeSender adds FEATURE(masquerade_envelope) and headerRecipient FEATURE(allmasquerade).");

    public static readonly SectionSetting Masquerade = new("masquerade", "Hosts that are not shown.",
        [MasqueradeDomains, MasqueradeAs, MasqueradeAsDomains, MasqueradeLimited, MasqueradeExceptions, MasqueradeClasses]);

    public static readonly SectionSetting Rewriting = new("rewriting",
        "What addresses become: senders and headers of mail that is submitted here, and all recipients. In the order domainTable, senderCanonical and recipientCanonical, canonical, masquerade; generics when it leaves. Senders and headers of mail from other servers stay as they are, so that its signatures hold.",
        [Origin, DomainTable, Canonical, SenderCanonical, RecipientCanonical, CanonicalClasses, Generics, GenericsDomains, Masquerade]);
}
