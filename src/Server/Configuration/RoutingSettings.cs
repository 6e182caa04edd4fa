namespace MailAccess.Server.Configuration;

/// <summary>The keys of routing. Each names what administrators of Postfix and Sendmail call it.</summary>
internal static class RoutingSettings
{
    private const string Lists = " Names, or a file of them.";

    public static readonly ListSetting<string> LocalDomains = new("localDomains", ScalarTypes.Text, [], null,
        "Names of this machine: aliases, .forward files, mailHub and unknownUsers count for addresses there, and all of them have the same users. Domains that are in \"domains\" but not here have mailboxes and nothing else (Postfix: virtual_mailbox_domains). Default: all of \"domains\". Postfix: mydestination; Sendmail: local-host-names, class w." + Lists);

    public static readonly ListSetting<string> VirtualAliases = new("virtualAliases", ScalarTypes.Text, [], "#[\"hash:/etc/mail/virtusertable\"]",
        "Tables of addresses that stand for others, with @domain for all of a domain, %1, error: and DISCARD. Postfix: virtual_alias_maps; Sendmail: FEATURE(virtusertable).");

    public static readonly ListSetting<string> VirtualAliasDomains = new("virtualAliasDomains", ScalarTypes.Text, [], null,
        "Domains that have virtual aliases and no mailboxes. Default: those that virtualAliases has as keys. Postfix: virtual_alias_domains; Sendmail: VIRTUSER_DOMAIN." + Lists);

    public static readonly ListSetting<string> Aliases = new("aliases", ScalarTypes.Text, [], "#[\"/etc/aliases\"]",
        "Files of names of this machine that stand for lists, files and commands. No newaliases is needed. Postfix: alias_maps; Sendmail: ALIAS_FILE.");

    public static readonly Setting<bool> ForwardFiles = new("forwardFiles", ScalarTypes.Switch, false, "false",
        "Whether .forward (and .forward+detail) in the home folder of an account says where its mail goes. One that others may write to is not honoured. Postfix: forward_path; Sendmail: FORWARD_PATH.");

    public static readonly ListSetting<string> Transports = new("transports", ScalarTypes.Text, [], "#[\"hash:/etc/postfix/transport\"]",
        "Tables of next hops by address or domain, in Postfix's syntax: smtp:[host]:port, lmtp:unix:/path, error:…, discard:, local:; several next hops with commas. Postfix: transport_maps.");

    public static readonly ListSetting<string> MailerTable = new("mailertable", ScalarTypes.Text, [], null,
        "Tables of next hops by domain, in Sendmail's syntax: esmtp:[host], relay:host, error:…, local:user. Sendmail: FEATURE(mailertable).");

    public static readonly ListSetting<string> RelayDomains = new("relayDomains", ScalarTypes.Text, [], null,
        "Domains of others, with all below them, for which mail is taken from anybody and passed on. Postfix: relay_domains; Sendmail: relay-domains, class R." + Lists);

    public static readonly Setting<bool> RelayByMx = new("relayByMx", ScalarTypes.Switch, false, "false",
        "Whether mail is taken from anybody also for each domain that names this host (\"hostname\") among its mail exchangers. Whoever owns a domain can then use this server as its backup. Postfix: permit_mx_backup; Sendmail: FEATURE(relay_based_on_MX).");

    public static readonly ListSetting<string> SmartHosts = new("smartHosts", ScalarTypes.Text, [], null,
        "Tables of smart hosts by sender: user@domain or @domain, and [host]:port. They go before queue.smartHost. Postfix: sender_dependent_relayhost_maps.");

    public static readonly ListSetting<string> SmartHostPasswords = new("smartHostPasswords", ScalarTypes.Text, [], null,
        "Tables of user:password by next hop ([host]:port), or by sender for smart hosts and mail of our own clients. The servers must prove their names, unless queue.tlsPolicies says something of them. Postfix: smtp_sasl_password_maps; Sendmail: authinfo.");

    public static readonly ListSetting<string> DirectDomains = new("directDomains", ScalarTypes.Text, [], null,
        "Domains, with all below them, whose mail goes to their own mail exchangers although there is a smart host." + Lists);

    public static readonly Setting<string?> MailHub = new("mailHub", Settings.Optional(ScalarTypes.Text), null, null,
        "Where the mail of all users of this machine goes, once aliases have been looked at: [host]:port, or a domain for its mail exchangers. Sendmail: MAIL_HUB.");

    public static readonly ListSetting<string> LocalUsers = new("localUsers", ScalarTypes.Text, [], null,
        "Users whose mail stays here in spite of mailHub. Sendmail: LOCAL_USER, class L." + Lists);

    public static readonly Setting<string?> UnknownUsers = new("unknownUsers", Settings.Optional(ScalarTypes.Text), null, null,
        "Where mail for users of this machine goes who are not there: an address, in which $user, $local, $extension and $domain stand for parts of the one that was written to, or a transport such as relay:[host]. Default: it is refused. Postfix: luser_relay; Sendmail: LUSER_RELAY.");

    public static readonly Setting<bool> NullClient = new("nullClient", ScalarTypes.Switch, false, "false",
        "Nothing is local: all mail goes to mailHub, or to queue.smartHost. Sendmail: FEATURE(nullclient).");

    /// <summary>Those whose words are names, unless a slash or a type says that they name a file or a table.</summary>
    public static readonly IReadOnlyList<ListSetting<string>> NameLists = [LocalDomains, VirtualAliasDomains, RelayDomains, DirectDomains, LocalUsers];

    public static readonly SectionSetting Routing = new("routing",
        "Where mail goes. Tables are named as in Postfix and Sendmail, hash:/etc/mail/virtusertable (the text file is read, and read again when it changes; no postmap or makemap is needed), or by the path of a text file.",
        [
            LocalDomains, VirtualAliases, VirtualAliasDomains, Aliases, ForwardFiles, Transports, MailerTable,
            RelayDomains, RelayByMx, SmartHosts, SmartHostPasswords, DirectDomains, MailHub, LocalUsers, UnknownUsers, NullClient,
        ]);
}
