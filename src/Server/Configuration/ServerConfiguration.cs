using System.Net;
using MailAccess.Auth;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.Throttling;
using MailAccess.Pop3;
using MailAccess.Queue;
using MailAccess.Store.Mbox;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Configuration;

/// <summary>The configuration as the program uses it: typed, paths absolute, checked as a whole.</summary>
internal sealed record ServerConfiguration
{
    public required string HostName { get; init; }
    public required string DataFolder { get; init; }
    public required IReadOnlyList<string> Domains { get; init; }
    public string? Postmaster { get; init; }
    public required char RecipientDelimiter { get; init; }
    public required AccountsConfiguration Accounts { get; init; }
    public OAuthConfiguration? OAuth { get; init; }
    public required MailConfiguration Mail { get; init; }
    public required QuotaConfiguration Quota { get; init; }
    public required ExpiryConfiguration Expiry { get; init; }
    public required SharingConfiguration Sharing { get; init; }
    public required Store.Metadata.MetadataOptions Metadata { get; init; }

    /// <summary>Each mailbox has a file that makes searches for text quick.</summary>
    public bool HasSearchFilters { get; init; } = true;

    public required IReadOnlyList<CertificateFiles> Certificates { get; init; }
    public required ClientCertificateConfiguration ClientCertificates { get; init; }
    public required IReadOnlyList<ListenerConfiguration> Listeners { get; init; }
    public required IReadOnlyList<string> DisabledCapabilities { get; init; }
    public required bool DowngradesHeaders { get; init; }
    public required Pop3Options Pop3 { get; init; }

    /// <summary>Of IMAP; 0: none.</summary>
    public required int MessagesPerCommandMax { get; init; }

    /// <summary>Of COPY and APPEND; 0: none.</summary>
    public required int SavesPerCommandMax { get; init; }

    /// <summary>Of this server in URLs, beside its host name.</summary>
    public required IReadOnlyList<string> UrlHostNames { get; init; }

    /// <summary>Accounts of submission servers on other machines.</summary>
    public required IReadOnlyList<string> UrlSubmitters { get; init; }

    public required SubmissionConfiguration Submission { get; init; }
    public required ExchangeConfiguration Exchange { get; init; }
    public required RewritingConfiguration Rewriting { get; init; }
    public required QueueConfiguration Queue { get; init; }
    public required DeliveryAgentOptions Agents { get; init; }
    public required RoutingConfiguration Routing { get; init; }
    public required LimitsConfiguration Limits { get; init; }
    public required LogConfiguration Log { get; init; }

