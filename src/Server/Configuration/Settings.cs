using System.Net;
using MailAccess.Auth;
using MailAccess.Auth.AppPasswords;
using MailAccess.Queue;
using MailAccess.Store.Mbox;
using MailAccess.Submission;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Configuration;

/// <summary>
/// Every key of mailaccess.json. Validation, the reference in docs/, the JSON schema and the commented example are made from this.
/// </summary>
internal static class Settings
{
    public static readonly Setting<string?> HostName = new("hostname", Optional(ScalarTypes.Domain), null, "\"mail.example.org\"",
        "This server's own name, as it stands in greetings, in EHLO and in Received fields. Default: the machine's name.");

    public static readonly Setting<string?> DataFolder = new("data", Optional(ScalarTypes.Text), null, "\"/var/lib/mailaccess\"",
        "Folder for everything that the server keeps: mail (unless mail.path says otherwise), queue and journal. A relative path counts from the folder of this file. Default: the folder \"data\" beside this file.");

    public static readonly ListSetting<string> Domains = new("domains", ScalarTypes.Domain, [], "[\"example.org\"]",
        "The domains whose mail ends here. Mail for every other domain is relayed for those who have logged in, and refused from all others.");

    public static readonly Setting<string?> Postmaster = new("postmaster", Optional(ScalarTypes.Text), null, "#\"alice@example.org\"",
        "The account that gets mail for postmaster (RFC 5321 §4.5.1) and double bounces. Default: the first account of the passwd file, where that is a source of accounts.");

    public static readonly Setting<string> RecipientDelimiter = new("recipientDelimiter", ScalarTypes.Text, "+", "\"+\"",
        "Separates the account from a detail in a local part: alice+shop@example.org is alice's. One character.");

    // accounts
    public static readonly Setting<string> PasswdFile = new("passwdFile", ScalarTypes.Text, "passwd", "\"passwd\"",
        "The accounts, in the syntax of Dovecot's passwd-file: name:{SCHEME}password:uid:gid:gecos:home:shell:extra. Read again when it changes. A relative path counts from the folder of this file.");

    public static readonly Setting<string> DefaultScheme = new("defaultScheme", ScalarTypes.Text, "CRYPT", "\"CRYPT\"",
        "Scheme of passwords in the passwd file and in PostgreSQL that have no {SCHEME} before them.");

    public static readonly Setting<PlaintextPolicy> PlaintextWithoutTls = new("plaintextWithoutTls",
        ScalarTypes.Choice(("never", PlaintextPolicy.Never), ("loopback", PlaintextPolicy.Loopback), ("always", PlaintextPolicy.Always)),
        PlaintextPolicy.Never, "\"never\"", "Whether passwords may come in clear over a connection without TLS: never, only from this machine itself, or always.");

    public static readonly ListSetting<string> Mechanisms = new("mechanisms",
        ScalarTypes.Choice([.. SaslMechanisms.All.Select(m => (m, m))]),
        [], null, "SASL mechanisms that are offered. Default: PLAIN and LOGIN, and each SCRAM mechanism without -PLUS that every account's stored password can serve. Of all these, and of those named here, a connection is offered what it can use: with -PLUS over TLS that ends in this server, EXTERNAL with a certificate (tls.clientCertificates), OAUTHBEARER and XOAUTH2 with oauth.");

    public static readonly Setting<TimeSpan> PasswordCacheTime = new("passwordCacheTime", ScalarTypes.Duration, TimeSpan.FromMinutes(1), "\"1m\"",
        "How long a right password is remembered (as a keyed hash, in memory), so that a client that logs in often does not cost a slow hash each time. \"0s\": never.");

    public static readonly Setting<MainPasswordRule> AppPasswordsOnly = new("appPasswordsOnly",
        ScalarTypes.Choice(("no", MainPasswordRule.Allowed), ("ifAny", MainPasswordRule.UnlessAppPasswords), ("always", MainPasswordRule.Refused)),
        MainPasswordRule.Allowed, "\"no\"",
        "Whether main passwords are refused, by whatever mechanism, where app passwords (mailaccess user app-password) can take their place: no, of accounts that have any, or always. Other than \"no\": SCRAM, which app passwords cannot serve, is offered only if mechanisms names it.");

