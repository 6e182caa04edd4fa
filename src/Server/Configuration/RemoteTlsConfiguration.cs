using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Server.Configuration;

/// <summary>What <c>queue</c> says of the security of outgoing mail.</summary>
internal sealed record RemoteTlsConfiguration
{
    public bool TrustsDns { get; init; }
    public TlsPolicy Tls { get; init; }
    public bool MtaSts { get; init; }
    public IReadOnlyDictionary<string, TlsPolicy> Policies { get; init; } = new Dictionary<string, TlsPolicy>();
    public IReadOnlyList<string> PolicyTables { get; init; } = [];
    public string? Authorities { get; init; }
    public CertificateFiles? ClientCertificate { get; init; }
    public MailPath? ReportContact { get; init; }
    public string? ReportOrganization { get; init; }

    public static RemoteTlsConfiguration From(ConfigurationView queue, string file, List<ConfigurationError> errors)
    {
        Dictionary<string, TlsPolicy> policies = new(StringComparer.OrdinalIgnoreCase);
        foreach (ConfigurationView entry in queue.Sections(RemoteTlsSettings.Policies))
        {
            if (!policies.TryAdd(entry.Get(RemoteTlsSettings.PolicyDomain), entry.Get(RemoteTlsSettings.Policy)))
            {
                errors.Add(entry.Error(file, RemoteTlsSettings.PolicyDomain, $"\"{entry.Get(RemoteTlsSettings.PolicyDomain)}\" stands there twice"));
            }
        }
        ConfigurationView own = queue.Section(RemoteTlsSettings.ClientCertificate);
        (string certificate, string key) = (own.Get(RemoteTlsSettings.CertificateFile), own.Get(RemoteTlsSettings.KeyFile));
        if (certificate.Length == 0 != (key.Length == 0))
        {
            errors.Add(own.Error(file, RemoteTlsSettings.CertificateFile, "certificate and key go together"));
        }
        ConfigurationView reports = queue.Section(RemoteTlsSettings.Reports);
        MailPath? contact = null;
        if (reports.Get(RemoteTlsSettings.ReportContact) is { } address && !(MailPath.TryParse(address, out contact) && contact is { IsAscii: true, IsAddressLiteral: false, Domain.Length: > 0 }))
        {
            errors.Add(reports.Error(file, RemoteTlsSettings.ReportContact, $"\"{address}\" is no address with a domain"));
        }
        return new RemoteTlsConfiguration
        {
            TrustsDns = queue.Get(RemoteTlsSettings.TrustDns),
            Tls = queue.Get(RemoteTlsSettings.Tls),
            MtaSts = queue.Get(RemoteTlsSettings.MtaSts),
            Policies = policies,
            PolicyTables = TablePaths.Read(queue, RemoteTlsSettings.PolicyTables),
            Authorities = queue.Get(RemoteTlsSettings.Authorities) is { } path ? queue.FullPath(path) : null,
            ClientCertificate = certificate.Length > 0 && key.Length > 0 ? new CertificateFiles(queue.FullPath(certificate), queue.FullPath(key)) : null,
            ReportContact = contact,
            ReportOrganization = reports.Get(RemoteTlsSettings.ReportOrganization),
        };
    }
}