    /// <summary>Reads a validated file; adds what only shows when keys are seen together.</summary>
    public static ServerConfiguration From(ConfigurationView root, string file, List<ConfigurationError> errors)
    {
        ConfigurationView accounts = root.Section(Settings.Accounts);
        ConfigurationView limits = root.Section(Settings.Limits);
        ConfigurationView log = root.Section(Settings.Log);
        string delimiter = root.Get(Settings.RecipientDelimiter);
        if (delimiter.Length != 1 || delimiter[0] is '@' or '"' || char.IsLetterOrDigit(delimiter[0]))
        {
            errors.Add(root.Error(file, Settings.RecipientDelimiter, $"\"{delimiter}\" is not one character such as + or - that separates a detail"));
        }
        CheckAtLeast(limits, Settings.ImapIdleTimeout, TimeSpan.FromMinutes(30), "RFC 9051 §5.4", file, errors);
        CheckAtLeast(limits, Settings.Pop3IdleTimeout, TimeSpan.FromMinutes(10), "RFC 1939 §3", file, errors);
        string data = root.FullPath(root.Get(Settings.DataFolder) ?? "data");
        ConfigurationView quota = root.Section(QuotaSettings.Quota);
        if (root.Section(Settings.Mail).Get(Settings.MailFormat) == MailFormat.Mbox && (quota.Get(QuotaSettings.Storage) > 0 || quota.Get(QuotaSettings.Messages) > 0))
        {
            errors.Add(quota.Error(file, QuotaSettings.Storage, "cannot be kept with mail.format \"mbox\": only Maildirs are counted"));
        }
        IReadOnlyList<CertificateFiles> certificates = [.. root.Section(Settings.Tls).Sections(Settings.Certificates)
            .Select(c => new CertificateFiles(c.FullPath(c.Get(Settings.CertificateFile)), c.FullPath(c.Get(Settings.KeyFile))))];
        ExpiryConfiguration expiry = ExpiryConfiguration.From(root.Section(QuotaSettings.Expiry), file, errors);
        return new ServerConfiguration
        {
            HostName = root.Get(Settings.HostName) ?? System.Net.Dns.GetHostName().ToLowerInvariant(),
            DataFolder = data,
            Domains = root.Get(Settings.Domains),
            Postmaster = root.Get(Settings.Postmaster),
            RecipientDelimiter = delimiter.Length > 0 ? delimiter[0] : '+',
            Accounts = new AccountsConfiguration(
                accounts.FullPath(accounts.Get(Settings.PasswdFile)), accounts.Get(Settings.DefaultScheme), accounts.Get(Settings.PlaintextWithoutTls),
                accounts.Get(Settings.Mechanisms), accounts.Get(Settings.PasswordCacheTime),
                DirectoryConfiguration.From(accounts, root.Get(Settings.Domains), file, errors), LoginSettings.Read(accounts), accounts.Get(LoginSettings.History))
            {
                MainPassword = accounts.Get(Settings.AppPasswordsOnly),
            },
            OAuth = OAuthConfiguration.From(root.Section(OAuthSettings.OAuth), file, errors),
            HasSearchFilters = root.Section(Settings.Search).Get(Settings.SearchTrigrams),
            Mail = ReadMail(root.Section(Settings.Mail), data, file, errors),
            Quota = QuotaConfiguration.From(root.Section(QuotaSettings.Quota), file, errors),
            Expiry = expiry,
            Sharing = SharingConfiguration.From(root.Section(SharingSettings.Sharing), data, file, errors),
            Metadata = MetadataConfiguration.From(root.Section(SharingSettings.Metadata), file, errors),
            Certificates = certificates,
            ClientCertificates = ReadClientCertificates(root.Section(Settings.Tls), certificates.Count > 0, file, errors),
            Listeners = ListenerConfiguration.ReadAll(root, certificates.Count > 0, file, errors),
            DisabledCapabilities = root.Section(Settings.Imap).Get(Settings.DisabledCapabilities),
            DowngradesHeaders = root.Section(Settings.Imap).Get(Settings.DowngradesHeaders),
            Pop3 = Pop3Configuration.From(root.Section(Settings.Pop3), delimiter.Length > 0 ? delimiter[0] : '+', expiry, file, errors),
            MessagesPerCommandMax = root.Section(Settings.Imap).Get(Settings.MessagesPerCommandMax),
            SavesPerCommandMax = root.Section(Settings.Imap).Get(Settings.SavesPerCommandMax),
            UrlHostNames = root.Section(Settings.Imap).Get(Settings.UrlHostNames),
            UrlSubmitters = root.Section(Settings.Imap).Get(Settings.UrlSubmitters),
            Submission = SubmissionConfiguration.Read(root.Section(SmtpSettings.Submission), file, errors),
            Exchange = ExchangeConfiguration.Read(root.Section(SmtpSettings.Exchange), file, errors),
            Rewriting = RewritingConfiguration.Read(root.Section(RewritingSettings.Rewriting), file, errors),
            Queue = QueueConfiguration.From(root.Section(Settings.Queue), file, errors),
            Agents = AgentConfiguration.Read(root.Section(AgentSettings.Agents), file, errors),
            Routing = RoutingConfiguration.Read(
                root.Section(RoutingSettings.Routing), root.Section(Settings.Queue).Get(Settings.SmartHost) is not null, file, errors),
            Limits = new LimitsConfiguration(
                limits.Get(Settings.ConnectionsMax), limits.Get(Settings.ConnectionsPerAddressMax), limits.Get(Settings.ShutdownGrace),
                limits.Get(Settings.ImapIdleTimeout), limits.Get(Settings.Pop3IdleTimeout), limits.Get(Settings.RecipientsMax)),
            Log = new LogConfiguration(
                log.Get(Settings.Level), log.Get(Settings.Format), log.Get(Settings.LogFile) is { } path ? log.FullPath(path) : null,
                log.Get(Settings.TranscriptFrom), log.Get(Settings.TranscriptOf)),
        };
    }

    private static ClientCertificateConfiguration ReadClientCertificates(
        ConfigurationView tls, bool hasCertificate, string file, List<ConfigurationError> errors)
    {
        ConfigurationView clients = tls.Section(Settings.ClientCertificates);
        string? authorities = clients.Get(Settings.ClientAuthorities);
        if (authorities is not null && !hasCertificate)
        {
            errors.Add(clients.Error(file, Settings.ClientAuthorities, "needs a certificate of the server in tls.certificates: without TLS no client can show one"));
        }
        return new ClientCertificateConfiguration(
            authorities is null ? null : clients.FullPath(authorities), clients.Get(Settings.ClientCertificateName), clients.Get(Settings.ClientRevocation));
    }