    public static readonly SectionSetting Accounts = new("accounts", "Who may log in and has mail.",
        [DirectorySettings.Sources, PasswdFile, DefaultScheme, PlaintextWithoutTls, Mechanisms, PasswordCacheTime, AppPasswordsOnly, LoginSettings.Throttle, LoginSettings.History, DirectorySettings.CacheTime, DirectorySettings.Ldap, DirectorySettings.PostgreSql, DirectorySettings.System]);

    // mail
    public static readonly Setting<Configuration.MailFormat> MailFormat = new("format",
        ScalarTypes.Choice(("maildir", Configuration.MailFormat.Maildir), ("mbox", Configuration.MailFormat.Mbox)), Configuration.MailFormat.Maildir, "\"maildir\"",
        "How mail is kept: maildir, a file for each message; or mbox, a file for each mailbox, INBOX being a spool file. Both may be shared with other mail programs.");

    public static readonly Setting<string?> MailInbox = new("inbox", Optional(ScalarTypes.Text), null, null,
        "With the format mbox: the spool file of an account, with the same words in braces as mail.path, such as \"/var/mail/{local}\". Default: mail/{user}/inbox in the data folder.");

    public static readonly ListSetting<SpoolLockKind> MailLocks = new("locks",
        ScalarTypes.Choice(("dotlock", SpoolLockKind.DotLock), ("fcntl", SpoolLockKind.Fcntl), ("flock", SpoolLockKind.Flock)),
        [SpoolLockKind.DotLock, SpoolLockKind.Fcntl], "[\"dotlock\", \"fcntl\"]",
        "With the format mbox: how a file is locked against other mail programs. All of these are taken, in this order, which should be that of the other programs.");

    public static readonly Setting<string?> MailPath = new("path", Optional(ScalarTypes.Text), null, "\"/var/mail/{user}/Maildir\"",
        "The Maildir of an account; with the format mbox, the folder of all its mailboxes but INBOX. {user} is the account's name, {local} and {domain} its parts before and behind the @, {home} the home folder of the passwd file. Default: mail/{user}/Maildir in the data folder; with mbox, mail/{user}/folders.");

    public static readonly Setting<long> MessageSizeMax = new("messageSizeMax", ScalarTypes.Size, 50L << 20, "\"50MB\"",
        "Largest message that is accepted, in octets, by SMTP, LMTP and IMAP APPEND alike.");

    public static readonly Setting<bool> CreateSpecialFolders = new("createSpecialFolders", ScalarTypes.Switch, true, "true",
        "A new account gets Drafts, Sent, Archive, Junk and Trash, marked for their use (RFC 6154), and subscribed.");

    public static readonly SectionSetting Mail = new("mail", "Where mail is kept.", [MailFormat, MailPath, MailInbox, MailLocks, MessageSizeMax, CreateSpecialFolders]);

    // search
    public static readonly Setting<bool> SearchTrigrams = new("trigrams", ScalarTypes.Switch, true, "true",
        "Keeps a file mailaccess.trigram beside each mailbox index that says which messages a search for a text need not read: some percent of the size of the mail. It is made in the background and may be deleted at any time.");

    public static readonly SectionSetting Search = new("search", "Searching for text in mail.", [SearchTrigrams]);

    // tls
    public static readonly Setting<string> CertificateFile = new("certificate", ScalarTypes.Text, "", "\"fullchain.pem\"",
        "PEM file with the certificate and its chain. Read again when it changes.");

    public static readonly Setting<string> KeyFile = new("key", ScalarTypes.Text, "", "\"privkey.pem\"", "PEM file with the private key, unencrypted.");

