using System.Net;

namespace MailAccess.Routing;

/// <summary>How mail is routed. What belongs to configuration is read by the server and handed over here.</summary>
public sealed record RoutingOptions
{
    /// <summary>What parts a local part's name from its detail (<c>bob+news</c>); null: nothing.</summary>
    public char? RecipientDelimiter { get; init; } = '+';

    /// <summary>The account that gets mail for postmaster (RFC 5321 §4.5.1), where the directory has none; null: refused.</summary>
    public string? PostmasterAccount { get; init; }

    /// <summary>False: domains that are not ours and have no route fail for good.</summary>
    public bool RelaysOutside { get; init; } = true;

    /// <summary>Where all mail goes that no route says otherwise for; null: by MX.</summary>
    public NextHop? SmartHost { get; init; }

    /// <summary>Asked before the smart host, with the domain in lower case as A-labels, or an address literal; null answer: smart host or MX. Must not block.</summary>
    public Func<string, NextHop?>? Routes { get; init; }

    /// <summary>The domain of names without one in tables (<c>bob</c> in an alias); null: that of the address in hand. Postfix: myorigin.</summary>
    public string? Origin { get; init; }

    /// <summary>Domains replaced by others, in each address. Sendmail: domaintable.</summary>
    public RoutingTables DomainTable { get; init; } = RoutingTables.None;

    /// <summary>Addresses replaced by others as they come, until they are found no more. Postfix: recipient_canonical_maps.</summary>
    public RoutingTables RecipientCanonical { get; init; } = RoutingTables.None;

    /// <summary>The same, asked after that. Postfix: canonical_maps, where canonical_classes has envelope_recipient.</summary>
    public RoutingTables Canonical { get; init; } = RoutingTables.None;

    /// <summary>Addresses of any domain that stand for others. Postfix: virtual_alias_maps; Sendmail: virtusertable.</summary>
    public RoutingTables VirtualAliases { get; init; } = RoutingTables.None;

    /// <summary>Domains with nothing but virtual aliases; none: those that <see cref="VirtualAliases"/> has as keys. Postfix: virtual_alias_domains.</summary>
    public RoutingTables VirtualAliasDomains { get; init; } = RoutingTables.None;

    /// <summary>
    /// Domains that are names of this machine: aliases, .forward files, hub and unknown users' relay count there. None: all that the directory has;
    /// else those that are only in the directory have mailboxes and nothing else. Postfix: mydestination; Sendmail: class w.
    /// </summary>
    public RoutingTables LocalDomains { get; init; } = RoutingTables.None;

    /// <summary>Addresses of this machine: mail to them as literals (RFC 5321 §4.1.3) is local.</summary>
    public IReadOnlyCollection<IPAddress> OwnAddresses { get; init; } = [];

    /// <summary>Names of this machine that stand for lists, files and commands: /etc/aliases.</summary>
    public RoutingTables Aliases { get; init; } = RoutingTables.None;

    /// <summary>Whether .forward files in home folders are read.</summary>
    public bool ReadsForwardFiles { get; init; }

    /// <summary>Where mail for the users of this machine goes instead of their mailboxes; null: nowhere else. Sendmail: MAIL_HUB.</summary>
    public NextHop? MailHub { get; init; }

    /// <summary>Users whose mail stays here in spite of a hub. Sendmail: class L.</summary>
    public RoutingTables LocalUsers { get; init; } = RoutingTables.None;

    /// <summary>What becomes of mail for users of this machine who are not there: an address with <c>$user</c>, <c>$local</c>, … in it, or a transport; null: refused. Postfix: luser_relay.</summary>
    public string? UnknownUsers { get; init; }

    /// <summary>Next hops by address or domain, in Postfix's syntax: transport_maps.</summary>
    public RoutingTables Transports { get; init; } = RoutingTables.None;

    /// <summary>Next hops by domain, in Sendmail's syntax.</summary>
    public RoutingTables MailerTable { get; init; } = RoutingTables.None;

    /// <summary>Domains, with all below them, that mail is relayed to for everybody. Postfix: relay_domains; Sendmail: class R.</summary>
    public RoutingTables RelayDomains { get; init; } = RoutingTables.None;

    /// <summary>Tells of which domains we are a mail exchanger, which are relayed to for everybody; null: of none. Sendmail: relay_based_on_MX.</summary>
    public IMailExchangers? RelayByMx { get; init; }

    /// <summary>Smart hosts by sender. Postfix: sender_dependent_relayhost_maps.</summary>
    public RoutingTables SenderSmartHosts { get; init; } = RoutingTables.None;

    /// <summary><c>user:password</c> by next hop. Postfix: smtp_sasl_password_maps.</summary>
    public RoutingTables SmartHostPasswords { get; init; } = RoutingTables.None;

    /// <summary>Domains, with all below them, whose mail goes to their own exchangers in spite of a smart host.</summary>
    public RoutingTables DirectDomains { get; init; } = RoutingTables.None;

    /// <summary>Nothing is local: all mail goes to the hub, or to the smart host. Sendmail: nullclient.</summary>
    public bool IsNullClient { get; init; }

    /// <summary>Bounds.</summary>
    public RoutingLimits Limits { get; init; } = new();
}

/// <summary>Knows mail exchangers. Thread-safe.</summary>
public interface IMailExchangers
{
    /// <summary>Whether we are one of the domain's exchangers (A-labels, lower case); null: that cannot be found out now.</summary>
    ValueTask<bool?> AreWeAmongAsync(string domain, CancellationToken cancellationToken);
}
