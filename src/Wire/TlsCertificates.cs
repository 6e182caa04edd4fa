using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Wire;

/// <summary>A PEM file with a certificate and its chain, leaf first, and one with its private key; they may be the same.</summary>
public sealed record CertificateFiles(string CertificatePath, string KeyPath);

/// <summary>
/// The certificates of a listener or of many: chosen by the name the client asks for, ECDSA before RSA, replaced without a restart.
/// </summary>
/// <remarks>Loading reads files and blocks. Handshakes take one immutable set; connections that have their TLS keep it.</remarks>
public sealed class TlsCertificates
{
    private readonly IReadOnlyList<CertificateFiles> _files;
    private Set _current;

    private TlsCertificates(IReadOnlyList<CertificateFiles> files, Set set)
    {
        _files = files;
        _current = set;
    }

    /// <summary>When the first of the certificates ends, for a warning in time.</summary>
    public DateTimeOffset NotAfter => _current.All.Min(c => c.NotAfter);

    /// <summary>The host names covered, as the certificates have them.</summary>
    public IReadOnlyCollection<string> Names => [.. _current.All.SelectMany(c => c.Names).Distinct()];

    /// <summary>Both kinds of key are there for some name: the client's abilities decide.</summary>
    internal bool NeedsClientHello => _current.HasBothKinds;

    /// <summary>
    /// Reads all files. The first certificate serves clients that ask for no name, or for none of ours.
    /// Each error names the file and what is wrong with it.
    /// </summary>
    public static bool TryLoad(
        IReadOnlyList<CertificateFiles> files, [NotNullWhen(true)] out TlsCertificates? certificates, out IReadOnlyList<string> errors)
    {
        certificates = null;
        Set? set = Set.Load(files, out errors);
        if (set is not null)
        {
            certificates = new TlsCertificates(files, set);
        }
        return set is not null;
    }

    /// <summary>Reads all files again. With any error the certificates in use stay in use.</summary>
    public bool TryReload(out IReadOnlyList<string> errors)
    {
        Set? set = Set.Load(_files, out errors);
        if (set is null)
        {
            return false;
        }
        Volatile.Write(ref _current, set);
        return true;
    }

    /// <summary>A file has changed since it was read. Cheap: ask every minute or so, then reload.</summary>
    public bool HaveFilesChanged() => Set.Stamp(_files) != _current.FileStamp;

    /// <summary>The certificate for this client.</summary>
    internal ServerCertificate Select(string? serverName, bool acceptsEcdsa) => Volatile.Read(ref _current).Select(serverName, acceptsEcdsa);

    private sealed class Set
    {
        private readonly Dictionary<string, Pair> _byName = new(StringComparer.OrdinalIgnoreCase);
        private readonly Pair _default = new();

        private Set(ServerCertificate[] all, string stamp)
        {
            All = all;
            FileStamp = stamp;
            foreach (ServerCertificate certificate in all)
            {
                foreach (string name in certificate.Names)
                {
                    if (!_byName.TryGetValue(name, out Pair? pair))
                    {
                        _byName.Add(name, pair = new Pair());
                    }
                    pair.Add(certificate);
                }
            }
            // The default is the first certificate, and its fellow of the other kind for the same names.
            _default.Add(all[0]);
            foreach (ServerCertificate fellow in all.Skip(1).Where(c => c.Names.Intersect(all[0].Names).Any()))
            {
                _default.Add(fellow);
            }
            HasBothKinds = _default.IsBoth || _byName.Values.Any(p => p.IsBoth);
        }

        public ServerCertificate[] All { get; }

        public string FileStamp { get; }

        public bool HasBothKinds { get; }

        public static Set? Load(IReadOnlyList<CertificateFiles> files, out IReadOnlyList<string> errors)
        {
            var found = new List<string>();
            errors = found;
            if (files.Count == 0)
            {
                found.Add("no certificate is configured");
                return null;
            }
            string stamp = Stamp(files); // Before reading: a change in between is seen by the next look.
            ServerCertificate?[] all = [.. files.Select(f => PemFiles.Load(f, found))];
            return found.Count > 0 ? null : new Set(all!, stamp);
        }

        public static string Stamp(IReadOnlyList<CertificateFiles> files) =>
            string.Join('|', files.SelectMany(f => new[] { f.CertificatePath, f.KeyPath }).Select(PemFiles.Stamp));

        public ServerCertificate Select(string? serverName, bool acceptsEcdsa)
        {
            Pair? pair = null;
            if (!string.IsNullOrEmpty(serverName) && !_byName.TryGetValue(serverName, out pair))
            {
                // RFC 9525 §6.3: a wildcard stands for exactly one label, the leftmost.
                int dot = serverName.IndexOf('.', StringComparison.Ordinal);
                if (dot > 0)
                {
                    _byName.TryGetValue("*" + serverName[dot..], out pair);
                }
            }
            return (pair ?? _default).Choose(acceptsEcdsa);
        }
    }

    /// <summary>The certificates for one name.</summary>
    private sealed class Pair
    {
        private ServerCertificate? _ecdsa;
        private ServerCertificate? _other;

        public bool IsBoth => _ecdsa is not null && _other is not null;

        /// <summary>The first of each kind counts.</summary>
        public void Add(ServerCertificate certificate)
        {
            if (certificate.IsEcdsa)
            {
                _ecdsa ??= certificate;
            }
            else
            {
                _other ??= certificate;
            }
        }

        public ServerCertificate Choose(bool acceptsEcdsa) => (acceptsEcdsa ? _ecdsa ?? _other : _other ?? _ecdsa)!;
    }
}