    public static readonly SectionListSetting Certificates = new("certificates",
        "Certificates, the default one first; the others are chosen by the name that a client asks for.",
        new SectionSetting("", "A certificate with its key.", [CertificateFile, KeyFile]) { Required = [CertificateFile, KeyFile] },
        "#[{ \"certificate\": \"fullchain.pem\", \"key\": \"privkey.pem\" }]");

    public static readonly Setting<string?> ClientAuthorities = new("authorities", Optional(ScalarTypes.Text), null, "#\"client-ca.pem\"",
        "PEM file with the authorities whose certificates clients may show. Read again when it changes. Default: clients are not asked.");

    public static readonly Setting<CertificateName> ClientCertificateName = new("account",
        ScalarTypes.Choice(("address", CertificateName.Address), ("commonName", CertificateName.CommonName)), CertificateName.Address, "\"address\"",
        "Which name in a certificate is the account's: address, a mail address in the subject alternative name, which the account must own; or commonName, the subject's common name, a login name.");

    public static readonly Setting<RevocationCheck> ClientRevocation = new("revocation",
        ScalarTypes.Choice(("none", RevocationCheck.None), ("online", RevocationCheck.Online)), RevocationCheck.None, "\"none\"",
        "Whether the authority is asked, while the client waits, if a certificate was revoked. With online a certificate does not count where the authority cannot be asked.");

    public static readonly SectionSetting ClientCertificates = new("clientCertificates",
        "Logging in by certificate (SASL EXTERNAL), on the listeners for IMAP, POP3 and submission.", [ClientAuthorities, ClientCertificateName, ClientRevocation]);

    public static readonly SectionSetting Tls = new("tls", "TLS for all protocols; versions 1.2 and 1.3.", [Certificates, ClientCertificates]);

    // listeners
    public static readonly Setting<ListenerProtocol> Protocol = new("protocol",
        ScalarTypes.Choice(("imap", ListenerProtocol.Imap), ("pop3", ListenerProtocol.Pop3), ("submission", ListenerProtocol.Submission),
            ("smtp", ListenerProtocol.Smtp), ("lmtp", ListenerProtocol.Lmtp)),
        ListenerProtocol.Imap, null, "What is spoken there.");

    public static readonly Setting<IPAddress> ListenerAddress = new("address", ScalarTypes.IpAddress, IPAddress.IPv6Any, null,
        "The address to listen at; \"::\" is every address, IPv6 and IPv4.");

    public static readonly Setting<int> Port = new("port", ScalarTypes.Integer(0, 65535), 0, null, "The TCP port.");

    public static readonly Setting<string?> SocketPath = new("socket", Optional(ScalarTypes.Text), null, null, "Instead of address and port: the path of a Unix socket (LMTP).");

    public static readonly Setting<UnixFileMode> SocketMode = new("socketMode", ScalarTypes.Permissions, UnixFileMode.UserRead | UnixFileMode.UserWrite, "0600",
        "Permissions of that socket: who may write to it may deliver mail. Its group is that of the process, or of its folder where the folder has the set-group-ID bit.");

    public static readonly Setting<ListenerTls> ListenerTlsMode = new("tls",
        ScalarTypes.Choice(("starttls", ListenerTls.StartTls), ("implicit", ListenerTls.Implicit), ("none", ListenerTls.None)),
        ListenerTls.StartTls, null, "TLS by the STARTTLS command, from the first octet, or not at all.");

    public static readonly Setting<BareLineEndPolicy> BareLineEnds = new("bareLineEnds",
        ScalarTypes.Choice(("refuse", BareLineEndPolicy.Refuse), ("normalize", BareLineEndPolicy.Normalize)), BareLineEndPolicy.Refuse, null,
        "Of submission, smtp and lmtp: what is done with a message that has a CR or LF alone (RFC 5321 §2.3.8): refuse it, or make CRLF of each, for old programs that cannot be mended. Where a message ends is the same either way.");

    public static readonly ListSetting<IPNetwork> ProxyProtocolFrom = new("proxyProtocolFrom", ScalarTypes.Network, [], null,
        "Connections from these networks must begin with a PROXY protocol header (version 1 or 2), which tells the real client.");