    private static MailConfiguration ReadMail(ConfigurationView mail, string data, string file, List<ConfigurationError> errors)
    {
        MailFormat format = mail.Get(Settings.MailFormat);
        string path = mail.Get(Settings.MailPath) is { } configured
            ? mail.FullPath(configured) : Path.Combine(data, "mail", "{user}", format == MailFormat.Mbox ? "folders" : "Maildir");
        string inbox = mail.Get(Settings.MailInbox) is { } spool ? mail.FullPath(spool) : Path.Combine(data, "mail", "{user}", "inbox");
        CheckTemplate(mail, Settings.MailPath, path, file, errors);
        CheckTemplate(mail, Settings.MailInbox, inbox, file, errors);
        if (format != MailFormat.Mbox && mail.Get(Settings.MailInbox) is not null)
        {
            errors.Add(mail.Error(file, Settings.MailInbox, "is only for mail.format \"mbox\": the INBOX of a Maildir is mail.path"));
        }
        if (format == MailFormat.Mbox && (inbox + "/").StartsWith(path + "/", StringComparison.Ordinal))
        {
            errors.Add(mail.Error(file, Settings.MailInbox, $"\"{inbox}\" lies in mail.path, where it would be one of the other mailboxes"));
        }
        IReadOnlyList<SpoolLockKind> locks = mail.Get(Settings.MailLocks);
        if (locks.Count == 0 || locks.Distinct().Count() != locks.Count)
        {
            errors.Add(mail.Error(file, Settings.MailLocks, "must name at least one kind of lock, each once"));
        }
        if (mail.Get(Settings.MessageSizeMax) < 64 << 10)
        {
            errors.Add(mail.Error(file, Settings.MessageSizeMax, "a server must take messages of at least 64KB (RFC 5321 §4.5.3.1.7)"));
        }
        return new MailConfiguration(format, path, inbox, locks, mail.Get(Settings.MessageSizeMax), mail.Get(Settings.CreateSpecialFolders));
    }

    private static void CheckTemplate(ConfigurationView mail, SettingDefinition setting, string path, string file, List<ConfigurationError> errors)
    {
        string[] known = ["{user}", "{local}", "{domain}", "{home}"];
        string rest = known.Aggregate(path, (p, k) => p.Replace(k, "", StringComparison.Ordinal));
        if (rest.Contains('{', StringComparison.Ordinal) || !(path.Contains("{user}", StringComparison.Ordinal) || path.Contains("{local}", StringComparison.Ordinal) || path.Contains("{home}", StringComparison.Ordinal)))
        {
            errors.Add(mail.Error(file, setting, $"\"{path}\" must hold {{user}}, {{local}} or {{home}}, and no other words in braces than {string.Join(", ", known)}"));
        }
    }

    private static void CheckAtLeast(ConfigurationView view, Setting<TimeSpan> setting, TimeSpan least, string source, string file, List<ConfigurationError> errors)
    {
        if (view.Get(setting) < least)
        {
            errors.Add(view.Error(file, setting, $"must be at least {least.TotalMinutes:0}m ({source})"));
        }
    }
}

/// <summary>accounts</summary>
internal sealed record AccountsConfiguration(
    string PasswdFile, string DefaultScheme, PlaintextPolicy PlaintextWithoutTls, IReadOnlyList<string> Mechanisms, TimeSpan PasswordCacheTime,
    DirectoryConfiguration Directories, ThrottleOptions Throttle, TimeSpan HistoryTime)
{
    /// <summary>appPasswordsOnly</summary>
    public required MainPasswordRule MainPassword { get; init; }

    /// <summary>Where accounts come from, for messages.</summary>
    public string Shown => Directories.IsPasswdFileAlone ? PasswdFile
        : string.Join(", ", Directories.Sources.Select(s => s == AccountSourceKind.Passwd ? PasswdFile : DirectorySettings.WordOf(s)));
}

/// <summary>mail.format</summary>
internal enum MailFormat
{
    Maildir,
    Mbox,
}

/// <summary>mail</summary>
internal sealed record MailConfiguration(
    MailFormat Format, string PathTemplate, string InboxTemplate, IReadOnlyList<SpoolLockKind> Locks, long MessageSizeMax, bool CreateSpecialFolders);

/// <summary>tls.certificates</summary>
internal sealed record CertificateFiles(string Certificate, string Key);

/// <summary>tls.clientCertificates</summary>
internal sealed record ClientCertificateConfiguration(string? Authorities, CertificateName Name, RevocationCheck Revocation);

/// <summary>limits</summary>
internal sealed record LimitsConfiguration(
    int Connections, int ConnectionsPerAddress, TimeSpan ShutdownGrace, TimeSpan ImapIdleTimeout, TimeSpan Pop3IdleTimeout, int Recipients);

/// <summary>log</summary>
internal sealed record LogConfiguration(
    LogLevel Level, LogFormat Format, string? File, IReadOnlyList<IPNetwork> TranscriptFrom, IReadOnlyList<string> TranscriptOf);
