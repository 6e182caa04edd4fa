using MailAccess.Queue;
using MailAccess.Routing;

namespace MailAccess.Server.Configuration;

/// <summary>Keys of <c>queue</c> that concern the security of outgoing mail.</summary>
internal static class RemoteTlsSettings
{
    public static readonly Setting<bool> TrustDns = new("trustDns", ScalarTypes.Switch, false, "false",
        "Whether the DNS servers' word for DNSSEC is believed although they are not on this host: only where nobody can change what passes on the way to them. Servers on 127.0.0.1 or ::1 are always believed; the option trust-ad in /etc/resolv.conf says the same.");

    public static readonly Setting<TlsPolicy> Tls = new("tls",
        ScalarTypes.Choice(("none", TlsPolicy.Never), ("may", TlsPolicy.Opportunistic), ("encrypt", TlsPolicy.Required), ("verify", TlsPolicy.Verified), ("dane", TlsPolicy.Dane)),
        TlsPolicy.Dane, "\"dane\"",
        "TLS towards the domains' own (MX) hosts. none: never; may: where it is offered; encrypt: always; verify: always, with a certificate for the host's name; dane: as may, and as the host's TLSA records say where it has some that DNSSEC protects (RFC 7672).");

    public static readonly Setting<bool> MtaSts = new("mtaSts", ScalarTypes.Switch, true, "true",
        "Whether the MTA-STS policies of domains are asked for and kept to (RFC 8461).");

    public static readonly Setting<string> PolicyDomain = new("domain", ScalarTypes.Text, "", null, "The domain, or the fixed host, that mail goes to; \".example.org\" stands for everything below it, \"[host]:port\" for that next hop alone.");

    public static readonly Setting<TlsPolicy> Policy = new("policy", ScalarTypes.Choice([.. PolicyNames.All]), TlsPolicy.Dane, null,
        "none, may, encrypt, verify and dane as for queue.tls; secure: always, with a certificate for the domain itself or a name below it; dane-only: only to hosts with TLSA records that DNSSEC protects.");

    /// <summary>The whole key of <see cref="Policies"/>.</summary>
    public const string PoliciesPath = "queue.tlsPolicies";

    public static readonly SectionListSetting Policies = new("tlsPolicies", "Exceptions from queue.tls and queue.mtaSts. They hold for a smart host with a password too, which otherwise must prove its name (verify); may then means encrypt, and none sends the password in clear text where it is said of that next hop or host itself.",
        new SectionSetting("", "A domain.", [PolicyDomain, Policy]) { Required = [PolicyDomain, Policy] }, "#[{ \"domain\": \"partner.example\", \"policy\": \"verify\" }]");

    public static readonly ListSetting<string> PolicyTables = new("tlsPolicyTables", ScalarTypes.Text, [], "#[\"hash:/etc/postfix/tls_policy\"]",
        "Tables of such exceptions, asked after tlsPolicies: a next hop as tables write it ([host]:port), a domain or host, .example.org for everything below, and a policy in one word. Mail for a next hop whose policy cannot be told waits (Postfix: smtp_tls_policy_maps, without attributes).");

    public static readonly Setting<string?> Authorities = new("tlsAuthorities", Settings.Optional(ScalarTypes.Text), null, "#\"partner-ca.pem\"",
        "PEM file with authorities that are trusted besides the system's where the certificate of another server is verified.");

    public static readonly Setting<string> CertificateFile = new("certificate", ScalarTypes.Text, "", "#\"client.pem\"", "PEM file with the certificate and its chain. Read at start.");

    public static readonly Setting<string> KeyFile = new("key", ScalarTypes.Text, "", "#\"client-key.pem\"", "PEM file with its private key, unencrypted.");

    public static readonly SectionSetting ClientCertificate = new("clientCertificate",
        "Our certificate for servers that ask for one: shown to the smart host and fixed hosts, and to domains that tlsPolicies names. A smart host that offers EXTERNAL is logged in to with it where there is no user name.",
        [CertificateFile, KeyFile]);

    public static readonly Setting<string?> ReportContact = new("contact", Settings.Optional(ScalarTypes.Text), null, "#\"postmaster@example.org\"",
        "The address that reports come from and that answers to them go to. Default: no reports are sent.");

    public static readonly Setting<string?> ReportOrganization = new("organization", Settings.Optional(ScalarTypes.Text), null, "#\"Example\"",
        "Who sends the reports. Default: the server's name.");

    public static readonly SectionSetting Reports = new("tlsReports",
        "Daily reports on TLS to those domains that ask for them (TLSRPT, RFC 8460).", [ReportContact, ReportOrganization]);

    public static IReadOnlyList<SettingDefinition> All { get; } = [TrustDns, Tls, MtaSts, Policies, PolicyTables, Authorities, ClientCertificate, Reports];
}