    public static readonly ListSetting<IPNetwork> XclientFrom = new("xclientFrom", ScalarTypes.Network, [], null,
        "SMTP, submission and LMTP: clients in these networks may say whom they speak for, by Postfix's XCLIENT (who is the client from then on; LOGIN is a login without password) and XFORWARD (for the log and reports). For proxies and filters only.");

    public static readonly SectionListSetting Listeners = new("listeners",
        "Where clients connect. Default: POP3 110 and 995, IMAP 143 and 993, submission 587 and 465, SMTP 25, on all addresses.",
        new SectionSetting("", "A listener.", [Protocol, ListenerAddress, Port, SocketPath, SocketMode, ListenerTlsMode, BareLineEnds, ProxyProtocolFrom, XclientFrom]) { Required = [Protocol] },
        """
        #[
            { "protocol": "imap", "address": "::", "port": 143, "tls": "starttls" },
            { "protocol": "imap", "address": "::", "port": 993, "tls": "implicit" },
            { "protocol": "pop3", "address": "::", "port": 110, "tls": "starttls" },
            { "protocol": "pop3", "address": "::", "port": 995, "tls": "implicit" },
            { "protocol": "submission", "address": "::", "port": 587, "tls": "starttls" },
            { "protocol": "submission", "address": "::", "port": 465, "tls": "implicit" },
            { "protocol": "smtp", "address": "::", "port": 25, "tls": "starttls" },
            { "protocol": "lmtp", "address": "127.0.0.1", "port": 24, "tls": "none" },
          ]
        """);

    // limits
    public static readonly Setting<int> ConnectionsMax = new("connections", ScalarTypes.Integer(1, 1_000_000), 20_000, "20000", "Connections in all.");

    public static readonly Setting<int> ConnectionsPerAddressMax = new("connectionsPerAddress", ScalarTypes.Integer(1, 1_000_000), 200, "200",
        "Connections from one address (IPv4) or one /64 (IPv6).");

    public static readonly Setting<TimeSpan> ShutdownGrace = new("shutdownGrace", ScalarTypes.Duration, TimeSpan.FromSeconds(10), "\"10s\"",
        "How long running commands may take to finish when the server ends.");

    public static readonly Setting<TimeSpan> ImapIdleTimeout = new("imapIdleTimeout", ScalarTypes.Duration, TimeSpan.FromMinutes(30), "\"30m\"",
        "IMAP: a client that is silent for so long is logged out; at least 30 minutes (RFC 9051 §5.4).");

    public static readonly Setting<TimeSpan> Pop3IdleTimeout = new("pop3IdleTimeout", ScalarTypes.Duration, TimeSpan.FromMinutes(10), "\"10m\"",
        "POP3: a client that is silent for so long is disconnected and nothing is deleted; at least 10 minutes (RFC 1939 §3).");

    public static readonly Setting<int> RecipientsMax = new("recipients", ScalarTypes.Integer(100, 100_000), 1000, "1000", "Recipients of one message (RFC 5321 §4.5.3.1.8: at least 100).");

    public static readonly SectionSetting Limits = new("limits", "Bounds for what clients may ask.",
        [ConnectionsMax, ConnectionsPerAddressMax, ShutdownGrace, ImapIdleTimeout, Pop3IdleTimeout, RecipientsMax]);

    // imap
    public static readonly ListSetting<string> DisabledCapabilities = new("disabledCapabilities", ScalarTypes.Text, [], "[]",
        "Capabilities that are neither announced nor accepted, for example [\"MOVE\"]. For one account: userdb_imap_disabled_capabilities=MOVE,IDLE in the passwd file.");

    public static readonly Setting<bool> DowngradesHeaders = new("downgradesHeaders", ScalarTypes.Switch, false, "true",
        "Clients that have not enabled UTF8=ACCEPT are shown messages with UTF-8 in their headers as RFC 6858 has it, and cannot append such messages, as RFC 6855 wants it. Else they get and give them as they are.");

    public static readonly Setting<int> MessagesPerCommandMax = new("messagesPerCommand", ScalarTypes.Integer(0, int.MaxValue), 0, "1000",
        "How many messages one command works on (MESSAGELIMIT, RFC 9738, which advises against less than 1000): clients that know it go on with the next ones, others get less than they asked for. 0: there is no such limit, and none is announced.");

    public static readonly Setting<int> SavesPerCommandMax = new("savesPerCommand", ScalarTypes.Integer(0, int.MaxValue), 0, "1000",
        "How many messages one COPY or APPEND takes (SAVELIMIT, RFC 9738); more are refused. Without messagesPerCommand, which is meant for these too. 0: there is no such limit.");

    public static readonly ListSetting<string> UrlHostNames = new("urlHostNames", ScalarTypes.Domain, [], "[\"imap.example.org\"]",
        "Names of this server, beside hostname, in the imap:// URLs by which a client has a message sent without uploading it (URLAUTH and BURL, RFC 4467 and RFC 4468): the names that mail programs connect to. URLs of other servers are refused.");

    public static readonly ListSetting<string> UrlSubmitters = new("urlSubmitters", ScalarTypes.Text, [], "[]",
        "Accounts of submission servers on other machines: they may fetch what users have authorized a submission server to send (submit+ URLs, RFC 4467 §3). The submission server of this process needs none.");

    public static readonly SectionSetting Imap = new("imap", "IMAP.",
        [DisabledCapabilities, DowngradesHeaders, MessagesPerCommandMax, SavesPerCommandMax, UrlHostNames, UrlSubmitters]);

    // pop3
    public static readonly Setting<string> UidlFormat = new("uidlFormat", ScalarTypes.Text, "%08Xu%08Xv", "\"%08Xu%08Xv\"",
        "How the unique-ids of POP3 are made, in the notation of Dovecot's pop3_uidl_format: %u UID, %v UIDVALIDITY, %f name of the file, %g GUID; a width, 0, X, L or U before the letter. Coming from another server: Courier \"UID%u-%v\", Cyrus \"%v.%u\" (before version 2.1.3 \"%u\"), UW \"%08Xv%08Xu\". What a taken over Maildir says of single messages counts more.");

    public static readonly Setting<string> DeletedKeyword = new("deletedKeyword", ScalarTypes.Text, "", "\"$POP3Deleted\"",
        "Messages deleted over POP3 get this keyword and are gone for POP3 only; IMAP still shows them. Empty: they are removed.");

    public static readonly Setting<bool> OffersApop = new("apop", ScalarTypes.Switch, false, "false",
        "Whether APOP is announced (RFC 1939 §7): for old programs without TLS. It works for accounts whose password is kept in plain; with what it sends a listener can try passwords at home.");

    public static readonly Setting<TimeSpan> LoginDelay = new("loginDelay", ScalarTypes.Duration, TimeSpan.Zero, "\"1m\"",
        "Between two POP3 logins of one account; earlier ones are refused with [LOGIN-DELAY]. 0s: none.");

    public static readonly Setting<bool> RefusesUtf8Headers = new("refusesUtf8Headers", ScalarTypes.Switch, false, "true",
        "A message with UTF-8 in its header is refused to a POP3 client that has not said UTF8, as RFC 6856 wants it. Else it is given as it is.");

    public static readonly Setting<bool> Pop3Folders = new("folders", ScalarTypes.Switch, true, "true",
        "A POP3 login name with recipientDelimiter and a folder behind the account's, such as alice+Lists/Work@example.org, opens that folder in place of INBOX. Names that accounts have as they stand stay theirs. False: such a login fails.");

    public static readonly SectionSetting Pop3 = new("pop3", "POP3.", [UidlFormat, DeletedKeyword, OffersApop, LoginDelay, RefusesUtf8Headers, Pop3Folders]);

    // queue
    public static readonly Setting<TimeSpan> FirstRetry = new("firstRetry", ScalarTypes.Duration, TimeSpan.FromMinutes(5), "\"5m\"", "Wait before the second attempt; it doubles from attempt to attempt.");

    public static readonly Setting<TimeSpan> LongestRetry = new("longestRetry", ScalarTypes.Duration, TimeSpan.FromHours(4), "\"4h\"", "Longest wait between two attempts.");

    public static readonly Setting<TimeSpan> Lifetime = new("lifetime", ScalarTypes.Duration, TimeSpan.FromDays(5), "\"5d\"", "After so long an undelivered message goes back to its sender (RFC 5321 §4.5.4.1).");

    public static readonly Setting<TimeSpan> BounceLifetime = new("bounceLifetime", ScalarTypes.Duration, TimeSpan.FromDays(5), "\"5d\"", "The same for reports and other messages without sender, which go to nobody but the postmaster then. \"0s\": they are tried once.");

    public static readonly ListSetting<PostmasterNotices> NotifyPostmaster = new("notifyPostmaster",
        ScalarTypes.Choice(("bounce", PostmasterNotices.Bounce), ("doubleBounce", PostmasterNotices.DoubleBounce), ("delay", PostmasterNotices.Delay)),
        [PostmasterNotices.DoubleBounce], "[\"doubleBounce\"]",
        "What the postmaster gets: doubleBounce, what can neither be delivered nor returned; bounce and delay, a copy of what senders are told of failures and delays, with no more of their messages than the header.");

    public static readonly Setting<TimeSpan> DelayWarning = new("delayWarning", ScalarTypes.Duration, TimeSpan.FromHours(4), "\"4h\"", "After so long the sender is told that the message is late. \"0s\": never.");

    public static readonly Setting<int> Deliveries = new("deliveries", ScalarTypes.Integer(1, 10_000), 100, "100", "Attempts at one time in all.");

    public static readonly Setting<int> DeliveriesPerDestination = new("deliveriesPerDestination", ScalarTypes.Integer(1, 1000), 20, "20", "Attempts at one time to one destination.");

    public static readonly Setting<bool> RelayOutside = new("relay", ScalarTypes.Switch, true, "true", "Whether mail to other domains is delivered at all. False: it is refused when it is submitted.");

    public static readonly ListSetting<HostAndPort> DnsServers = new("dnsServers", ScalarTypes.HostPort, [], null, "DNS servers, asked in this order. Default: those of /etc/resolv.conf.");

    public static readonly Setting<int> RemotePort = new("remotePort", ScalarTypes.Integer(1, 65_535), 25, "25", "The port of mail exchangers. The world's is 25; another one is for trying things out.");

    public static readonly Setting<HostAndPort?> SmartHost = new("smartHost", Nullable(ScalarTypes.HostPort), null, null, "Everything for other domains goes to this host instead of the domains' own (MX) hosts.");

    public static readonly Setting<string?> SmartHostUser = new("smartHostUser", Optional(ScalarTypes.Text), null, null, "User name at the smart host.");

    public static readonly Setting<string?> SmartHostPasswordFile = new("smartHostPasswordFile", Optional(ScalarTypes.Text), null, null, "File with the password at the smart host, on its first line. The host must prove its name, unless queue.tlsPolicies says something of it.");

    public static readonly Setting<string> RouteDomain = new("domain", ScalarTypes.Text, "", null, "A domain, or \".example.org\" for everything below it.");

    public static readonly Setting<HostAndPort?> RouteTo = new("to", Nullable(ScalarTypes.HostPort), null, null, "The host to deliver to.");

    public static readonly SectionListSetting Routes = new("routes", "Domains whose mail goes to a fixed host instead of their MX hosts.",
        new SectionSetting("", "A route.", [RouteDomain, RouteTo]) { Required = [RouteDomain, RouteTo] }, "[]");

    public static readonly Setting<int> HistoryDays = new("historyDays", ScalarTypes.Integer(0, 3650), 14, "14",
        "For how many days it is remembered what became of mail that has left the queue, and what was said at each attempt, for `mailaccess queue history` and `queue show`: who sent what to whom. 0: not at all.");

    public static readonly Setting<long> HistorySizeMax = new("historySizeMax", ScalarTypes.Size, 1L << 30, "\"1GB\"",
        "How much of that is kept in all; what is oldest goes first. At least 1MB.");

    public static readonly SectionSetting Queue = new("queue", "Mail that is not delivered at once.",
        [
            RelayOutside, FirstRetry, LongestRetry, Lifetime, BounceLifetime, DelayWarning, NotifyPostmaster, Deliveries, DeliveriesPerDestination, DnsServers, RemotePort, SmartHost, SmartHostUser,
            SmartHostPasswordFile, Routes, HistoryDays, HistorySizeMax, .. RemoteTlsSettings.All,
        ]);

    // log
    public static readonly Setting<LogLevel> Level = new("level",
        ScalarTypes.Choice(("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warning", LogLevel.Warning), ("error", LogLevel.Error)),
        LogLevel.Information, "\"info\"", "The least important lines that are written.");

    public static readonly Setting<LogFormat> Format = new("format", ScalarTypes.Choice(("text", LogFormat.Text), ("json", LogFormat.Json), ("maillog", LogFormat.Maillog)), LogFormat.Text, "\"text\"",
        "Lines for people, or an object a line for programs, or lines as syslog and Postfix write them, for programs that read maillog: pflogsumm --syslog-name=mailaccess.");

    public static readonly Setting<string?> LogFile = new("file", Optional(ScalarTypes.Text), null, null, "Where lines go, opened again on SIGHUP. Default: standard error.");

    public static readonly ListSetting<IPNetwork> TranscriptFrom = new("transcriptFrom", ScalarTypes.Network, [], "[]",
        "Whole conversations with clients from these networks are written to the folder transcripts/ in the data folder, passwords masked.");

    public static readonly ListSetting<string> TranscriptOf = new("transcriptOf", ScalarTypes.Text, [], "[]",
        "The same for these accounts, from the moment they have logged in.");

    public static readonly SectionSetting Log = new("log", "What is written about all this.", [Level, Format, LogFile, TranscriptFrom, TranscriptOf]);

    /// <summary>The whole file.</summary>
    public static readonly SectionSetting Root = new("", "Configuration of MailAccess. Comments and trailing commas are allowed.",
        [
            HostName, DataFolder, Domains, Postmaster, RecipientDelimiter, Accounts, OAuthSettings.OAuth, Mail, QuotaSettings.Quota, QuotaSettings.Expiry,
            SharingSettings.Sharing, SharingSettings.Metadata, Search, Tls, Listeners, Imap, Pop3, SmtpSettings.Submission, SmtpSettings.Exchange, RewritingSettings.Rewriting,
            RoutingSettings.Routing, Queue, AgentSettings.Agents, Limits, Log,
        ]);

    internal static ScalarType<string?> Optional(ScalarType<string> type) => Nullable(type);

    internal static ScalarType<T?> Nullable<T>(ScalarType<T> type)
        where T : class =>
        new(type.Allowed, (string text, System.Text.Json.JsonTokenType kind, out T? value) =>
        {
            bool good = type.TryRead(text, kind, out T read);
            value = good ? read : null;
            return good;
        }, type.Schema);
}

/// <summary>accounts.plaintextWithoutTls</summary>
internal enum PlaintextPolicy
{
    Never,
    Loopback,
    Always,
}

/// <summary>listeners.protocol</summary>
internal enum ListenerProtocol
{
    Imap,
    Pop3,
    Submission,
    Smtp,
    Lmtp,
}

/// <summary>listeners.tls</summary>
internal enum ListenerTls
{
    StartTls,
    Implicit,
    None,
}

/// <summary>log.format</summary>
internal enum LogFormat
{
    Text,
    Json,
    Maillog,
}
